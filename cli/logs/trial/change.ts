/** The lines of the policy's file that end a route's trial, however the route is written there. */
import { compileSection, environmentOf, type PolicyFile, parsePolicyFile } from '../../policy/file/config.ts';
import { isTable } from '../../text/json.ts';
import { enforce, type RouteTable } from './enforced.ts';

export type Proposal =
  | {
      readonly kind: 'lines';
      /** Counted from 1: where the first line is that goes away. */
      readonly line: number;
      readonly remove: readonly string[];
      readonly add: readonly string[];
      /** The whole file with the change. */
      readonly text: string;
    }
  /** The tool can't write it. */
  | { readonly kind: 'by_hand'; readonly why: string };

/**
 * @param api the name of the API; its tables that `extends` it are looked through as well
 * @param isOfApi whether the whole API is on trial
 */
export function proposeChange(
  file: PolicyFile,
  environment: string | undefined,
  api: string,
  key: string,
  isOfApi = false,
): Proposal {
  const vars = environmentOf(file, environment).vars ?? {};
  const table = Object.keys(vars).find((name) => {
    const table = vars[name];
    if (!isTable(table) || !isTable(table['routes'])) return false;
    return (name === api || table['extends'] === api) && table['routes'][key] !== undefined;
  });
  if (table === undefined) return byHand(`there is no route ${key} in the file`);
  const route = (vars[table] as { routes: Record<string, RouteTable> }).routes[key] ?? {};
  const enforced = enforce(route, isOfApi);
  if (!enforced.ok) return byHand(enforced.why);
  const place = [...(environment === undefined ? [] : ['env', environment]), 'vars', table, 'routes', key];
  const text = file.format.edit(file.text, {
    place,
    before: route,
    after: enforced.route,
  });
  const change = text === undefined ? undefined : proposeText(file.text, text);
  if (change === undefined || !holds(file, environment, change))
    return byHand('the route is written in a way that this tool does not change');
  return change;
}

const byHand = (why: string): Proposal => ({ kind: 'by_hand', why });

/** The changed file is read again: what is proposed must compile. */
function holds(file: PolicyFile, environment: string | undefined, change: Proposal): boolean {
  if (change.kind !== 'lines') return false;
  try {
    return compileSection(environmentOf(parsePolicyFile(file.path, change.text), environment)).ok;
  } catch {
    return false;
  }
}

/** Tells an edit line by line. */
const proposeText = (before: string, text: string): Proposal => ({
  kind: 'lines',
  text,
  ...difference(before.split('\n'), text.split('\n')),
});

/** The lines between those that both begin with, and those that both end with. */
function difference(before: readonly string[], after: readonly string[]) {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start++;
  let same = 0;
  const most = Math.min(before.length, after.length) - start;
  while (same < most && before.at(-1 - same) === after.at(-1 - same)) same++;
  return {
    line: start + 1,
    remove: before.slice(start, before.length - same),
    add: after.slice(start, after.length - same),
  };
}
