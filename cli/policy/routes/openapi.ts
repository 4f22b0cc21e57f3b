/** The route table as an OpenAPI 3.1 document: paths, and security derived from the rules. */

import { hostKey, paramOfHost } from '../../../src/policy/hosts.ts';
import type { Route } from '../../../src/policy/policy.ts';
import { writeSegment } from '../what-if/targets.ts';
import { keyOf } from '../words.ts';
import {
  addOperations,
  giveHeadToGet,
  hasOperation,
  type PathItem,
  schemeName,
  schemeOf,
} from './openapi-operations.ts';
import type { ApiEntry } from './table.ts';

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
      const before = paths.get(template);
      const isTaken = before !== undefined && before.owner !== api.name && hasOperation(before.item, entry);
      // A document has one operation for a method of a path. A fragment tells the same path of two servers apart.
      const place = isTaken ? `${template}#${api.name}` : template;
      const known = paths.get(place) ?? { item: {}, shape: isTaken ? place : shape, owner: api.name };
      paths.set(place, known);
      if (rest) known.item['x-claimgate-rest'] = true;
      if (apis.length > 1) known.item['servers'] ??= serversOf(api.hosts);
      known.item['parameters'] ??= parametersOf(template);
      // Operations of another API say where they are.
      addOperations(known.item, entry, known.owner === api.name ? undefined : serversOf(api.hosts));
    }
  }
  for (const { item } of paths.values()) giveHeadToGet(item);
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
