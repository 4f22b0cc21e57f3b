/** The route table as an OpenAPI 3.1 document: paths, and security derived from the rules. */

import { isAboutScopes } from '../../../src/policy/asked.ts';
import { valuesOf } from '../../../src/policy/demands.ts';
import { hostKey, paramOfHost } from '../../../src/policy/hosts.ts';
import type { Api, Demand, Issuer, Route } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import { RULE_WORDS } from '../rule-words.ts';
import { writeQuery, writeSegment } from '../what-if/targets.ts';
import { keyOf } from '../words.ts';
import type { ApiEntry, RouteEntry } from './table.ts';

/** The operations that a path can have there. */
const OPERATIONS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'];

type Operation = Readonly<Record<string, unknown>>;
interface PathItem extends Record<string, unknown> {
  'x-claimgate-rest'?: boolean;
}

/** Throws `CommandError` where two APIs have the same operation: a document has room for one. */
export function renderOpenApi(apis: readonly ApiEntry[], title: string): object {
  const schemes = new Map(
    apis.flatMap(({ api }) =>
      api.issuers.map((issuer) => [schemeName(issuer.name, api), schemeOf(issuer, api)] as const),
    ),
  );
  const paths = new Map<string, { item: PathItem; shape: string; owner: string }>();
  for (const { api, routes } of apis) {
    for (const entry of routes) {
      const { template, shape, rest } = placeOf(entry.route, paths);
      const known = paths.get(template) ?? { item: {}, shape, owner: api.name };
      paths.set(template, known);
      if (known.owner !== api.name)
        throw new CommandError(
          `${known.owner} and ${api.name} both have ${template}; a document has room for one: choose it with --api`,
        );
      if (rest) known.item['x-claimgate-rest'] = true;
      if (apis.length > 1) known.item['servers'] = serversOf(api.hosts.length === 0 ? [] : api.hosts);
      known.item['parameters'] ??= parametersOf(template);
      addOperations(known.item, entry);
    }
  }
  const [only] = apis;
  return {
    openapi: '3.1.0',
    info: {
      title,
      version: '0',
      description: 'Made by claimgate from its policy: what it lets through, and for whom.',
    },
    servers: apis.length === 1 && only !== undefined ? serversOf(only.api.hosts) : [{ url: '/' }],
    paths: Object.fromEntries([...paths].map(([template, { item }]) => [template, item])),
    components: {
      securitySchemes: Object.fromEntries(schemes),
      responses: RESPONSES,
      schemas: { Problem: PROBLEM },
    },
  };
}

const serversOf = (hosts: readonly string[]) => (hosts.length === 0 ? [{ url: '/' }] : hosts.map(serverOf));

/** A parameter of the host is a variable of the server. */
function serverOf(host: string): object {
  const name = paramOfHost(host);
  return name === undefined
    ? { url: `https://${host}` }
    : { url: `https://{${name}}${hostKey(host).slice(1)}`, variables: { [name]: { default: name } } };
}

/**
 * Parameters of the same place have one name, as the first route of the path has it. A rest is one parameter, or so
 * many that no other path looks the same: OpenAPI knows none that spans segments.
 */
function placeOf(route: Route, paths: ReadonlyMap<string, { shape: string }>) {
  const { segments } = keyOf(route);
  const isRest = segments.at(-1)?.kind === 'rest';
  const parts = segments.map((one, i) =>
    one.kind === 'literal'
      ? writeSegment(one.text)
      : one.kind === 'param'
        ? `${writeSegment(one.before)}{${one.name}}${writeSegment(one.after)}`
        : `{rest${i}}`,
  );
  const shapeBase = segments
    .map((one) =>
      one.kind === 'literal' ? `=${one.text}` : one.kind === 'param' ? `${one.before}:${one.after}` : ':',
    )
    .join('/');
  for (let depth = 0; ; depth++) {
    const more = Array.from({ length: depth }, (_, i) => `/{rest${parts.length + i}}`).join('');
    const hierarchy = shapeBase + '/:'.repeat(depth);
    const shape = `${isRest ? 'rest ' : ''}${hierarchy}`;
    const other = [...paths].find(([, one]) => one.shape.replace(/^rest /, '') === hierarchy);
    if (other === undefined) return { template: `/${parts.join('/')}${more}`, shape, rest: isRest };
    if (other[1].shape === shape) return { template: other[0], shape, rest: isRest };
    if (!isRest) return { template: other[0], shape, rest: false };
  }
}

const parametersOf = (template: string) =>
  [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));

function addOperations(item: PathItem, entry: RouteEntry): void {
  const operation = operationOf(entry);
  const query = writeQuery(keyOf(entry.route).query);
  if (query !== '') {
    const queries = (item['x-claimgate-queries'] ?? {}) as Record<string, PathItem>;
    item['x-claimgate-queries'] = queries;
    queries[query] ??= {};
    item = queries[query];
  }
  const methods = entry.methods.includes('*') ? OPERATIONS : entry.methods.map((one) => one.toLowerCase());
  for (const method of methods) {
    if (OPERATIONS.includes(method)) item[method] ??= operation;
    else item['x-claimgate-methods'] = { ...(item['x-claimgate-methods'] as object), [method]: operation };
  }
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
    demands.filter((demand) => demand.alternatives !== undefined || !isAboutScopes(demand)),
    ({ rule }) => rule,
  );
  return Object.fromEntries([...byRule].map(([rule, part]) => [rule, RULE_WORDS[rule].list(part)]));
}

/** An issuer has one for each place that its tokens are read from. */
function schemeName(issuer: string, { tokenFrom }: Api): string {
  if (tokenFrom.kind === 'authorization') return issuer;
  const name = tokenFrom.kind === 'header' ? tokenFrom.header : 'cookie' in tokenFrom ? tokenFrom.cookie : '';
  return [issuer, tokenFrom.kind, name]
    .filter(Boolean)
    .join('_')
    .replace(/[^A-Za-z0-9._-]/g, '-');
}

function schemeOf({ issuer, keys }: Issuer, { tokenFrom }: Api): object {
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
  if (keys.kind === 'jwks') return { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description };
  const openIdConnectUrl =
    keys.kind === 'metadata' ? keys.uri : `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  return { type: 'openIdConnect', openIdConnectUrl, description };
}

const RESPONSES = {
  Refused: {
    description: 'The gateway refused the request; `reason` says why.',
    headers: {
      'WWW-Authenticate': { schema: { type: 'string' } },
      'X-Request-Id': { schema: { type: 'string' } },
    },
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  },
};

const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'reason', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    reason: { type: 'string' },
    request_id: { type: 'string' },
  },
};

/** A title for the document. */
export const titleOf = (apis: readonly ApiEntry[]): string =>
  apis.map(({ api: { name, hosts } }) => (hosts.length === 0 ? name : `${name} on ${hosts[0]}`)).join(', ');
