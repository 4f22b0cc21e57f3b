/** Steps from a token to a caller: each check of the gateway, with what it looked at. */
import type { Reason } from '../../../src/decision.ts';
import { DEFAULT_CLAIMS, parseSelector, readClaim } from '../../../src/policy/claims.ts';
import type {
  BoundProperty,
  ClaimSelector,
  Demand,
  Issuer,
  Policy,
  StatusLists,
} from '../../../src/policy/policy.ts';
import type { TimeReason } from '../../../src/token/checks.ts';
import type { DecodeReason } from '../../../src/token/decode.ts';
import type { SeenToken, TokenStep } from '../../../src/token/verify.ts';
import { listed, shown } from '../../text/words.ts';
import { issuerWords, routeName } from '../words.ts';
import { maskToken } from './mask.ts';
import { type Check, makeStep, type Step } from './step.ts';

/** Whether the signature counts, or why not. */
export type Signature = 'verified' | 'offline' | 'unsigned';

/** One check, as it was made. */
interface Observed {
  readonly seen: SeenToken;
  readonly reason: Reason | undefined;
  readonly policy: Policy;
  readonly nowMs: number;
}

export const TOKEN_STEP_WORDS: Readonly<Record<TokenStep, (observed: Observed) => Step>> = {
  decode({ seen: { token, unverified }, reason }) {
    const decided =
      reason === undefined
        ? `a JWT with ${Object.keys(unverified?.claims ?? {}).length} claims`
        : DECODE_WORDS[reason.code as keyof typeof DECODE_WORDS];
    return makeStep('token', maskToken(token), decided, { reason });
  },
  issuer({ seen: { unverified, issuer, routes }, reason }) {
    const { claims = {} } = unverified ?? {};
    const saw = `iss is ${shown(Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined)}`;
    const accepted = [...(routes[0]?.issuers.keys() ?? [])].map((one) => JSON.stringify(one));
    const decided =
      issuer === undefined
        ? `not accepted; the route takes ${listed(accepted, 'or')}`
        : `it is ${issuer.name}`;
    return makeStep('issuer', saw, decided, { reason });
  },
  header({ seen: { unverified, issuer }, reason }) {
    const { alg, typ, kid } = unverified?.header ?? {};
    const wanted = `${issuer?.name} takes ${[...(issuer?.algorithms ?? [])].join(', ')} and typ ${[...(issuer?.tokenTypes ?? [])].join(', ')}`;
    const saw = `alg ${shown(alg)}, typ ${shown(typ)}, kid ${shown(kid)}`;
    return makeStep('token header', saw, reason === undefined ? 'as the issuer sends it' : wanted, {
      reason,
    });
  },
  claims: claimsStep,
  blocked({ seen: { principal }, reason, policy: { settings } }) {
    const { blockedClients, blockedKids } = settings;
    const client = principal?.clientIds.find((one) => blockedClients.has(one));
    const size = blockedClients.size + blockedKids.size;
    const saw = size === 0 ? 'the policy blocks nobody' : `${size} blocked clients and keys`;
    const decided = reason === undefined ? 'not blocked' : `${shown(client ?? principal?.kid)} is blocked`;
    return makeStep('blocked', saw, decided, { reason });
  },
  times: timesStep,
  audience({ seen: { principal, route }, reason }) {
    const audiences = principal?.audiences ?? [];
    const saw = `the token is for ${audiences.length === 0 ? 'nobody' : listed(audiences)}`;
    const asks =
      reason === undefined
        ? 'takes it'
        : reason.code === 'issuer_not_allowed'
          ? `takes tokens of ${issuerWords(route?.issuers.values() ?? [])} only`
          : `is for ${listed(route?.audiences ?? [], 'or')}`;
    return makeStep('audience', saw, `${route === undefined ? '' : routeName(route)} ${asks}`, {
      reason,
    });
  },
};

const DECODE_WORDS: Readonly<Record<DecodeReason['code'], string>> = {
  token_malformed: 'it is no JWT in compact form, or its header is malformed',
  critical_header_unsupported: 'its header has crit or b64',
  algorithm_not_allowed: 'its header names no alg',
  token_type_not_allowed: 'the typ of its header is not text',
};

/** The checks stand in the order in which the gateway makes them: those behind the one that fails are not made. */
function claimsStep({ seen, reason }: Observed): Step {
  const { principal, unverified } = seen;
  const { claims = {} } = unverified ?? {};
  const all = claimChecks(seen);
  const failing = reason === undefined ? -1 : all.findIndex(({ fails }) => fails(reason));
  const checks = (failing === -1 ? all : all.slice(0, failing + 1)).map(
    ({ check, saw }, i): Check => ({ check, saw, verdict: i === failing ? 'refused' : 'ok' }),
  );
  const decided =
    principal === undefined
      ? `${checks.at(-1)?.check ?? 'a claim'} is missing, malformed or not accepted`
      : `subject ${shown(principal.subject)}, client ${shown(principal.client)}`;
  return makeStep('claims', Object.keys(claims).join(', '), decided, { reason, checks });
}

interface ClaimCheck {
  readonly check: string;
  readonly saw: string;
  readonly fails: (reason: Reason) => boolean;
}

