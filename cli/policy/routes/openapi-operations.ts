/** Operations of the exported document, with their security. */
import { isAboutScopes } from '../../../src/policy/asked.ts';
import { valuesOf } from '../../../src/policy/demands.ts';
import type { Api, Demand, Issuer, Route } from '../../../src/policy/policy.ts';
import { RULE_WORDS } from '../rule-words.ts';
import { writeQuery } from '../what-if/targets.ts';
import { keyOf } from '../words.ts';
import type { RouteEntry } from './table.ts';

/** The operations that a path can have there. */
const OPERATIONS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

type Operation = Readonly<Record<string, unknown>>;
export interface PathItem extends Record<string, unknown> {
  'x-claimgate-rest'?: boolean;
}

/** @param servers where the item's own are another API's */
export function addOperations(item: PathItem, entry: RouteEntry, servers: object[] | undefined): void {
  const operation = { ...operationOf(entry), ...(servers !== undefined && { servers }) };
  // A route that names the method comes before one for all methods, wherever they stand.
  for (const { place, name } of placesOf(item, entry))
    if (place[name] === undefined || !entry.methods.includes('*')) place[name] = operation;
}

/** Whether an item has one of a route's operations. */
export const hasOperation = (item: PathItem, entry: RouteEntry): boolean =>
  placesOf(structuredClone(item), entry).some(({ place, name }) => place[name] !== undefined);

/** Where a route's operations stand in an item. OpenAPI 3.1 has no other methods, and none for all of them. */
function placesOf(item: PathItem, { route, methods }: RouteEntry) {
  const query = writeQuery(keyOf(route).query);
  const within = query === '' ? item : tableIn(tableIn(item, 'x-claimgate-queries') as PathItem, query);
  const all = methods.includes('*') ? [...OPERATIONS, '*'] : methods.map((one) => one.toLowerCase());
  return all.map((method) =>
    OPERATIONS.includes(method)
      ? { place: within, name: method }
      : { place: tableIn(within, 'x-claimgate-methods'), name: method.toUpperCase() },
  );
}

function tableIn(item: Record<string, unknown>, name: string): Record<string, unknown> {
  item[name] ??= {};
  return item[name] as Record<string, unknown>;
}

/** GET serves HEAD before a route for all methods does. */
export function giveHeadToGet(item: PathItem): void {
  const methods = item['x-claimgate-methods'] as Record<string, Operation> | undefined;
  if (methods?.['*'] !== undefined && item['head'] === methods['*']) item['head'] = item['get'];
  const queries = (item['x-claimgate-queries'] ?? {}) as Record<string, PathItem>;
  for (const one of Object.values(queries)) giveHeadToGet(one);
}

function operationOf({ route, who, origin, headers }: RouteEntry): Operation {
  const { api, auth, audiences } = route;
  return {
    description: `Who gets in: ${who}.`,
    security: securityOf(route),
    responses: {
      default: { description: "The origin's answer." },
      ...(auth !== 'none' && { '401': { $ref: '#/components/responses/Refused' } }),
      ...(auth === 'required' && { '403': { $ref: '#/components/responses/Refused' } }),
    },
    'x-claimgate': {
      api: api.name,
      origin,
      headers: Object.fromEntries(headers),
      ...(auth !== 'none' && { audience: audiences }),
      ...(route.isStrict && { revocation: 'strict' }),
      ...otherRules(route),
    },
  };
}

/** Alternatives: each issuer, and each way to have the scopes. */
function securityOf({ api, auth, reportOnly, issuers, demands }: Route): object[] {
  if (auth === 'none') return [];
  const alternatives = demands.find((one) => one.alternatives !== undefined)?.alternatives ?? [[]];
  const choices = alternatives.flatMap((some) =>
    scopeChoices([...demands.filter((one) => one.alternatives === undefined), ...some]),
  );
  const tokens = [...issuers.values()].flatMap(({ name }) =>
    choices.map((scopes) => ({
      [schemeName(name, api)]: [...new Set(scopes)].map((one) => `${api.scopePrefix}${one}`),
    })),
  );
  return auth === 'optional' || reportOnly ? [{}, ...tokens] : tokens;
}

const scopeChoices = (demands: readonly Demand[]): readonly string[][] =>
  demands
    .filter(isAboutScopes)
    .reduce<readonly string[][]>(
      (some, demand) => some.flatMap((scopes) => valuesOf([demand], 'scope').map((one) => [...scopes, one])),
      [[]],
    );

/** OpenAPI knows of scopes only: of each other rule it gets the words. */
function otherRules({ demands }: Route): Record<string, unknown> {
  const byRule = Map.groupBy(
    demands.filter((demand) => !isSaid(demand)),
    ({ rule }) => rule,
  );
  return Object.fromEntries([...byRule].map(([rule, part]) => [rule, RULE_WORDS[rule].list(part)]));
}

/** `security` says scopes exactly, in alternatives as well. */
const isSaid = (demand: Demand): boolean =>
  demand.alternatives === undefined
    ? isAboutScopes(demand)
    : demand.alternatives.every((some) => some.length > 0 && some.every(isAboutScopes));

/** An issuer has one for each place that its tokens are read from. */
export function schemeName(issuer: string, { tokenFrom }: Api): string {
  if (tokenFrom.kind === 'authorization') return issuer;
  const name = tokenFrom.kind === 'header' ? tokenFrom.header : 'cookie' in tokenFrom ? tokenFrom.cookie : '';
  return [issuer, tokenFrom.kind, name]
    .filter(Boolean)
    .join('_')
    .replace(/[^A-Za-z0-9._-]/g, '-');
}

export function schemeOf({ issuer, keys }: Issuer, { tokenFrom }: Api): object {
  const description = `Access tokens (JWT) of ${issuer}`;
  switch (tokenFrom.kind) {
    case 'authorization':
      break;
    case 'cookie':
      return { type: 'apiKey', in: 'cookie', name: tokenFrom.cookie, description };
    case 'header':
      return { type: 'apiKey', in: 'header', name: tokenFrom.header, description };
    case 'access':
      return { type: 'apiKey', in: 'header', name: 'Cf-Access-Jwt-Assertion', description };
    case 'websocket':
      return {
        type: 'apiKey',
        in: 'header',
        name: 'Sec-WebSocket-Protocol',
        description: `${description}: "bearer, TOKEN"`,
      };
  }
  // Neither kind of scheme has room for the issuer as tokens name it.
  const own = { 'x-claimgate-issuer': issuer };
  if (keys.kind === 'jwks')
    return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description, ...own };
  const openIdConnectUrl =
    keys.kind === 'metadata' ? keys.uri : `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return { type: 'openIdConnect', openIdConnectUrl, description, ...own };
}
