/** Reads files of cases. What is wrong with one is told with its place, all of it at once. */
import { PROBLEMS } from '../../../src/http/problem.ts';
import { type Fault, fault, type Place, suggest } from '../../../src/policy/compile/fault.ts';
import { schemaFaults } from '../../../src/policy/compile/schema-faults.ts';
import { REVOCATION_KINDS } from '../../../src/revocation/revocation.ts';
import type { Positions } from '../../formats/positions.ts';
import { parseToml } from '../../formats/toml-parse.ts';
import { readTomlPositions } from '../../formats/toml-positions.ts';
import { readText } from '../../text/files.ts';
import { CommandError } from '../../text/terminal.ts';
import { listed } from '../../text/words.ts';
import { CASE_FIELDS, type CaseConfig, caseSchema } from './schema.ts';

export interface Case extends CaseConfig {
  /** One of those that the case in the file has. */
  readonly request: string;
  readonly file: CaseFile;
  /** Its number in the file, from 0. */
  readonly index: number;
  /** As it is written, or else made of the request and what is expected. */
  readonly title: string;
}

export interface CaseFile {
  readonly path: string;
  /** The line of a field, else of its case. */
  lineOf(index: number, field?: string): number;
}

/** Throws `CommandError` for what is not a file of cases. */
export function readCases(path: string): Case[] {
  return parseCases(path, readText(path, 'claimgate test --init writes first cases'));
}

export function parseCases(path: string, text: string): Case[] {
  const document = parseToml(path, text) as Record<string, unknown>;
  let positions: Positions | undefined;
  const regionOf = (place: Place) => {
    positions ??= readTomlPositions(text);
    return positions.regionOf(place);
  };
  const file: CaseFile = {
    path,
    lineOf: (index, field) => regionOf(['case', index, ...(field === undefined ? [] : [field])]).line,
  };
  const faults: Fault[] = [];
  for (const name of Object.keys(document)) {
    if (name !== 'case')
      faults.push(fault([name], 'a file of cases can have no other table', 'write them as [[case]]'));
  }
  const { case: tables = [] } = document;
  if (!Array.isArray(tables))
    faults.push(fault(['case'], 'case is one table, not a list of them', 'write [[case]] with two brackets'));
  const cases = (Array.isArray(tables) ? tables : []).flatMap((table: unknown, index) => {
    const parsed = caseSchema.safeParse(table);
    if (!parsed.success) {
      const found = schemaFaults(['case', index], table, parsed.error.issues, () => CASE_FIELDS);
      faults.push(...found.map(wordFault));
      return [];
    }
    faults.push(...contradictions(index, parsed.data));
    return casesOf(parsed.data, file, index);
  });
  if (faults.length > 0) {
    const lines = faults.map(({ place, problem, remedy }) => {
      const { line, column } = regionOf(place);
      const field = (place[0] === 'case' ? place.slice(2) : place).join('.');
      return `${path}:${line}:${column}  ${field === '' ? '' : `${field}: `}${problem}; ${remedy}`;
    });
    throw new CommandError(
      lines.length === 1 ? (lines[0] ?? '') : `${path} has errors\n  ${lines.join('\n  ')}`,
    );
  }
  return cases;
}

const UNIONS: Readonly<Record<string, string>> = {
  expect: 'write "allow", "deny" or the status of the answer',
  revoked: `write a list of ${listed(REVOCATION_KINDS, 'or')}, or of tables such as { kind = "subject", id = "user-1" }`,
  closed:
    'write a list of APIs and routes such as "API_ORDERS GET /orders", or of { target = …, status = 403 }',
};

/** The schema knows only half of a field that may be a word or something else. */
function wordFault(one: Fault): Fault {
  const remedy = UNIONS[String(one.place[2])];
  return remedy === undefined ? one : { ...one, remedy };
}

/** One for each of its requests. */
function casesOf(config: CaseConfig, file: CaseFile, index: number): Case[] {
  const { name, request: requests, expect, reason } = config;
  return [requests].flat().map((one) => {
    const request = one.replace(/\s+/, ' ');
    const title = name === undefined ? `${request}: ${reason ?? expect}` : name;
    return {
      ...config,
      request,
      file,
      index,
      title: name !== undefined && Array.isArray(requests) ? `${name}: ${request}` : title,
    };
  });
}

/** Finds fields that are allowed by themselves, and not beside another one. */
function contradictions(index: number, config: CaseConfig): Fault[] {
  const { claims, token, without, expect, reason, would_deny, origin, origin_url, now, headers } = config;
  const { strict, revoked = [] } = config;
  const faults: Fault[] = [];
  const add = (field: string, problem: string, remedy: string) =>
    faults.push(fault(['case', index, field], problem, remedy));
  const authorization = Object.keys(headers ?? {}).find((name) => name.toLowerCase() === 'authorization');
  const isRefusal = expect === 'deny' || (typeof expect === 'number' && expect >= 400);
  if (claims !== undefined && token !== undefined)
    add('token', 'token and claims exclude each other', 'keep token or claims');
  if (authorization !== undefined && (claims ?? token) !== undefined)
    add('headers', 'headers has Authorization, and so has the token of the case', 'keep one of them');
  if (without !== undefined && claims === undefined)
    add('without', 'there are no claims to leave out', 'add claims = {}');
  if (reason !== undefined && !isRefusal)
    add('reason', 'only a refusal has a reason', 'expect "deny" or a status, or leave it out');
  if (isRefusal && (origin ?? origin_url ?? would_deny ?? strict) !== undefined)
    add(
      'expect',
      'a refused request reaches no origin',
      'expect "allow", or leave origin, would_deny and strict out',
    );
  if (revoked.some((one) => typeof one === 'string') && (claims ?? token ?? authorization) === undefined)
    add(
      'revoked',
      'revoked is about the token of the case, and the case sends none',
      'add claims = {}, or name the id',
    );
  for (const one of revoked) {
    if (typeof one === 'string') continue;
    if ((one.kind === 'issuer') === (one.id !== undefined))
      add(
        'revoked',
        one.id === undefined ? `a ${one.kind} needs an id` : 'an issuer has no id of its own',
        one.id === undefined ? 'add id = "…"' : 'name it as issuer = "…"',
      );
    if (one.before !== undefined && Number.isNaN(timeOf(one.before)))
      add('revoked', 'before is not a time', A_TIME);
  }
  const reasons = Object.keys(PROBLEMS);
  for (const [field, value] of Object.entries({ reason, would_deny }))
    if (typeof value === 'string' && !reasons.includes(value))
      add(field, `there is no reason ${JSON.stringify(value)}`, suggest(value, reasons));
  if (now !== undefined && Number.isNaN(timeOf(now))) add('now', 'now is not a time', A_TIME);
  return faults;
}

const A_TIME = 'write a date such as 2026-11-24T12:00:00Z in quotes, or seconds since 1970';

/** @returns milliseconds since 1970 */
export const timeOf = (now: string | number): number =>
  typeof now === 'number' ? now * 1000 : Date.parse(now);
