/** The claims of a token that meets some demands, and not another. */
import { readClaim } from '../../../src/policy/claims.ts';
import type { ClaimSelector, ClaimValue, Issuer } from '../../../src/policy/policy.ts';
import { type Demand, demandOf, type Property, propertyKey, type Tokens } from './callers.ts';

/** A token without its signature. */
export interface TokenSketch {
  readonly header: { readonly alg: string; readonly typ: string; readonly kid?: string };
  readonly claims: Readonly<Record<string, unknown>>;
}

/** What a token has that sets it apart. */
export interface TokenTrait {
  readonly client?: string;
  /** Another name of a client that it has as well. */
  readonly alias?: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly typ?: string;
  readonly exp?: number;
  /** `null`: it has none. */
  readonly iat?: number | null;
  /** Where its scopes, client or audience stand. */
  readonly place?: {
    readonly field: 'scope_claim' | 'client_claim' | 'audience_claim';
    readonly path: readonly string[];
  };
  /** A claim that is no text, and no list. */
  readonly malformed?: readonly string[];
}

const PREFERRED_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/**
 * @param issuer of the tokens: one that takes this token, with its claims where it looks for them
 * @param avoid what the token must not have
 */
export function sketchToken(
  { demands, clients }: Pick<Tokens, 'demands' | 'clients'>,
  issuer: Issuer,
  nowSeconds: number,
  trait: TokenTrait = {},
  avoid?: Demand,
): TokenSketch {
  const claims: Record<string, unknown> = { iss: issuer.issuer };
  const required = issuer.requiredClaims.map((rule) => demandOf(rule, []));
  const properties = choose([...required, ...demands], avoid);
  const put = (path: readonly string[], values: readonly ClaimValue[]) => add(claims, path, values);
  const place = (field: string, configured: ClaimSelector | undefined, usual: string) =>
    trait.place?.field === field ? trait.place.path : (configured?.path ?? [usual]);

  for (const property of properties) if (property.of === 'claim') put(property.path, [property.value]);
  const clientPlace = place('client_claim', issuer.clientClaim, 'client_id');
  const audiencePlace = place('audience_claim', issuer.audienceClaim, 'aud');
  if (String(clientPlace) === String(audiencePlace)) {
    // Of issuers that send no aud: one claim is both.
    const both = demands.filter(({ anyOf }) => anyOf[0]?.of === 'audience').flatMap(({ anyOf }) => anyOf);
    const fits = (name: string) => both.some(({ value }) => value === name);
    const audiences = valuesOf(properties, 'audience');
    put(clientPlace, [trait.client ?? (clients && [...clients].find(fits)) ?? audiences[0] ?? 'some-client']);
  } else {
    const [usual] = clients ?? [readText(claims, issuer) ?? 'some-client'];
    const client = trait.client ?? usual;
    if (client !== undefined) put(clientPlace, [client]);
    put(audiencePlace, valuesOf(properties, 'audience'));
  }
  if (trait.alias !== undefined) put(['appid'], [trait.alias]);
  const scopes = valuesOf(properties, 'scope');
  const scopePlace = place('scope_claim', issuer.scopeClaim, 'scope');
  if (readClaim(claims, { text: '', path: scopePlace }) === undefined) {
    if (scopes.length > 0) put(scopePlace, [scopes.join(' ')]);
  } else put(scopePlace, scopes);
  if (trait.malformed !== undefined) put(trait.malformed, [1]);

  const needsDate = issuer.maxTokenAgeSeconds !== undefined || issuer.notBeforeSeconds !== undefined;
  const iat =
    trait.iat === undefined && needsDate ? Math.max(nowSeconds, issuer.notBeforeSeconds ?? 0) : trait.iat;
  const alg = trait.alg ?? PREFERRED_ALGORITHMS.find((name) => issuer.algorithms.has(name));
  return {
    header: {
      alg: alg ?? [...issuer.algorithms][0] ?? '',
      typ: trait.typ ?? (issuer.tokenTypes.has('at+jwt') ? 'at+jwt' : ([...issuer.tokenTypes][0] ?? '')),
      ...(trait.kid !== undefined && { kid: trait.kid }),
    },
    claims: {
      ...claims,
      ...(trait.exp !== undefined && { exp: trait.exp }),
      ...(typeof iat === 'number' && { iat }),
    },
  };
}

/** One property for each demand that has none yet. */
function choose(demands: readonly Demand[], avoid: Demand | undefined): Property[] {
  const avoided = new Set(avoid?.anyOf.map(propertyKey));
  const chosen = new Map<string, Property>();
  // What leaves no choice comes first, and may serve for the others.
  for (const { anyOf } of [...demands].sort((a, b) => a.anyOf.length - b.anyOf.length)) {
    if (anyOf.some((property) => chosen.has(propertyKey(property)))) continue;
    const property = anyOf.find((one) => !avoided.has(propertyKey(one)));
    if (property !== undefined) chosen.set(propertyKey(property), property);
  }
  return [...chosen.values()];
}

const valuesOf = (properties: readonly Property[], of: 'audience' | 'scope'): string[] =>
  properties.flatMap((property) => (property.of === of ? [property.value] : []));

function readText(claims: Readonly<Record<string, unknown>>, { clientClaim }: Issuer): string | undefined {
  const names =
    clientClaim === undefined ? ['azp', 'client_id', 'cid', 'appid'].map((n) => [n]) : [clientClaim.path];
  const values = names.map((path) => readClaim(claims, { text: '', path }));
  return values.find((value) => typeof value === 'string');
}

/** Adds values to a claim: it is a list where it has several. */
function add(claims: Record<string, unknown>, path: readonly string[], values: readonly ClaimValue[]): void {
  let table = claims;
  for (const name of path.slice(0, -1)) {
    const inner = Object.hasOwn(table, name) ? table[name] : undefined;
    if (typeof inner !== 'object' || inner === null) table[name] = {};
    table = table[name] as Record<string, unknown>;
  }
  const name = path.at(-1);
  if (name === undefined || values.length === 0) return;
  const before = Object.hasOwn(table, name) ? [table[name]].flat() : [];
  const all = [...new Set([...before, ...values])];
  // `__proto__` is a name like any other here.
  Object.defineProperty(table, name, {
    value: all.length === 1 ? all[0] : all,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
