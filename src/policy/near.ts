/** Routes that a path misses by its spelling. */
import type { ParsedPath } from './path.ts';
import type { RouteTable } from './policy.ts';
import { routesFor } from './served.ts';
import { findFolded } from './tree.ts';

/**
 * The pattern, as the policy has it, that a path without a route misses by a slash at its end or by the case of letters
 * alone. Nothing of the request is in it.
 */
export function nearPattern(
  { folded }: RouteTable,
  method: string,
  path: ParsedPath,
  query: string,
): string | undefined {
  const isCaseOnly = path.folded.every((segment, i) => segment === path.segments[i]?.toLowerCase());
  if (!isCaseOnly) return undefined;
  const near = findFolded(folded, path)
    .flatMap(({ leaves }) => leaves)
    .find((leaf) => routesFor(leaf, method, query).length > 0);
  return near?.pattern;
}