function claimChecks({ principal, unverified, issuer }: SeenToken): ClaimCheck[] {
  const { claims = {} } = unverified ?? {};
  const own = (name: string) => (Object.hasOwn(claims, name) ? claims[name] : undefined);
  const malformed = (claim: string) => (one: Reason) =>
    one.code === 'claims_malformed' && one.claim === claim;
  const ofDate = (name: string): ClaimCheck => ({
    check: name,
    saw: shown(own(name)),
    fails: malformed(name),
  });
  /** A place that the issuer's table names; one that is looked at by guess refuses nothing. */
  const ofPlace = (
    what: string,
    named: ClaimSelector | undefined,
    usual: readonly string[],
    taken: string | undefined,
  ): ClaimCheck => ({
    check: `${what} (${named?.text ?? listed(usual, 'or')})`,
    saw: taken ?? sawAt(claims, named, usual),
    fails: malformed(named?.text ?? usual[0] ?? ''),
  });
  const scopes = principal && [...principal.scopes].join(' ');
  return [
    {
      check: 'bound to a key (cnf)',
      saw: shown(own('cnf')),
      fails: ({ code }) => code === 'sender_constrained',
    },
    ofDate('exp'),
    { check: 'iat', saw: shown(own('iat')), fails: () => false },
    ofDate('nbf'),
    { check: 'sub', saw: sawSubject(own('sub'), principal), fails: () => false },
    ofPlace(
      'client id',
      issuer?.clientClaim,
      DEFAULT_CLAIMS.client,
      principal?.client && shown(principal.client),
    ),
    ofPlace('scopes', issuer?.scopeClaim, DEFAULT_CLAIMS.scope, scopes || undefined),
    ofPlace(
      'audience',
      issuer?.audienceClaim,
      DEFAULT_CLAIMS.audience,
      principal && shown(principal.audiences),
    ),
    ...(issuer?.requiredClaims ?? []).map((demand) => requiredCheck(demand, issuer, claims)),
    ...(issuer?.statusLists === undefined ? [] : [statusCheck(own('status'), issuer.statusLists)]),
  ];
}

const statusCheck = (status: unknown, { isRequired, hosts }: StatusLists): ClaimCheck => ({
  check: `status list (${isRequired ? 'required' : 'optional'}, on ${listed([...hosts], 'or')})`,
  saw: shown(status),
  fails: ({ code, ...more }) =>
    code === 'status_invalid' || ('claim' in more && code === 'claims_malformed' && more.claim === 'status'),
});

function sawSubject(sub: unknown, principal: SeenToken['principal']): string {
  const isOdd = sub != null && sub !== '' && principal !== undefined && principal.subject === undefined;
  return `${shown(sub)}${isOdd ? ', which is not text: the origin gets no x-claim-sub' : ''}`;
}

/** What stands where nothing was taken from: `none`, or a value of another form. */
function sawAt(
  claims: Readonly<Record<string, unknown>>,
  named: ClaimSelector | undefined,
  usual: readonly string[],
): string {
  const places = named === undefined ? usual.map(parseSelector) : [named];
  const found = places.map((place) => readClaim(claims, place)).find((value) => value != null);
  return found === undefined || found === '' ? 'none' : `none in ${shown(found)}`;
}

function requiredCheck(
  { label, anyOf: [first], refusal }: Demand<BoundProperty>,
  issuer: Issuer | undefined,
  claims: Readonly<Record<string, unknown>>,
): ClaimCheck {
  return {
    check: `${label.slice('claims.'.length)}, as ${issuer?.name} demands`,
    saw: first !== undefined && 'claim' in first ? shown(readClaim(claims, first.claim)) : '',
    fails: (reason) => reason === refusal,
  };
}

const time = (seconds: number | undefined) => {
  const date = new Date((seconds ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? shown(seconds) : date.toISOString().replace('.000Z', 'Z');
};

const TIME_WORDS: Readonly<Record<TimeReason['code'], string>> = {
  token_expired: 'it has expired',
  token_not_yet_valid: 'it is not valid yet',
  token_too_old: 'it is too old',
  claims_malformed: 'it has no iat, and the issuer limits the age of tokens',
};

function timesStep({ seen: { principal, issuer }, reason, nowMs }: Observed): Step {
  const { exp, iat, nbf } = principal ?? {};
  const { clockToleranceSeconds, maxTokenAgeSeconds, notBeforeSeconds } = issuer ?? {};
  const limits = [
    `${clockToleranceSeconds} s tolerance`,
    maxTokenAgeSeconds === undefined ? undefined : `at most ${maxTokenAgeSeconds} s old`,
    notBeforeSeconds === undefined ? undefined : `not issued before ${time(notBeforeSeconds)}`,
  ].filter((one) => one !== undefined);
  const saw = [
    `exp ${time(exp)}`,
    iat !== undefined && `iat ${time(iat)}`,
    nbf !== undefined && `nbf ${time(nbf)}`,
  ].filter((one) => one !== false);
  const decided = reason === undefined ? 'valid' : TIME_WORDS[reason.code as keyof typeof TIME_WORDS];
  const now = time(Math.floor(nowMs / 1000));
  return makeStep('times', `${saw.join(', ')}; now ${now}, ${limits.join(', ')}`, decided, { reason });
}
