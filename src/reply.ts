/** The answers that the gateway gives or completes. Tools that show them to people use the same functions. */
import type { Decision } from './decide.ts';
import type { Reason } from './decision.ts';
import { renderDenial } from './http/answer.ts';
import {
  type PreflightRefused,
  refusalOf,
  renderPreflight,
  renderPublicPreflight,
  withCors,
} from './http/cors.ts';
import { indexMetadata, renderMetadata } from './http/metadata.ts';
import { apiOfPreflight, type Inbound, onlyApiOn, type Preflight, readPreflight } from './http/preflight.ts';
import { parseTarget } from './http/target.ts';
import type { Cors } from './policy/cors.ts';
import type { Api, Policy, Route } from './policy/policy.ts';
import { isOnTrial } from './policy/trial.ts';

/** Built once for a policy. */
export interface Replies {
  /**
   * Answers without a decision: public documents, and preflights.
   *
   * @param log is told of a preflight that keeps a browser from sending the request
   */
  own(request: Inbound, requestId: string, log?: (line: PreflightRefused) => void): Response | undefined;
  /** The origin's answer or the gateway's refusal, as the client gets it. */
  finish(request: Inbound, answer: Response | Reason, decision: Decision, requestId: string): Response;
}

export function createReplies(policy: Policy): Replies {
  const metadata = indexMetadata(policy);
  const { problemBase } = policy.settings;

  /** Who speaks for a request that is no API's: the only API of the host, if it speaks CORS by the gateway. */
  function corsOf(api: Api | undefined, host: string | undefined): Cors | undefined {
    const cors = (api ?? onlyApiOn(policy, host))?.cors;
    return cors?.kind === 'gateway' ? cors : undefined;
  }

  function answerPreflight(
    url: string,
    preflight: Preflight,
    requestId: string,
    log: ((line: PreflightRefused) => void) | undefined,
  ): Response | undefined {
    const target = parseTarget(url);
    const isRead = target.kind === 'target';
    const host = isRead ? target.host : target.raw?.host;
    const found = isRead ? apiOfPreflight(policy, target, preflight.method) : undefined;
    const cors = corsOf(found, host);
    const api = found ?? onlyApiOn(policy, host);
    if (cors === undefined || api === undefined) return undefined;
    const refused = refusalOf(cors, preflight);
    if (refused !== undefined) log?.({ ...refused, api: api.name, request_id: requestId });
    return renderPreflight(cors, preflight);
  }

  return {
    own(request, requestId, log) {
      const preflight = readPreflight(request);
      const document = isRead(request.method) || preflight ? metadata.find(request.url) : undefined;
      if (document !== undefined)
        return withId(preflight ? renderPublicPreflight(request) : renderMetadata(document), requestId);
      const answer = preflight && answerPreflight(request.url, preflight, requestId, log);
      return answer && withId(answer, requestId);
    },
    finish(request, answer, decision, requestId) {
      const api = decision.route?.api ?? decision.api;
      const isOrigins = answer instanceof Response;
      const response = isOrigins
        ? answer
        : renderDenial(answer, {
            requestId,
            problemBase,
            tokenFrom: api?.tokenFrom,
            realm: api?.resource ?? decision.target?.host,
            resourceMetadata: api && metadata.urlFor(api),
            api,
            routes: judgedBy(decision),
            held: decision.principal?.scopes,
          });
      // On trial, an answer is the origin's own.
      const isTried = decision.route !== undefined && isOnTrial(decision.route);
      const varied = api === undefined ? response : withVary(response, api);
      const named = isOrigins && !isTried ? withId(varied, requestId) : varied;
      const cors = corsOf(api, decision.target?.host);
      return cors === undefined ? named : withCors(named, cors, request.headers.get('origin'));
    },
  };
}

/**
 * No shared cache keeps an answer to `Authorization` unasked (RFC 9111 §3.5). To a token from another place it would
 * hand it to the next caller: the answer names the place.
 */
function withVary(response: Response, { tokenFrom: place }: Api): Response {
  if (place.kind === 'authorization' || place.kind === 'websocket' || response.status === 101)
    return response;
  const answer = new Response(response.body, response);
  answer.headers.append('vary', place.kind === 'header' ? place.header : VARY[place.kind]);
  return answer;
}

const VARY = { cookie: 'Cookie', access: 'Cf-Access-Jwt-Assertion' } as const;

/** The same answer, with the id that the log has too. */
export function withId(response: Response, requestId: string): Response {
  response.headers.set('x-request-id', requestId);
  return response;
}

/** The routes whose rules a token must meet. */
const judgedBy = ({ route, nearMisses = [] }: Decision): readonly Route[] =>
  route === undefined
    ? []
    : [route, ...nearMisses].filter(({ auth, reportOnly }) => auth !== 'none' && !reportOnly);

const isRead = (method: string) => method === 'GET' || method === 'HEAD';
