/** From the Authorization header to a caller: what the gateway looks at of a token. */
import { isReason, type Reason } from '../../../src/decision.ts';
import { checkAudience } from '../../../src/policy/authorize.ts';
import { DEFAULT_CLAIMS, readClaim } from '../../../src/policy/claims.ts';
import type { Demand, Issuer, Policy, Principal, Route } from '../../../src/policy/policy.ts';
import { readBearer } from '../../../src/token/bearer.ts';
import { checkHeader, checkTimes, readClaims } from '../../../src/token/checks.ts';
import { decodeToken, type UnverifiedToken } from '../../../src/token/decode.ts';
import type { Refused, Verified } from '../../../src/token/verify.ts';
import { listed, shown } from '../../text/words.ts';
import { issuerWords } from '../words.ts';
import { maskToken } from './mask.ts';
import { describeRoute } from './route-steps.ts';
import { type Check, type Told, tell } from './step.ts';

/** Whether the signature counts, or why not. */
export type Signature = 'verified' | 'offline' | 'unsigned';

export interface TokenFacts {
  readonly policy: Policy;
  /** The routes that want a token. */
  readonly routes: readonly Route[];
  readonly nowMs: number;
  readonly signature: Signature;
  /** What the verification itself said. */
  readonly verified: Verified | Refused | undefined;
}

/** The header alone. @returns the token, if there is one to go on with */
export function tellAuthorization(
  authorization: string | null,
  routes: readonly Route[],
): { told: Told; token?: string } {
  const bearer = readBearer(authorization);
  if (bearer === undefined) {
    const saw =
      authorization === null ? 'none' : `another scheme than Bearer: ${shown(authorization.split(/\s/)[0])}`;
    const demanding = routes.find(({ auth }) => auth === 'required');
    if (demanding === undefined) return { told: tell('authorization', saw, 'no token is needed') };
    const decided = `${describeRoute(demanding)} needs a token`;
    return { told: tell('authorization', saw, decided, { reason: { code: 'token_missing' } }) };
  }
  if ('reason' in bearer) {
    const { reason } = bearer;
    const decided =
      reason.code === 'token_too_large'
        ? 'the token is too large'
        : 'this is no Bearer, a blank and one token';
    return { told: tell('authorization', `${authorization?.length ?? 0} characters`, decided, { reason }) };
  }
  return { told: tell('authorization', `Bearer ${maskToken(bearer.token)}`, 'a token'), token: bearer.token };
}

/** Tells the checks up to the first that refuses. */
export function* tellToken(token: string, facts: TokenFacts): Generator<Told> {
  const { routes, policy, nowMs } = facts;
  const unverified = decodeToken(token);
  if (isReason(unverified)) {
    yield tell('token', maskToken(token), DECODE_WORDS[unverified.code] ?? 'its header is malformed', {
      reason: unverified,
    });
    return;
  }
  const { header, claims } = unverified;
  yield tell('token', maskToken(token), `a JWT with ${Object.keys(claims).length} claims`);

  const iss = Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;
  const [first] = routes;
  const issuer = typeof iss === 'string' ? first?.issuers.get(iss) : undefined;
  if (issuer === undefined) {
    const accepted = [...(first?.issuers.keys() ?? [])].map((one) => JSON.stringify(one));
    const reason: Reason = { code: 'issuer_not_allowed', iss };
    yield tell('issuer', `iss is ${shown(iss)}`, `not accepted; the route takes ${listed(accepted, 'or')}`, {
      reason,
    });
    return;
  }
  yield tell('issuer', `iss is ${shown(iss)}`, `it is ${issuer.name}`);

  const headerReason = checkHeader(header, issuer);
  const saw = `alg ${shown(header.alg)}, typ ${shown(header.typ)}, kid ${shown(header.kid)}`;
  const wanted = `${issuer.name} takes ${[...issuer.algorithms].join(', ')} and typ ${[...issuer.tokenTypes].join(', ')}`;
  yield tell('token header', saw, headerReason === undefined ? 'as the issuer sends it' : wanted, {
    reason: headerReason,
  });
  if (headerReason !== undefined) return;

  const principal = readClaims(unverified, issuer);
  yield tellClaims(unverified, issuer, principal);
  if (isReason(principal)) return;

  const brake = tellBrakes(policy, principal);
  yield brake;
  if (brake.reason !== undefined) return;

  const times = tellTimes(principal, nowMs);
  yield times;
  if (times.reason !== undefined) return;

  for (const route of routes) {
    const audience = tellAudience(route, principal);
    yield audience;
    if (audience.reason !== undefined) return;
  }
  yield tellSignature(unverified, principal, facts);
}

