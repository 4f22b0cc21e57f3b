/** Holds every line that a test causes to the documented schema of the log. */
import { afterEach, expect } from 'vitest';
import * as z from 'zod';
import issuerSchema from '../../docs/issuer-log.schema.json';
import gatewaySchema from '../../docs/log.schema.json';

const SCHEMAS = { gateway: gatewaySchema, issuer: issuerSchema };

const read = new Map<string, z.ZodType>();
function schemaOf(log: keyof typeof SCHEMAS): z.ZodType {
  const schema = read.get(log) ?? z.fromJSONSchema(SCHEMAS[log] as Parameters<typeof z.fromJSONSchema>[0]);
  read.set(log, schema);
  return schema;
}

/** A line as it arrives: in JSON, what is `undefined` is not there. */
export const isLine = (log: keyof typeof SCHEMAS, line: unknown): boolean =>
  schemaOf(log).safeParse(JSON.parse(JSON.stringify(line))).success;

/** The lines of the running test that the schema does not know. */
const unknown: unknown[] = [];

/** A log function can't throw, or the gateway's own error would hide it: what is wrong shows when the test ends. */
afterEach(() => {
  expect(unknown.splice(0), 'lines that docs/*log.schema.json does not know').toEqual([]);
});

/** The same log function, whose lines are checked. */
export function checkedLines<Line>(log: keyof typeof SCHEMAS, write: (line: Line) => unknown) {
  return (line: Line): void => {
    if (!isLine(log, line)) unknown.push(line);
    write(line);
  };
}
