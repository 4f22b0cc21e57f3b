/** The tables that drafted routes are written into: each within the size of a variable, none that is there already. */

import { FORMATS } from '../../formats/formats.ts';
import { renderKey } from '../../formats/inline-toml.ts';
import { parseToml } from '../../formats/toml-parse.ts';
import { MAX_VARIABLE_BYTES, sizeOf } from '../../policy/check/file-checks.ts';
import type { Given } from './policy.ts';
import type { DraftRoute } from './propose.ts';
import { filled, ruleOf } from './sift.ts';

export interface DraftTable {
  readonly name: string;
  /** The API that it continues. */
  readonly extends: string | undefined;
  readonly routes: readonly DraftRoute[];
}

/** @returns `undefined` where the policy has no such API: its table has to be written first */
export function tablesOf(api: string, routes: readonly DraftRoute[], given: Given): DraftTable[] | undefined {
  const { policy, section } = given;
  const vars = section.vars ?? {};
  if (policy?.apis.every(({ name }) => name !== api)) return undefined;
  const tables: { name: string; extends: string | undefined; routes: DraftRoute[] }[] = [];
  const taken = new Set(Object.keys(vars));
  let [table, size] = [tables[0], 0];
  for (const route of routes) {
    const bytes = sizeOf({ [route.key]: filled(ruleOf(route)) });
    if (table === undefined || size + bytes > MAX_VARIABLE_BYTES) {
      const isBase =
        tables.length === 0 &&
        takesRoutes(api, given) &&
        sizeOf(vars[api] ?? {}) + bytes <= MAX_VARIABLE_BYTES;
      const name = isBase ? api : freeName(api, taken);
      taken.add(name);
      table = { name, extends: isBase ? undefined : api, routes: [] };
      // What a person adds to the API beside its routes is not known without the policy.
      size = isBase ? sizeOf(vars[api] ?? {}) + HEAD_BYTES : sizeOf({ extends: api, routes: {} });
      if (isBase && policy === undefined) size += UNKNOWN_BYTES;
      tables.push(table);
    }
    table.routes.push(route);
    size += bytes;
  }
  return tables;
}

/** `"routes":{}` */
const HEAD_BYTES = 12;
const UNKNOWN_BYTES = 1_000;

/** Whether `[vars.API_X.routes]` can be written below what is in the file; in JSON, whether the API has none yet. */
function takesRoutes(api: string, { file, environment, policy, section }: Given): boolean {
  if (policy === undefined || file === undefined) return true;
  if (file.format !== FORMATS.toml) return !Object.hasOwn(section.vars?.[api] ?? {}, 'routes');
  const header = [...(environment === undefined ? [] : ['env', environment]), 'vars', api, 'routes'];
  try {
    parseToml(file.path, `${file.text}\n[${header.map(renderKey).join('.')}]\n`);
    return true;
  } catch {
    return false;
  }
}

function freeName(api: string, taken: ReadonlySet<string>): string {
  for (let i = 2; ; i++) if (!taken.has(`${api}_${i}`)) return `${api}_${i}`;
}
