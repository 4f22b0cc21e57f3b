/** Tokens that nobody has signed, made to order: for examples, for drafts of cases, and for "what if". */
import { base64url } from 'jose';
import { DEFAULT_CLAIMS, parseSelector, readClaim } from '../../../src/policy/claims.ts';
import { valuesOf } from '../../../src/policy/demands.ts';
import type { BoundProperty, ClaimSelector, Issuer } from '../../../src/policy/policy.ts';
import { type AnyOf, choose, ofClients } from './choose.ts';
import { put, putClaims } from './put-claims.ts';

export type Claims = Readonly<Record<string, unknown>>;

/** A token without its signature. */
export interface TokenSketch {
  readonly header: { readonly alg: string; readonly typ: string; readonly kid?: string };
  readonly claims: Claims;
}

/** The properties that set a token apart from the plainest one that meets the demands. */
export interface TokenProperties {
  readonly client?: string;
  /** Another name of a client that it has as well, and where. */
  readonly alias?: { readonly value: string; readonly path: readonly string[] };
  readonly kid?: string;
  readonly alg?: string;
  readonly typ?: string;
  readonly exp?: number;
  /** `null`: it has none. */
  readonly iat?: number | null;
  /** The claim that has its scopes, client or audience. */
  readonly place?: {
    readonly field: 'scope_claim' | 'client_claim' | 'audience_claim';
    readonly path: readonly string[];
  };
  /** Its claim `status.status_list`; `null`: it has none. Without: one where the issuer demands it. */
  readonly status?: object | null;
  /** A claim that is neither text nor a list. */
  readonly malformed?: readonly string[];
  /** A claim that has a value which nobody asks for. */
  readonly other?: readonly string[];
}

/** Of no policy, as far as anyone knows. */
const OTHER = 'something-else';
const PREFERRED_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
/** The name that a claim mostly has, of those that are looked for by default. */
const USUAL = { scope: DEFAULT_CLAIMS.scope[0], client: 'client_id', audience: DEFAULT_CLAIMS.audience[0] };

/** The claim that has the audience of an issuer's tokens. */
export const audiencePlace = ({ audienceClaim }: Issuer): ClaimSelector =>
  audienceClaim ?? parseSelector(USUAL.audience);

/**
 * Claims that meet demands, and nothing else: no `iss`, no dates. A demand about a segment of the path must be bound to
 * a path before.
 */
export function claimsFor(issuer: Issuer | undefined, demands: readonly AnyOf[]): Record<string, unknown> {
  const claims: Record<string, unknown> = {};
  const properties = chosenFor(demands, undefined, undefined);
  const scopes = valuesOfProperties(properties, 'scope');
  if (scopes.length > 0) put(claims, issuer?.scopeClaim?.path ?? [USUAL.scope], [scopes.join(' ')]);
  put(claims, issuer?.clientClaim?.path ?? [USUAL.client], valuesOfProperties(properties, 'client'));
  putClaims(claims, properties);
  return claims;
}

/**
 * @param issuer of the token: one that takes it, with its claims where it looks for them
 * @param asked whom the token must satisfy; the first of `clients` is its client
 * @param avoid what the token must not have
 */
