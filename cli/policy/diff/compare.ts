/** Two policies, compared by what they say to requests: every class of them is asked of both. */

import { parsePath } from '../../../src/policy/path.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { pathClasses } from './classes.ts';
import { type Collected, createCollector } from './collect.ts';
import { ANY_OTHER, type OtherChange } from './difference.ts';
import { createExaminer } from './examine.ts';
import { hostGroups } from './hosts.ts';
import { settingsChanges } from './other.ts';
import { spellingsOf } from './spellings.ts';

/** Stand for all methods that no route names, in upper case. */
export const OTHER_METHODS = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'X-OTHER'];
/** No route serves those in lower case, but APIs on trial take them. */
const LOWER_CASE = 'x-other';

export function collectDifferences(
  old: Policy,
  now: Policy,
  nowSeconds: number,
): { found: Collected[]; other: OtherChange[] } {
  const collector = createCollector();
  const other = new Map<string, OtherChange>();
  const tell = (changes: readonly OtherChange[]) => {
    for (const change of changes) other.set(JSON.stringify(change), change);
  };
  const examine = createExaminer(old, now, nowSeconds, tell);
  const isOnTrial = [old, now].some(({ apis }) => apis.some(({ trial }) => trial !== undefined));
  const spellings = spellingsOf([old, now]);
  for (const { names, host, tables } of hostGroups([old, now])) {
    for (const { path, respelt, methods, queries } of pathClasses(tables, spellings)) {
      const parsed = parsePath(path);
      if (typeof parsed === 'string') continue;
      const unnamed = OTHER_METHODS.find((method) => !methods.has(method));
      const others = [...(unnamed === undefined ? [] : [unnamed]), ...(isOnTrial ? [LOWER_CASE] : [])];
      for (const method of new Set([...methods, 'HEAD', ...others])) {
        for (const { query, isOdd } of queries) {
          for (const sighting of examine(host, method, path + query, parsed, query)) {
            collector.see({
              ...sighting,
              respelt: respelt || isOdd,
              hosts: names.length === 0 ? [''] : names,
              method: others.includes(method) ? ANY_OTHER : method,
            });
          }
        }
      }
    }
  }
  tell(settingsChanges(old, now));
  return { found: collector.finish(), other: [...other.values()] };
}