const DECODE_WORDS: Partial<Record<Reason['code'], string>> = {
  token_malformed: 'it is no JWT in compact form',
  critical_header_unsupported: 'its header has crit or b64',
  algorithm_not_allowed: 'its header names no alg',
  token_type_not_allowed: 'the typ of its header is no text',
};

/** The checks stand in the order in which the gateway makes them: those behind the one that fails are not made. */
function tellClaims({ claims }: UnverifiedToken, issuer: Issuer, result: Principal | Reason): Told {
  const reason = isReason(result) ? result : undefined;
  const principal = isReason(result) ? undefined : result;
  const own = (name: string) => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const malformed = (claim: string) => (one: Reason) =>
    one.code === 'claims_malformed' && one.claim === claim;
  const from = (selector: { text: string } | undefined, usual: readonly string[]) =>
    selector?.text ?? listed(usual, 'or');
  const all: { check: string; saw: string; fails: (reason: Reason) => boolean }[] = [
    {
      check: 'bound to a key (cnf)',
      saw: shown(own('cnf')),
      fails: ({ code }) => code === 'sender_constrained',
    },
    { check: 'text is well-formed', saw: '', fails: malformed('unicode') },
    ...['exp', 'iat', 'nbf', 'sub'].map((name) => ({
      check: name,
      saw: shown(own(name)),
      fails: malformed(name),
    })),
    {
      check: `client id (${from(issuer.clientClaim, DEFAULT_CLAIMS.client)})`,
      saw: shown(principal?.client),
      fails: malformed('client id'),
    },
    {
      check: `scopes (${from(issuer.scopeClaim, DEFAULT_CLAIMS.scope)})`,
      saw:
        principal === undefined ? '' : principal.scopes.size === 0 ? 'none' : [...principal.scopes].join(' '),
      fails: malformed('scope'),
    },
    {
      check: `audience (${from(issuer.audienceClaim, DEFAULT_CLAIMS.audience)})`,
      saw: shown(principal?.audiences ?? own('aud')),
      fails: malformed('aud'),
    },
    ...issuer.requiredClaims.map((demand) => ({
      check: `${demand.label.slice('claims.'.length)}, as ${issuer.name} demands`,
      saw: sawOf(demand, claims),
      fails: (one: Reason) => one === demand.refusal,
    })),
  ];
  const failing = reason === undefined ? -1 : all.findIndex(({ fails }) => fails(reason));
  const checks = (failing === -1 ? all : all.slice(0, failing + 1)).map(
    ({ check, saw }, i): Check => ({ check, saw, verdict: i === failing ? 'refused' : 'ok' }),
  );
  const decided =
    principal === undefined
      ? `${checks.at(-1)?.check ?? 'a claim'} is not as it must be`
      : `subject ${shown(principal.subject)}, client ${shown(principal.client)}`;
  return tell('claims', Object.keys(claims).join(', '), decided, { reason, checks });
}

function sawOf({ anyOf: [first] }: Demand, claims: UnverifiedToken['claims']): string {
  return first?.of === 'claim' ? shown(readClaim(claims, first.claim)) : '';
}

