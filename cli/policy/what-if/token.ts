/** Tokens that nobody has signed, made to order: for examples, for drafts of cases, and for "what if". */
import { DEFAULT_CLAIMS, parseSelector, readClaim } from '../../../src/policy/claims.ts';
import { implies, propertyKey, valuesOf } from '../../../src/policy/demands.ts';
import type { ClaimSelector, ClaimValue, Demand, Issuer, Property } from '../../../src/policy/policy.ts';

export type Claims = Readonly<Record<string, unknown>>;
export type AnyOf = Pick<Demand, 'anyOf'>;

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
  const properties = choose(demands, undefined);
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
  const chosen = choose([...issuer.requiredClaims, ...demands], avoid);
  const placeOf = (field: string, configured: ClaimSelector | undefined, usual: string) =>
    properties.place?.field === field ? properties.place.path : (configured?.path ?? [usual]);

  const clientPath = placeOf('client_claim', issuer.clientClaim, USUAL.client);
  const audiencePath = placeOf('audience_claim', issuer.audienceClaim, USUAL.audience);
  const audiences = valuesOfProperties(chosen, 'audience');

  putClaims(claims, chosen);
  if (String(clientPath) === String(audiencePath)) {
    // Some issuers send no aud: one claim is both.
    const accepted = valuesOf(demands, 'audience');
    const both = clients && [...clients].find((name) => accepted.includes(name));
    put(claims, clientPath, [properties.client ?? both ?? audiences[0] ?? 'some-client']);
  } else {
    const [usual] = clients ?? [readText(claims, issuer) ?? 'some-client'];
    const client = properties.client ?? usual;
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
    },
  };
}

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
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.unsigned`;
}

/** One property for each demand that has none yet. */
function choose(demands: readonly AnyOf[], avoid: AnyOf | undefined): Property[] {
  const chosen = new Map<string, Property>();
  // A demand that leaves no choice comes first, and what it gets may serve others.
  for (const { anyOf } of [...demands].sort((a, b) => a.anyOf.length - b.anyOf.length)) {
    if (anyOf.some((property) => chosen.has(propertyKey(property)))) continue;
    const property = anyOf.find((one) => avoid === undefined || !implies({ anyOf: [one] }, avoid));
    if (property !== undefined) chosen.set(propertyKey(property), property);
  }
  return [...chosen.values()];
}

const valuesOfProperties = (anyOf: readonly Property[], of: 'audience' | 'scope' | 'client'): string[] =>
  valuesOf([{ anyOf }], of);

function putClaims(claims: Record<string, unknown>, properties: readonly Property[]): void {
  for (const property of properties)
    if (property.of === 'claim') put(claims, property.claim.path, [property.value]);
}

function readText(claims: Claims, { clientClaim }: Issuer): string | undefined {
  const places = clientClaim === undefined ? DEFAULT_CLAIMS.client.map(parseSelector) : [clientClaim];
  return places.map((place) => readClaim(claims, place)).find((value) => typeof value === 'string');
}

/**
 * Adds values to a claim, which is a list where it has several. A claim that stands inside another one makes that too;
 * what is there and no table is left alone.
 */
export function put(
  claims: Record<string, unknown>,
  path: readonly string[],
  values: readonly (ClaimValue | undefined)[],
): void {
  let table = claims;
  for (const name of path.slice(0, -1)) {
    if (!Object.hasOwn(table, name)) define(table, name, {});
    const inner = table[name];
    if (typeof inner !== 'object' || inner === null) return;
    table = inner as Record<string, unknown>;
  }
  const name = path.at(-1);
  if (name === undefined || values.length === 0) return;
  const before = Object.hasOwn(table, name) ? [table[name]].flat() : [];
  const all = [...new Set([...before, ...values])];
  define(table, name, all.length === 1 ? all[0] : all);
}

/** `__proto__` is a name like any other here. */
function define(table: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(table, name, { value, enumerable: true, writable: true, configurable: true });
}