export function sketchToken(
  issuer: Issuer,
  {
    demands,
    clients,
  }: { readonly demands: readonly AnyOf[]; readonly clients: ReadonlySet<string> | undefined },
  nowSeconds: number,
  properties: TokenProperties = {},
  avoid?: AnyOf,
): TokenSketch {
  const claims: Record<string, unknown> = { iss: issuer.issuer };
  const asked = properties.client === undefined ? clients : [properties.client];
  const chosen = chosenFor([...issuer.requiredClaims, ...demands], asked, avoid);
  const placeOf = (field: string, configured: ClaimSelector | undefined, usual: string) =>
    properties.place?.field === field ? properties.place.path : (configured?.path ?? [usual]);

  const clientPath = placeOf('client_claim', issuer.clientClaim, USUAL.client);
  const audiencePath = placeOf('audience_claim', issuer.audienceClaim, USUAL.audience);
  const audiences = valuesOfProperties(chosen, 'audience');

  putClaims(claims, chosen, avoid);
  if (String(clientPath) === String(audiencePath)) {
    // Some issuers send no aud: one claim is both.
    const accepted = valuesOf(demands, 'audience');
    const both = clients && [...clients].find((name) => accepted.includes(name));
    const [some] = clients === undefined ? valuesOfProperties(chosen, 'client') : [];
    put(claims, clientPath, [properties.client ?? both ?? some ?? audiences[0] ?? 'some-client']);
  } else {
    const [own] = valuesOfProperties(chosen, 'client');
    const [usual] = clients ?? [own ?? readText(claims, issuer) ?? someClient(clientPath, avoid)];
    const client = properties.client ?? own ?? usual;
    if (client !== undefined) put(claims, clientPath, [client]);
    put(claims, audiencePath, audiences);
  }
  if (properties.alias !== undefined) put(claims, properties.alias.path, [properties.alias.value]);
  const scopes = valuesOfProperties(chosen, 'scope');
  const scopePath = placeOf('scope_claim', issuer.scopeClaim, USUAL.scope);
  const hasScopes = readClaim(claims, { text: '', path: scopePath }) !== undefined;
  if (scopes.length > 0) put(claims, scopePath, hasScopes ? scopes : [scopes.join(' ')]);
  if (properties.malformed !== undefined) put(claims, properties.malformed, [1]);
  if (properties.other !== undefined) put(claims, properties.other, [OTHER]);

  const status = properties.status === undefined ? statusFor(issuer) : properties.status;
  const needsDate = issuer.maxTokenAgeSeconds !== undefined || issuer.notBeforeSeconds !== undefined;
  const iat =
    properties.iat === undefined && needsDate
      ? Math.max(nowSeconds, issuer.notBeforeSeconds ?? 0)
      : properties.iat;
  return {
    header: headerFor(issuer, properties),
    claims: {
      ...claims,
      ...(properties.exp !== undefined && { exp: properties.exp }),
      ...(typeof iat === 'number' && { iat }),
      ...(status && { status: { status_list: status } }),
    },
  };
}

/** A place in a list of the issuer, where tokens must have one. No list is there: nobody asks for it. */
export function statusFor({
  statusLists,
}: Issuer): { readonly idx: number; readonly uri: string } | undefined {
  const [host] = statusLists?.isRequired ? statusLists.hosts : [];
  return host === undefined ? undefined : statusOn(host);
}

export const statusOn = (host: string) => ({ idx: 0, uri: `https://${host}/statuslists/1` });

/** A header that the issuer may send. */
export function headerFor(
  issuer: Issuer | undefined,
  { alg, typ, kid }: TokenProperties = {},
): TokenSketch['header'] {
  const algorithms = issuer?.algorithms ?? new Set(['ES256']);
  const types = issuer?.tokenTypes ?? new Set(['at+jwt']);
  return {
    alg: alg ?? PREFERRED_ALGORITHMS.find((name) => algorithms.has(name)) ?? [...algorithms][0] ?? '',
    typ: typ ?? (types.has('at+jwt') ? 'at+jwt' : ([...types][0] ?? '')),
    ...(kid !== undefined && { kid }),
  };
}

/** A JWT in compact form. What stands for its signature is none. */
export function encodeUnsigned({ header, claims }: TokenSketch): string {
  const part = (value: object) => base64url.encode(JSON.stringify(value));
  return `${part(header)}.${part(claims)}.unsigned`;
}

/**
 * A token that can't be as it is wanted has what it can't avoid: it is tried, and shows nothing.
 *
 * @param clients one of which is the token's
 */
const chosenFor = (
  demands: readonly AnyOf[],
  clients: Iterable<string> | undefined,
  avoid: AnyOf | undefined,
) => {
  const all = clients === undefined ? demands : [...demands, ofClients(clients)];
  return choose(all, avoid) ?? choose(demands, avoid) ?? choose(demands) ?? [];
};

const valuesOfProperties = (anyOf: readonly BoundProperty[], of: 'audience' | 'scope' | 'client'): string[] =>
  valuesOf([{ anyOf }], of);

/** `undefined`: the claim that has it must not be there. */
function someClient(path: readonly string[], avoid: AnyOf | undefined): string | undefined {
  const names = avoid?.anyOf ?? [];
  if (names.some((one) => 'claim' in one && one.of !== 'claim' && String(one.claim.path) === String(path)))
    return undefined;
  let name = 'some-client';
  while (names.some((one) => 'value' in one && one.value === name)) name += '-x';
  return name;
}

function readText(claims: Claims, { clientClaim }: Issuer): string | undefined {
  const places = clientClaim === undefined ? DEFAULT_CLAIMS.client.map(parseSelector) : [clientClaim];
  return places.map((place) => readClaim(claims, place)).find((value) => typeof value === 'string');
}
