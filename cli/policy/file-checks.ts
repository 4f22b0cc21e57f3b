import { type Fault, fault } from '../../src/policy/fault.ts';
import type { Section } from './config.ts';

/** A variable of a Worker holds so much, as JSON. wrangler uploads more, only for it to be refused. */
const MAX_VARIABLE_BYTES = 5_000;

function sizeRemedy(name: string, value: unknown): string {
  if (!name.startsWith('API_')) return 'make it shorter';
  const base = (value as { extends?: unknown }).extends ?? name;
  return `move routes into another table, such as [vars.${String(base)}_MORE] with extends = ${JSON.stringify(base)}`;
}

/** A secret that stands in the file is none. */
function findPlainSecrets(vars: Readonly<Record<string, unknown>>): Fault[] {
  return Object.entries(vars).flatMap(([name, table]) => {
    const headers = (table as { origin_headers?: Record<string, unknown> } | null)?.origin_headers ?? {};
    return Object.entries(headers)
      .filter(
        ([, value]) => typeof value === 'string' && typeof vars[value.replace(/^secret:/, '')] === 'string',
      )
      .map(([header]) =>
        fault(
          [name, 'origin_headers', header],
          'its secret stands in the file, under [vars]',
          'take it out there, and set it with `npx wrangler secret put`',
        ),
      );
  });
}

/** What the running Worker can't see: how the file holds the policy, and what answers before the Worker does. */
export function checkFile({ vars = {}, cache, ...section }: Section): Fault[] {
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(vars)) {
    const bytes = Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
    if (bytes <= MAX_VARIABLE_BYTES) continue;
    faults.push(
      fault(
        [name],
        `this is ${bytes} bytes, and a variable holds ${MAX_VARIABLE_BYTES}`,
        sizeRemedy(name, value),
      ),
    );
  }
  faults.push(...findPlainSecrets(vars));
  for (const name of Object.keys(section).filter((key) => /^(GATEWAY|ISSUERS?|API[-_].+)$/i.test(key))) {
    faults.push(fault([name], 'policy stands under [vars]', `write [vars.${name}]`));
  }
  if (cache?.enabled === true) {
    faults.push(
      fault(
        ['cache', 'enabled'],
        'the cache would answer before the gateway has looked at a token',
        'remove [cache] from wrangler.toml',
      ),
    );
  }
  return faults;
}
