import { Hono } from 'hono';
import { errorLine } from '../../src/error-line.ts';
import { type Fault, formatFault } from '../../src/policy/compile/fault.ts';
import { isLoopbackHost } from '../../src/policy/uri.ts';
import { createFailureLimit, type FailureLimit } from './client/failure-limit.ts';
import { type Issuer, type IssuerOptions, readIssuer } from './environment.ts';
import { type Exchange, readAddress } from './exchange.ts';
import { type Failure, isFailure, wireError } from './failure.ts';
import { grantToken } from './grant.ts';
import { renderFailure, renderProblem, renderToken } from './http/answer.ts';
import { createDocument, describeIssuer } from './http/documents.ts';
import type { TokenResponse } from './issue.ts';
import { type IssuerLogLine, reasonDetail, type TokenLine, withoutSecret } from './log.ts';

export type { IssuerOptions } from './environment.ts';

/**
 * The issuer as a Hono app: a token endpoint for the client credentials grant, its keys and its metadata. What it
 * needs is read here, once; where something is missing it answers every request with 503, and issues nothing.
 */
export function createIssuer(options: IssuerOptions): Hono {
  const log = options.log ?? ((line: IssuerLogLine) => console.log(JSON.stringify(line)));
  const read = readIssuer(options, log);
  const app = new Hono();
  if (read.ok) serve(app, read.issuer);
  else app.all('*', (c) => refuse(c.req.raw, read.faults, log));
  app.notFound(() => renderProblem(404, 'Not found', 'There is nothing at this path.'));
  app.onError((error) => {
    log(errorLine(error));
    return renderProblem(500, 'Internal error', 'The issuer failed.');
  });
  return app;
}

function serve(app: Hono, issuer: Issuer): void {
  const failures = createFailureLimit(issuer.failureLimit, issuer.nowSeconds);
  app.all('/oauth/token', (c) => answerTokenRequest(c.req.raw, issuer, failures));

  const keys = createDocument(issuer.keys.jwks);
  const metadata = createDocument(describeIssuer(issuer.identifier));
  const documents = {
    '/.well-known/jwks.json': keys,
    '/.well-known/oauth-authorization-server': metadata,
    '/.well-known/openid-configuration': metadata,
  };
  for (const [path, document] of Object.entries(documents)) {
    app.get(path, (c) => document(c.req.raw));
    app.all(path, () =>
      renderProblem(405, 'Method not allowed', 'Use GET.', { headers: { allow: 'GET, HEAD' } }),
    );
  }
  app.get('/authorize', () =>
    renderProblem(
      400,
      'No authorization endpoint',
      'This issuer has the client credentials grant only, without users.',
    ),
  );
}

async function answerTokenRequest(
  request: Request,
  issuer: Issuer,
  failures: FailureLimit,
): Promise<Response> {
  const requestId = crypto.randomUUID();
  const exchange: Exchange = { request, requestId, issuer, failures, trace: {}, presented: undefined };
  const outcome = await attempt(exchange);
  const usedBasic = /^basic\b/i.test(request.headers.get('authorization') ?? '');
  const failure = isFailure(outcome) ? outcome : undefined;
  const response = isFailure(outcome)
    ? renderFailure(outcome, { requestId, issuer: issuer.identifier, usedBasic })
    : renderToken(outcome, requestId);
  const line: TokenLine = {
    time: new Date(issuer.nowSeconds() * 1000).toISOString(),
    type: failure === undefined ? 'seccft' : 'feccft',
    request_id: requestId,
    ray: request.headers.get('cf-ray') ?? undefined,
    ip: readAddress(request),
    country: (request.cf as { country?: string } | undefined)?.country,
    status: response.status,
    error: failure && wireError(failure).error,
    reason: failure?.code,
    reason_detail: failure && reasonDetail(failure),
    ...exchange.trace,
  };
  issuer.log(withoutSecret(line, exchange.presented));
  return response;
}

async function attempt(exchange: Exchange): Promise<TokenResponse | Failure> {
  if (exchange.request.method !== 'POST') return { code: 'method_not_allowed' };
  try {
    return await grantToken(exchange);
  } catch (error) {
    exchange.issuer.log(errorLine(error));
    return { code: 'internal_error' };
  }
}

/** What is wrong stands in the log, and in the answer for whoever sits at the machine. */
function refuse(request: Request, faults: readonly Fault[], log: (line: IssuerLogLine) => void): Response {
  log({
    event: 'issuer_misconfigured',
    faults: faults.map(({ at, problem, remedy }) => ({ at, problem, remedy })),
  });
  const shown = isLoopbackHost(new URL(request.url).hostname) ? faults.map(formatFault) : undefined;
  return renderProblem(
    503,
    'Issuer misconfigured',
    'The issuer lacks something. Its operator finds it in the log.',
    {
      headers: { 'retry-after': '60' },
      faults: shown,
    },
  );
}
