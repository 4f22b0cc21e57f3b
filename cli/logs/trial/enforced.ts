/** A route whose trial is over: what it says then. */
import type { RulesConfig } from '../../../src/policy/compile/schema.ts';

export type RouteTable = Readonly<Record<string, unknown>>;

export type Enforced =
  | { readonly ok: true; readonly route: RouteTable }
  /** The rules don't fit into one another. */
  | { readonly ok: false; readonly why: string };

/**
 * `report_only` goes away; else the rules of `report` are enforced beside those that the route has. A token then
 * passes if it satisfied both before.
 *
 * @param isOfApi the whole API is on trial: its route says that it no longer is
 */
export function enforce(
  { report, report_only: reportOnly, ...route }: RouteTable,
  isOfApi = false,
): Enforced {
  if (isOfApi)
    return { ok: true, route: { ...route, ...(report !== undefined && { report }), report_only: false } };
  if (reportOnly === true) return { ok: true, route: { ...route, ...(report !== undefined && { report }) } };
  const enforced: Record<string, unknown> = { ...route };
  // Rules beside "optional" would never refuse anybody; the default is "required".
  delete enforced['auth'];
  for (const [field, tried] of Object.entries((report ?? {}) as RouteTable)) {
    const merged = merge(field, route[field], tried);
    if (merged === undefined) return { ok: false, why: `both the route and its report have ${field}` };
    enforced[field] = merged;
  }
  return { ok: true, route: enforced };
}

type Field = keyof RulesConfig;
type Merge = (now: unknown, tried: unknown) => unknown;

/** How two values of one field become one that says both. `undefined`: none does. */
const MERGE: Readonly<Record<Field, Merge>> = {
  scopes_all: (now, tried) => [...new Set([...listOf(now), ...listOf(tried)])],
  scopes_any: theNarrower,
  clients: common,
  claims: mergeClaims,
  any_of: theNarrower,
  audience: theNarrower,
  issuer: common,
};

function merge(field: string, now: unknown, tried: unknown): unknown {
  if (now === undefined || JSON.stringify(now) === JSON.stringify(tried)) return tried;
  return Object.hasOwn(MERGE, field) ? MERGE[field as Field](now, tried) : undefined;
}

/** A token has one client, and one issuer: it must be in both lists. */
function common(now: unknown, tried: unknown): unknown[] | undefined {
  const mine = listOf(now).map((one) => JSON.stringify(one));
  const both = listOf(tried).filter((one) => mine.includes(JSON.stringify(one)));
  return both.length > 0 ? both : undefined;
}

/** Where any of a list will do, one list says both if it lies within the other. */
function theNarrower(now: unknown, tried: unknown): unknown[] | undefined {
  const both = common(now, tried);
  return both?.length === listOf(tried).length ? both : undefined;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function mergeClaims(now: unknown, tried: unknown): RouteTable | undefined {
  const [mine, others] = [now as RouteTable, tried as RouteTable];
  const clash = Object.keys(others).some(
    (claim) => claim in mine && JSON.stringify(mine[claim]) !== JSON.stringify(others[claim]),
  );
  return clash ? undefined : { ...mine, ...others };
}
