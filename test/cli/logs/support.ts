/** Lines as the gateway writes them, and events around them as Cloudflare does. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Summary } from '../../../cli/logs/count/summary.ts';
import { claimgate } from '../support/claimgate.ts';

export const START = Date.parse('2026-11-24T12:00:00Z');

/** @returns what writes a file, and names it; the files go away with the tests */
export function useFolder(): (name: string, content: string | Buffer) => string {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-logs-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, content) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
}

let made = 0;

/** A line as the gateway writes it, of a request of its own. @param second when, after noon */
export const line = (second: number, fields: object = {}) => ({
  time: new Date(START + second * 1000).toISOString(),
  request_id: `r${made++}`,
  ray: 'ray',
  method: 'GET',
  route: 'API_X GET /x',
  decision: 'allow',
  status: 200,
  ...fields,
});

export const denied = (second: number, reason: string, fields: object = {}) =>
  line(second, { decision: 'deny', status: 401, reason, ...fields });

export const lines = (...values: readonly object[]) =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** The summary of a log that is handed to the command as a file. */
export async function summaryOf(path: string, ...args: readonly string[]): Promise<Summary> {
  const { code, stdout, stderr } = await claimgate(['logs', path, '--json', ...args]);
  if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
