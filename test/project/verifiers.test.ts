/** The verifiers for origins, in each language: docs/assertion-vectors.json, and keys that change. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as origin from '../../origin/src/index.ts';
import { AUDIENCE, assertion, claims, ISSUER, KEY_SET, KEYS, NOW } from '../../scripts/vectors/vector.ts';
import { failuresOf, type Vectors } from '../support/vectors.ts';
import { LANGUAGES, run } from './verifiers/languages.ts';

const FILE = 'docs/assertion-vectors.json';
const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors;
const all = [...vectors.assertion, ...vectors.secret];
const total = all.length + vectors.start.length;

describe('the vectors', () => {
  it('show each code, and what is accepted', () => {
    const codes = all.flatMap((vector) => ('refuse' in vector ? [vector.refuse] : []));
    expect([...new Set(codes)].sort()).toEqual([...origin.ASSERTION_CODES, 'secret_mismatch'].sort());
    expect(all.filter((vector) => 'accept' in vector).length).toBeGreaterThanOrEqual(30);
    expect(total).toBeGreaterThanOrEqual(200);
  });

  it('are the codes of docs/assertion.md', () => {
    const [, table = ''] =
      /## What a verifier checks\n([\s\S]*?)\n(?:## |$)/.exec(readFileSync('docs/assertion.md', 'utf8')) ??
      [];
    const cells = table.split('\n').flatMap((line) => /^\|[^|]*\|([^|]*)\|$/.exec(line)?.[1] ?? []);
    const codes = cells.flatMap((cell) => cell.match(/(?<=`)[a-z_]+(?=`)/g) ?? []);
    expect(codes.sort()).toEqual([...origin.ASSERTION_CODES].sort());
  });

  it('have names of their own, and no private key', () => {
    const ids = [...all, ...vectors.start].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(vectors.keys.keys.filter((key) => 'd' in key)).toEqual([]);
  });
});

describe('in TypeScript, on Node', () => {
  it('the verifier holds to each vector', async () => {
    expect(await failuresOf(origin, vectors)).toEqual([]);
  });
});

const [PUBLISHED, , LATER] = KEY_SET.keys;
const setOf = (...keys: unknown[]) => ({ status: 200, body: JSON.stringify({ keys }) });
const DOWN = { status: 500, body: JSON.stringify({ keys: [LATER] }) };
const TOO_LARGE = setOf(PUBLISHED, LATER, { padding: 'x'.repeat(66_000) });
const AWAY = { status: 302, body: JSON.stringify({ keys: [LATER] }) };

/** What the URL of the keys answers, request by request. One request too many would make a later step fail. */
const ANSWERS = [
  setOf(PUBLISHED),
  DOWN,
  AWAY,
  TOO_LARGE,
  setOf(),
  setOf(PUBLISHED, LATER),
  setOf(LATER),
  setOf(PUBLISHED),
];
const DAY = 24 * 3600;

const step = (id: string, at: number, key: typeof KEYS.es, expected: string, eventually = false) => ({
  id,
  now: NOW + at,
  token: assertion(claims({ iat: NOW + at, exp: NOW + at + 30, req: undefined }), {}, key),
  expect: expected,
  eventually,
});
const { es, next } = KEYS;
const STEPS = [
  step('fetched when needed', 0, es, 'accept'),
  step('an unknown kid, just after', 29, next, 'key_unknown'),
  step('fetched for an unknown kid, in vain', 40, next, 'key_unknown'),
  step('the old ones are kept', 41, es, 'accept'),
  step('not asked again', 69, next, 'key_unknown'),
  step('a redirect is not followed', 71, next, 'key_unknown'),
  step('a large set is not read', 102, next, 'key_unknown'),
  step('a set without keys is none', 133, next, 'key_unknown'),
  step('and replaces none', 134, es, 'accept'),
  step('a new key', 164, next, 'accept'),
  step('fresh for five minutes', 464, es, 'accept'),
  step('then fetched behind the request', 465, es, 'key_unknown', true),
  step('the new ones', 466, next, 'accept'),
  step('fetched before the request, after nobody called', 1066, next, 'key_unknown'),
  step('and good', 1067, es, 'accept'),
  step('kept for a day', 1066 + DAY, es, 'accept'),
  step('and no longer', 1066 + DAY + 31, es, 'keys_unavailable'),
];

describe.each(LANGUAGES)('in $name', ({ name, file, missing, prepare }) => {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-verifier-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let command: readonly string[];
  beforeAll(() => {
    if (missing === undefined) command = prepare(folder, file);
  });
  const title = (text: string) => (missing === undefined ? text : `${text}: not run, ${missing} is missing`);

  it.skipIf(missing !== undefined)(title('the verifier holds to each vector'), () => {
    expect(run(command, { input: readFileSync(FILE, 'utf8') })).toBe(`${total} vectors\n`);
  });

  it.skipIf(missing !== undefined)(title('keys are fetched as docs/origin-code.md says'), async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      const { status, body } = request.url === '/keys' ? (ANSWERS[asked++] ?? DOWN) : setOf(LATER);
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const [program = '', ...args] = command;
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(
      JSON.stringify({
        issuer: ISSUER,
        audience: AUDIENCE,
        keys_url: `http://127.0.0.1:${port}/keys`,
        steps: STEPS,
      }),
    );
    const output = await text(child.stdout);
    server.close();
    server.closeAllConnections();
    expect(output, name).toBe(`${STEPS.length} steps\n`);
    expect(asked).toBeGreaterThan(ANSWERS.length);
  });
});
