/** A route whose trial is over: what it says then. */

export type RouteTable = Readonly<Record<string, unknown>>;

export type Enforced =
  | { readonly ok: true; readonly route: RouteTable }
  /** The rules don't fit into one another. */
  | { readonly ok: false; readonly why: string };

/**
 * `report_only` goes away; else the rules of `report` are enforced beside those that the route has. A token then
 * passes if it satisfied both before.
 */
export function enforce({ report, report_only: reportOnly, ...route }: RouteTable): Enforced {
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

/** @returns `undefined` where no value says both */
function merge(field: string, now: unknown, tried: unknown): unknown {
  if (now === undefined || JSON.stringify(now) === JSON.stringify(tried)) return tried;
  if (field === 'claims') return mergeClaims(now as RouteTable, tried as RouteTable);
  const [mine, others] = [listOf(now), listOf(tried)];
  if (field === 'scopes_all') return [...new Set([...mine, ...others])];
  const both = others.filter((one) => mine.includes(one));
  // Of one list any will do: one that lies within the other says both. Clients and issuers have one value each.
  const isOneValue = field === 'clients' || field === 'issuer';
  const isWithin = both.length === others.length;
  return both.length > 0 && (isOneValue || isWithin) ? both : undefined;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function mergeClaims(now: RouteTable, tried: RouteTable): RouteTable | undefined {
  const clash = Object.keys(tried).some(
    (claim) => claim in now && JSON.stringify(now[claim]) !== JSON.stringify(tried[claim]),
  );
  return clash ? undefined : { ...now, ...tried };
}
