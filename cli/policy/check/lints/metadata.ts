import { closest, fault } from '../../../../src/policy/compile/fault.ts';
import { hasRoute } from '../../../../src/policy/match.ts';
import { parsePath } from '../../../../src/policy/path.ts';
import type { Api, Policy } from '../../../../src/policy/policy.ts';
import { metadataUrl, normaliseHost } from '../../../../src/policy/uri.ts';
import { isTable } from '../../../text/json.ts';
import { shown } from '../../../text/words.ts';
import { type Lint, namedScopes, type Subject } from './subject.ts';

export const metadata: Lint = {
  name: 'metadata',
  finds:
    'metadata (RFC 9728) that an API loses to another one or keeps from its origin, and scopes in it that lead nowhere',
  why: 'clients ask for what metadata and challenges say: with other names the issuer refuses them, or their token is refused here',
  remedy:
    'name scopes as the issuer knows them (`scope_prefix`, `scopes_supported`), and give each API a `resource` of its own',
  *find(subject) {
    for (const api of subject.policy.apis) {
      const scopes = demandedBy(api);
      for (const [field, problem, remedy] of [
        ...prefixFindings(api, scopes),
        ...listFindings(api, scopes),
        ...documentFindings(api, subject),
      ])
        yield fault([api.name, field], problem, remedy);
    }
  },
};

type Finding = readonly [field: string, problem: string, remedy: string];

const demandedBy = ({ routes }: Api) =>
  new Set(routes.flatMap((route) => namedScopes(route).map(({ scope }) => scope)));

function* prefixFindings({ scopePrefix: prefix }: Api, scopes: ReadonlySet<string>): Generator<Finding> {
  if (prefix === '') return;
  if (scopes.size === 0)
    yield [
      'scope_prefix',
      'no route of this API names a scope that it could stand before',
      'remove it, or name scopes in the routes',
    ];
  const long = [...scopes].find((one) => one.startsWith(prefix));
  if (long !== undefined)
    yield [
      'scope_prefix',
      `the scope ${shown(long)} has it already, and clients would be told it twice`,
      'write scopes in the routes as tokens have them, without the prefix',
    ];
  else if (/[A-Za-z0-9]$/.test(prefix) && scopes.size > 0)
    yield [
      'scope_prefix',
      `clients would ask for ${shown(prefix + [...scopes][0])}`,
      `write what stands between as well: ${shown(`${prefix}/`)}`,
    ];
}

function* listFindings(
  { scopesSupported: listed, scopePrefix: prefix, resource }: Api,
  scopes: ReadonlySet<string>,
): Generator<Finding> {
  if (listed === undefined) return;
  const at = 'scopes_supported';
  if (resource === undefined)
    yield [
      at,
      'this API has no metadata that would list them',
      'add resource, an https URL on one of its hosts',
    ];
  const full = [...scopes].map((one) => `${prefix}${one}`);
  const strange = listed.filter((one) => !full.includes(one));
  for (const scope of full.filter((one) => !listed.includes(one))) {
    const longer = strange.find((one) => one.endsWith(scope) && /[/:.]$/.test(one.slice(0, -scope.length)));
    const meant = closest(scope, strange);
    if (longer !== undefined)
      yield [
        at,
        `it lists ${shown(longer)}, and challenges name ${shown(scope)}`,
        `add scope_prefix = ${shown(prefix + longer.slice(0, -scope.length))}, or list the name of the routes`,
      ];
    else if (meant !== undefined)
      yield [
        at,
        `a route demands ${shown(scope)}, and ${shown(meant)} is listed`,
        `did you mean ${shown(scope)}?`,
      ];
  }
  if (full.length > 0 && strange.length === listed.length && !full.some((one) => hasNear(one, strange)))
    yield [
      at,
      'no scope is listed that a route demands: a client that asks for all of them may call none',
      `add ${shown(full[0] ?? '')}`,
    ];
}

/** It is found already, by its likeness. */
const hasNear = (scope: string, names: readonly string[]) =>
  closest(scope, names) !== undefined || names.some((one) => one.endsWith(scope));

function* documentFindings(api: Api, { policy, section }: Subject): Generator<Finding> {
  const { name, resource, hosts } = api;
  if (resource === undefined) return yield* lostDocument(api, policy);
  const table = section.vars?.[name];
  const written = (field: string) => isTable(table) && table[field] !== undefined;
  const field = written('resource') ? 'resource' : 'audience';
  const url = metadataUrl(resource);
  const other = policy.apis.find(
    (one) =>
      one.resource !== undefined && one.resource !== resource && placeOf(one.resource) === placeOf(resource),
  );
  if (other !== undefined)
    yield [
      field,
      `its metadata is at the place of that of ${other.name}, ${url.host}${url.pathname}, and one of them is lost`,
      `write the same identifier in both, or ones with different paths`,
    ];
  const path = parsePath(url.pathname);
  const served = policy.hosts.get(normaliseHost(url.host)) ?? policy.otherHosts;
  if (typeof path !== 'string' && served !== undefined && hasRoute(served, 'GET', path))
    yield [
      field,
      `the gateway answers ${url.pathname} itself, and the route for it is never reached`,
      'remove the route, or the resource if the document of the origin is the better one',
    ];
  if (api.tellsAudience === false && api.routes.some(({ audiences }) => audiences.includes(resource)))
    yield [
      'tell_audience',
      'the metadata has the audience as its resource, and tells it all the same',
      hosts.length > 0
        ? `add resource = ${shown(`https://${hosts[0]}`)}, or remove tell_audience`
        : 'remove it',
    ];
}

const placeOf = (resource: string) => {
  const { host, pathname } = metadataUrl(resource);
  return `${normaliseHost(host)} ${pathname}`;
};

/** The host is its default for one API alone: a second one takes it from the first. */
function* lostDocument({ name, hosts }: Api, { apis }: Policy): Generator<Finding> {
  const [host] = hosts;
  if (host === undefined || host.startsWith(':')) return;
  const beside = apis.find(
    (one) => one.name !== name && one.resource !== undefined && one.hosts.includes(host),
  );
  if (beside !== undefined)
    yield [
      'hosts',
      `clients find metadata of ${beside.name} on this host, and none of this API`,
      'add resource, the https URL on this host under which clients know it',
    ];
}
