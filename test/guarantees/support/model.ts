/** A policy as the tests know it: what stands in the tables, and nothing that the gateway makes of it. */

export type Table = Readonly<Record<string, unknown>>;

/** One line of a table of routes. */
export interface Entry {
  /** `GET`, `GET|PUT`, `*`. */
  readonly methods: string;
  /** As it is written, with `:params`. */
  readonly path: string;
  readonly rule: Table;
}

export interface ApiModel {
  readonly name: string;
  readonly hosts: readonly string[] | undefined;
  readonly strip: string | undefined;
  readonly audience: readonly string[];
  readonly issuer: readonly string[];
  readonly rateLimit: string | undefined;
  readonly entries: readonly Entry[];
  /** Every other route stands in a table that extends the API. */
  readonly isSpread: boolean;
  readonly onTrial?: boolean | undefined;
}

export interface World {
  readonly apis: readonly ApiModel[];
  readonly settings: Table;
  readonly issuers: Table;
}

export const ISSUERS = { one: 'https://one.example/', two: 'https://two.example/' } as const;
export const ORIGIN = 'https://origin.example';
export const NOW_SECONDS = 1_800_000_000;

export const keyOf = ({ methods, path }: Pick<Entry, 'methods' | 'path'>): string => `${methods} ${path}`;

/** Without the fields that have no value. */
export const clean = (table: Table): Record<string, unknown> =>
  Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));

const routesOf = (entries: readonly Entry[]) =>
  Object.fromEntries(entries.map((entry) => [keyOf(entry), entry.rule]));

/** What stands under `[vars]`. */
export function tablesOf({ apis, settings, issuers }: World): Record<string, unknown> {
  const tables: [string, unknown][] = [
    ['GATEWAY', settings],
    ['ISSUERS', issuers],
  ];
  for (const api of apis) {
    const { name, hosts, strip, audience, issuer, rateLimit, entries, isSpread, onTrial } = api;
    const [own, more] = isSpread
      ? [entries.filter((_, i) => i % 2 === 0), entries.filter((_, i) => i % 2 === 1)]
      : [entries, []];
    const table = {
      hosts,
      origin: ORIGIN,
      strip_prefix: strip,
      audience,
      issuer,
      rate_limit: rateLimit,
      report_only: onTrial,
    };
    tables.push([name, clean({ ...table, routes: routesOf(own) })]);
    if (more.length > 0) tables.push([`${name}_2`, { extends: name, routes: routesOf(more) }]);
  }
  return Object.fromEntries(tables);
}

/** A caller, as far as rules look. */
export interface Caller {
  readonly issuer: keyof typeof ISSUERS;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly client: string | undefined;
  readonly claims: Table;
}

/** `none`: no token; `bad`: one that no issuer made. */
export type Token = Caller | 'none' | 'bad';

export interface Asked {
  readonly method: string;
  readonly host: string;
  /** As it is sent to the gateway. */
  readonly path: string;
  readonly token: Token;
}