function tellBrakes({ settings }: Policy, { clientIds, kid }: Principal): Told {
  const client = clientIds.find((one) => settings.blockedClients.has(one));
  const reason: Reason | undefined =
    client !== undefined
      ? { code: 'client_blocked' }
      : kid !== undefined && settings.blockedKids.has(kid)
        ? { code: 'key_blocked' }
        : undefined;
  const size = settings.blockedClients.size + settings.blockedKids.size;
  const decided = reason === undefined ? 'not blocked' : `${shown(client ?? kid)} is blocked`;
  return tell(
    'blocked',
    size === 0 ? 'the policy blocks nobody' : `${size} blocked clients and keys`,
    decided,
    { reason },
  );
}

const time = (seconds: number | undefined) => {
  const date = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? shown(seconds) : date.toISOString().replace('.000Z', 'Z');
};

function tellTimes(principal: Principal, nowMs: number): Told {
  const { issuer, exp, iat, nbf } = principal;
  const now = Math.floor(nowMs / 1000);
  const reason = checkTimes(principal, now);
  const limits = [
    `${issuer.clockToleranceSeconds} s tolerance`,
    issuer.maxTokenAgeSeconds === undefined ? undefined : `at most ${issuer.maxTokenAgeSeconds} s old`,
    issuer.notBeforeSeconds === undefined ? undefined : `not issued before ${time(issuer.notBeforeSeconds)}`,
  ].filter((one) => one !== undefined);
  const saw = [
    `exp ${time(exp)}`,
    iat !== undefined && `iat ${time(iat)}`,
    nbf !== undefined && `nbf ${time(nbf)}`,
  ];
  const words: Partial<Record<Reason['code'], string>> = {
    token_expired: 'it has expired',
    token_not_yet_valid: 'it is not valid yet',
    token_too_old: 'it is too old',
    claims_malformed: 'it has no iat, and the issuer limits the age of tokens',
  };
  const decided = reason === undefined ? 'valid' : (words[reason.code] ?? reason.code);
  return tell('times', `${saw.filter(Boolean).join(', ')}; now ${time(now)}, ${limits.join(', ')}`, decided, {
    reason,
  });
}

function tellAudience(route: Route, principal: Principal): Told {
  const reason = checkAudience(route, principal);
  const saw = `the token is for ${principal.audiences.length === 0 ? 'nobody' : listed(principal.audiences)}`;
  const wanted = listed(route.audiences, 'or');
  const decided =
    reason === undefined
      ? `${describeRoute(route)} takes it`
      : reason.code === 'issuer_not_allowed'
        ? `${describeRoute(route)} takes tokens of ${issuerWords(route.issuers.values())} only`
        : `${describeRoute(route)} is for ${wanted}`;
  return tell('audience', saw, decided, { reason });
}

function tellSignature({ header }: UnverifiedToken, { issuer }: Principal, facts: TokenFacts): Told {
  const saw = `alg ${header.alg}, kid ${shown(header.kid)}`;
  if (facts.signature === 'unsigned')
    return tell('signature', 'none', 'not verified: these are claims that nobody has signed', {
      verdict: 'skipped',
    });
  if (facts.signature === 'offline')
    return tell('signature', saw, 'not verified: no key is fetched with --offline', { verdict: 'skipped' });
  const { verified } = facts;
  if (verified?.kind !== 'refused') return tell('signature', saw, `verified with a key of ${issuer.name}`);
  const { reason } = verified;
  const detail = reason.code === 'keys_unavailable' ? `: ${reason.cause.replaceAll('_', ' ')}` : '';
  const decided = `${SIGNATURE_WORDS[reason.code] ?? reason.code}${detail}`;
  return tell('signature', saw, decided, { reason });
}

const SIGNATURE_WORDS: Partial<Record<Reason['code'], string>> = {
  keys_unavailable: "the issuer's keys can't be had",
  key_unknown: 'the issuer publishes no such key',
  key_ambiguous: 'the token does not say which key of several it is signed with',
  key_blocked: 'the key is blocked',
  algorithm_not_allowed: 'the key is for another algorithm',
  signature_invalid: 'the signature is not that of the key',
};
