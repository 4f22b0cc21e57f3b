/** The answers that the gateway gives or completes. Tools that show them to people use the same functions. */
import type { Decision } from './decide.ts';
import type { Reason } from './decision.ts';
import { renderDenial } from './http/answer.ts';
import {
  type Inbound,
  type Preflight,
  type PreflightRefused,
  readPreflight,
  refusalOf,
  renderPreflight,
  renderPublicPreflight,
  withCors,
} from './http/cors.ts';
import { indexMetadata, renderMetadata } from './http/metadata.ts';
import { parseTarget } from './http/target.ts';
import { match } from './policy/match.ts';
import type { Api, Policy } from './policy/policy.ts';

const MAX_LOGGED_LENGTH = 128;

/** Built once for a policy. */
export interface Replies {
  /**
   * Answers without a decision: public documents, and preflights.
   *
   * @param log is told of a preflight that keeps a browser from sending the request
   */
  own(request: Inbound, log?: (line: PreflightRefused) => void): Response | undefined;
  /** The origin's answer or the gateway's refusal, as the client gets it. */
  finish(request: Inbound, answer: Response | Reason, decision: Decision, requestId: string): Response;
}

export function createReplies(policy: Policy): Replies {
  const metadata = indexMetadata(policy);
  const { problemBase } = policy.settings;
  return {
    own(request, log) {
      const preflight = readPreflight(request);
      const document = isRead(request.method) || preflight ? metadata.find(request.url) : undefined;
      if (document !== undefined)
        return preflight ? renderPublicPreflight(request) : renderMetadata(document);
      if (preflight === undefined) return undefined;
      const target = parseTarget(request.url);
      if (target.kind === 'fault') return undefined;
      const found = match(policy, target.host, preflight.method, target.path);
      // Also for a method that the path lacks: the page can read the 405 then.
      const api = found.kind === 'match' ? found.route.api : found.api;
      if (api?.cors === undefined) return undefined;
      const cause = refusalOf(api.cors, preflight);
      if (cause !== undefined)
        log?.({ event: 'preflight_refused', api: api.name, cause, ...describe(preflight) });
      return renderPreflight(api.cors, preflight);
    },
    finish(request, answer, decision, requestId) {
      const api = decision.route?.api ?? decision.api;
      const response =
        answer instanceof Response
          ? answer
          : renderDenial(answer, {
              requestId,
              problemBase,
              tokenFrom: api?.tokenFrom,
              realm: api?.resource ?? decision.target?.host,
              resourceMetadata: api && metadata.urlFor(api),
            });
      const varied = api === undefined ? response : withVary(response, api);
      return api?.cors === undefined ? varied : withCors(varied, api.cors, request.headers.get('origin'));
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

/** Both are a stranger's words. */
const describe = ({ origin, method }: Preflight) => ({
  origin: origin.slice(0, MAX_LOGGED_LENGTH),
  method: method.slice(0, MAX_LOGGED_LENGTH),
});

const isRead = (method: string) => method === 'GET' || method === 'HEAD';
