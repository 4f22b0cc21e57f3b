/** Words for what a schema finds in a table, and the parts of a faulty table that are sound. */
import type * as z from 'zod/mini';
import { closest, type Fault, fault, type Place, suggest } from './fault.ts';
import { type Faults, fieldName } from './faults.ts';

type Issue = z.core.$ZodIssue;

/** The names of fields that a schema knows at a path inside its table. */
export type FieldsAt = (path: Place) => readonly string[];

/** @param place of the table */
export function schemaFaults(
  place: Place,
  table: unknown,
  issues: readonly Issue[],
  fieldsAt: FieldsAt,
): Fault[] {
  return issues.flatMap((issue) => wordIssue(issue, place, table, fieldsAt));
}

function wordIssue(issue: Issue, place: Place, table: unknown, fieldsAt: FieldsAt): Fault[] {
  const path = pathOf(issue);
  const here = [...place, ...path];
  const value = valueAt(table, path);
  const say = (problem: string, remedy: string) => [fault(here, `${fieldName(here)} ${problem}`, remedy)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) =>
        fault([...here, key], `there is no field ${JSON.stringify(key)}`, suggest(key, fieldsAt(path))),
      );
    case 'invalid_union':
      return wordUnion(issue, here, value, (inner) => fieldsAt([...path, ...inner]));
    case 'invalid_type':
      return say(typeProblem(value), `write ${typeWords(issue.expected, fieldsAt(path))}`);
    case 'invalid_value':
      return say(
        'is none of the choices',
        `write ${issue.values.map((one) => JSON.stringify(one)).join(' or ')}`,
      );
    case 'too_small':
      return issue.origin === 'array' || issue.origin === 'string'
        ? say('is empty', issue.message)
        : say('is too small', `write ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`);
    case 'too_big':
      return say('is too large', `write at most ${issue.maximum}`);
    default:
      return say('is not valid', `write ${issue.message}`);
  }
}

const typeProblem = (value: unknown) => (value === undefined ? 'is missing' : 'has the wrong type');

/** The alternative whose type is right knows what else is wrong: in a list with a bad item, the item. */
const fittingOf = (issue: Issue): readonly Issue[] | undefined =>
  alternativesOf(issue).find((issues) => !issues.some((one) => isTypeOfWhole(one)));

function wordUnion(issue: Issue, here: Place, value: unknown, fieldsAt: FieldsAt): Fault[] {
  const alternatives = alternativesOf(issue);
  const fitting = fittingOf(issue);
  const [word] = fitting ?? [];
  const isWord = word?.code === 'invalid_value' && word.path.length === 0;
  if (fitting !== undefined && !isWord)
    return schemaFaults(here, value, withoutMeant(fitting, fieldsAt), fieldsAt);
  const wanted = alternatives.flat().filter(isTypeOfWhole);
  const words = wanted.map((one) =>
    one.code === 'invalid_type' ? typeWords(one.expected, fieldsAt([])) : '',
  );
  const choices = isWord ? [...words, ...word.values.map((one) => JSON.stringify(one))] : words;
  const problem = isWord ? 'is none of the choices' : typeProblem(value);
  return [fault(here, `${fieldName(here)} ${problem}`, `write ${[...new Set(choices)].join(' or ')}`)];
}

/** In a table with one field, a misspelt name is one mistake: its right name is not missing besides. */
function withoutMeant(issues: readonly Issue[], fieldsAt: FieldsAt): readonly Issue[] {
  const meant = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => closest(key, fieldsAt(pathOf(issue)))) : [],
  );
  return issues.filter(({ path }) => !meant.includes(String(path.at(-1))));
}

/** Unions of unions are one choice. */
function alternativesOf(issue: Issue): (readonly Issue[])[] {
  if (issue.code !== 'invalid_union') return [[issue]];
  return issue.errors.flatMap((issues) =>
    issues.length === 1 && issues[0]?.code === 'invalid_union' && issues[0].path.length === 0
      ? alternativesOf(issues[0])
      : [issues],
  );
}

const isTypeOfWhole = ({ code, path }: Issue) => code === 'invalid_type' && path.length === 0;

const pathOf = ({ path }: Issue): Place => path.filter((part) => typeof part !== 'symbol');

function valueAt(table: unknown, path: Place): unknown {
  let value = table;
  for (const part of path) value = (value as Record<string | number, unknown> | undefined)?.[part];
  return value;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  record: 'a table',
};

/** A table with few fields is shown: `{ param = … }`. */
function typeWords(expected: string, fields: readonly string[]): string {
  const [first] = fields;
  if (expected === 'object')
    return first !== undefined && fields.length <= 4 ? `{ ${first} = … }` : 'a table';
  return TYPE_WORDS[expected] ?? `a ${expected}`;
}

/** The fields of a table that are sound. Those that are missing or faulty are left out. */
export type Sound<Schema extends TableSchema> = Partial<z.infer<Schema>>;

type TableSchema = z.ZodMiniObject<z.core.$ZodLooseShape, z.core.$strict>;

/**
 * Reads a table, and tells all faults of its fields. What is sound is returned either way, so that a fault in one field
 * hides none of another: of a faulty field only the bad member of a list or table is left out, if that helps.
 *
 * @returns `undefined` where there is no table at all
 */
export function readTable<Schema extends TableSchema>(
  schema: Schema,
  table: unknown,
  at: Faults,
  fieldsAt: FieldsAt = () => Object.keys(schema.shape),
): Sound<Schema> | undefined {
  const parsed = schema.safeParse(table);
  if (parsed.success) return parsed.data as Sound<Schema>;
  at.take(schemaFaults(at.place, table, parsed.error.issues, fieldsAt));
  const rest: unknown = JSON.parse(JSON.stringify(table) ?? 'null');
  if (typeof rest !== 'object' || rest === null || Array.isArray(rest)) return undefined;
  const sound = Object.entries(schema.shape).flatMap(([name, field]) => {
    const value = soundPart(field as z.ZodMiniType, rest, name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(sound) as Sound<Schema>;
}

/** The value of one field, without those of its members that are faulty. */
function soundPart(schema: z.ZodMiniType, table: object, name: string): unknown {
  while (Object.hasOwn(table, name)) {
    const parsed = schema.safeParse((table as Record<string, unknown>)[name]);
    if (parsed.success) return parsed.data;
    // From the end, so that the indexes of list items that are still to go stay right.
    for (const issue of parsed.error.issues.toReversed()) remove(table, name, issue);
  }
  return undefined;
}

function remove(table: object, name: string, issue: Issue, within: Place = []): void {
  const path = [name, ...within, ...pathOf(issue)];
  const fitting = issue.code === 'invalid_union' ? fittingOf(issue) : undefined;
  if (fitting !== undefined) {
    for (const inner of fitting.toReversed()) remove(table, name, inner, path.slice(1));
    return;
  }
  const places = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path];
  for (const place of places) removeAt(table, place);
}

/** A member that is missing can't be removed: then the table or list that lacks it goes. */
function removeAt(table: unknown, place: Place): void {
  for (let length = place.length; length > 0; length--) {
    const holder = valueAt(table, place.slice(0, length - 1));
    const name = place[length - 1] as string | number;
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) continue;
    if (Array.isArray(holder)) holder.splice(Number(name), 1);
    else delete (holder as Record<string, unknown>)[name];
    // An empty table would be a fault of its own.
    if (length > 1 && Object.keys(holder).length === 0) removeAt(table, place.slice(0, length - 1));
    return;
  }
}
