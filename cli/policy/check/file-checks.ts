/** Errors that the running Worker can't see: how the file holds the policy, and what answers before the Worker does. */
import { fault } from '../../../src/policy/compile/fault.ts';
import { isApiName, isIssuersName } from '../../../src/policy/compile/names.ts';
import { isTable, listOf } from '../../text/json.ts';
import type { Section } from '../file/config.ts';
import { type FileCheck, outsideVars } from './findings.ts';
import { objectMigration } from './object-migration.ts';

/** A variable of a Worker holds so much, as JSON. wrangler uploads more, only for it to be refused. */
export const MAX_VARIABLE_BYTES = 5_000;

export const sizeOf = (value: unknown): number =>
  Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));

/** A policy in code is none. */
export const variablesOf = ({ vars = {}, policyInCode = false }: Section) =>
  Object.entries(vars).filter(([, value]) => !policyInCode || !isTable(value));

/** How a variable gets smaller. */
export function sizeRemedy(name: string, value: unknown): string {
  if (isIssuersName(name))
    return 'move issuers into another table, such as [vars.ISSUERS_2]: it continues ISSUERS';
  if (!isApiName(name)) return 'make it shorter';
  const base = (value as { extends?: unknown }).extends ?? name;
  return `move routes into another table, such as [vars.${String(base)}_MORE] with extends = ${JSON.stringify(base)}`;
}

const variableSize: FileCheck = {
  name: 'variable-size',
  severity: 'error',
  finds: 'a variable of more than 5,000 bytes, as JSON',
  why: 'the platform refuses larger ones, after the upload',
  remedy: 'move routes into another table that extends the API, or issuers into `[vars.ISSUERS_2]`',
  find: (section) =>
    variablesOf(section).flatMap(([name, value]) => {
      const bytes = sizeOf(value);
      if (bytes <= MAX_VARIABLE_BYTES) return [];
      const problem = `this is ${bytes} bytes, and a variable holds ${MAX_VARIABLE_BYTES}`;
      return [fault([name], problem, sizeRemedy(name, value))];
    }),
};

const plainSecret: FileCheck = {
  name: 'plain-secret',
  severity: 'error',
  finds:
    'a secret (of `origin_headers`, of `[secrets] required`, `KEYS_SECRET`, `LOG_KEY`) whose value stands under `[vars]`',
  why: 'whoever reads the file can send what the origin takes for a proof',
  remedy: 'take it out of the file, and set it with `npx wrangler secret put`',
  find: ({ vars = {}, secrets }) => {
    const named = new Set(['KEYS_SECRET', 'LOG_KEY', ...listOf(secrets?.required)]);
    const headers = Object.entries(vars).flatMap(([name, table]) =>
      Object.entries(
        (isApiName(name) && isTable(table) && isTable(table['origin_headers']) && table['origin_headers']) ||
          {},
      )
        .map(
          ([header, value]) =>
            [String(value).replace(/^secret:/, ''), [name, 'origin_headers', header]] as const,
        )
        .filter(([secret]) => typeof vars[secret] === 'string'),
    );
    const others = Object.keys(vars)
      .filter((name) => named.has(name) && !headers.some(([secret]) => secret === name))
      .map((name) => [name, [name]] as const);
    return [...headers, ...others].map(([, place]) =>
      fault(
        place,
        'the secret stands in the file, under [vars]',
        'take it out there, and set it with `npx wrangler secret put`',
      ),
    );
  },
};

const misplacedPolicy: FileCheck = {
  name: 'misplaced-policy',
  severity: 'error',
  finds: 'a table of the policy that stands beside `[vars]`',
  why: 'wrangler does not pass it to the Worker: nobody reads it',
  remedy: 'move it under `[vars]`',
  find: (section) =>
    Object.keys(section)
      .filter((key) => /^(GATEWAY|ISSUERS?([-_].+)?|API[-_].+)$/i.test(key))
      .map((name) => outsideVars([name], 'policy stands under [vars]', `write [vars.${name}]`)),
};

const cacheEnabled: FileCheck = {
  name: 'cache-enabled',
  severity: 'error',
  finds: '`[cache]` that is enabled',
  why: "it would answer one caller with another's response, without a token",
  remedy: 'remove it; origins can be cached in front of their own zone',
  find: ({ cache }) =>
    cache?.enabled === true
      ? [
          outsideVars(
            ['cache', 'enabled'],
            'the cache would answer before the gateway has looked at a token',
            'remove [cache] from wrangler.toml',
          ),
        ]
      : [],
};

export const FILE_CHECKS: readonly FileCheck[] = [
  variableSize,
  plainSecret,
  misplacedPolicy,
  cacheEnabled,
  objectMigration,
];
