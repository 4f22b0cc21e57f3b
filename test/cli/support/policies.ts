/** Policies as files, for what reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A policy in which there is nothing to find, with what a test adds. */
export function policyText({
  top = '',
  issuer = '',
  api = 'origin = "service:X"',
  routes = '"GET /x" = { scopes_all = ["read:things"] }',
  more = '',
}: {
  /** Beside `[vars]`. */
  top?: string;
  issuer?: string;
  api?: string;
  routes?: string;
  more?: string;
} = {}): string {
  return `${top}
[triggers]
crons = ["*/5 * * * *"]
[[kv_namespaces]]
binding = "KEYS"
[[services]]
binding = "X"
service = "x"
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
${issuer}
[vars.API_X]
audience = "x"
${api}
[vars.API_X.routes]
${routes}
${more}`;
}

/** Writes files into a folder that is gone after the tests of a file. */
export function makeFolder(): (name: string, text: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, text) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
}
