/**
 * What a Worker is bound to, by its configuration file. Which bindings can fetch is what `wrangler types` writes as
 * `Fetcher` (seen in wrangler 4.155, its config schema and type generation).
 */
import { type Bindings, namespaceFault } from '../../../src/policy/compile/bindings.ts';
import { isTable, listOf, type Table, textOf } from '../../text/json.ts';

/** Lists of bindings that can fetch, by the name `binding`. `assets`, which is one table, can too. */
const FETCHERS = ['services', 'vpc_services', 'vpc_networks'] as const;

/**
 * The binding of that name that can fetch, and the field that has it.
 *
 * @param section of the file; what is not a list or table there is wrangler's to complain about
 */
export function fetcherIn(section: object, name: string): { field: string; table: Table } | undefined {
  for (const field of FETCHERS) {
    const table = tablesIn(section, field).find(({ binding }) => binding === name);
    if (table !== undefined) return { field, table };
  }
  const { assets } = section as Table;
  return isTable(assets) && assets['binding'] === name ? { field: 'assets', table: assets } : undefined;
}

/** Secrets are not in the file: whether they are there, the running Worker says. */
export function listBindings(section: object, environment: string | undefined): Bindings {
  const { main, assets, unsafe, durable_objects: objects, routes, route } = section as Table;
  // The gateway as it is, without handlers of its own. Of another Worker, the file doesn't tell whether it has any.
  const isGateway = /(^|\/)claimgate\/(dist\/worker\.js|worker)$/.test(textOf(main) ?? '');
  const unsafeServices = isTable(unsafe) ? listOf(unsafe['bindings']).filter(isTable) : [];
  const named = (tables: readonly Table[], member: string) =>
    tables.flatMap(({ [member]: name }) => (typeof name === 'string' ? [name] : []));
  const of = (kind: string, tables: readonly Table[], member: string) =>
    named(tables, member).map((name) => [name, kind] as const);
  const namespaces = new Map([
    ...of('dispatch namespace', tablesIn(section, 'dispatch_namespaces'), 'binding'),
    ...of('Durable Object namespace', isTable(objects) ? tablesIn(objects, 'bindings') : [], 'name'),
  ]);
  return {
    ...(isGateway && { next: false }),
    services: [
      ...FETCHERS.flatMap((field) => named(tablesIn(section, field), 'binding')),
      ...(isTable(assets) ? named([assets], 'binding') : []),
      // Which of these can fetch is not known here.
      ...named(unsafeServices, 'name'),
    ],
    certificates: named(tablesIn(section, 'mtls_certificates'), 'binding'),
    objects: isTable(objects) ? named(tablesIn(objects, 'bindings'), 'name') : [],
    namespaces: named(tablesIn(section, 'kv_namespaces'), 'binding'),
    rateLimits: named(tablesIn(section, 'ratelimits'), 'name'),
    workerRoutes: [...listOf(routes), route].flatMap((one) =>
      typeof one === 'string' ? [one] : named(isTable(one) ? [one] : [], 'pattern'),
    ),
    reword(kind, name, problem, remedy) {
      const namespace = kind === 'services' ? namespaces.get(name) : undefined;
      if (namespace !== undefined) return namespaceFault(name, namespace);
      // The one object that a policy names is the gateway's own.
      const whole =
        kind === 'objects'
          ? remedy.replace(/(?<= = "[^"]+")(?= to )/, ' and class_name = "Revocations"')
          : remedy;
      // An environment inherits none.
      return [problem, environment === undefined ? whole : whole.replace('[[', `[[env.${environment}.`)];
    },
  };
}

const tablesIn = (section: object, field: string): readonly Table[] =>
  listOf((section as Table)[field]).filter(isTable);
