/** `claimgate explain` with tokens that are in a status list: what it fetches, what it says, and what it can't. */
import { createServer } from 'node:http';
import { deflateSync } from 'node:zlib';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';

const folder = makeFolder();
const { publicKey, privateKey } = await generateKeyPair('ES256');
const lst = deflateSync(new Uint8Array([0b1001_0100])).toString('base64url');

let origin = '';
let asked: string[] = [];
let isDown = false;
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const answer = async () => {
    if (request.url === '/keys')
      return JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] });
    if (isDown) response.statusCode = 500;
    const claims = { sub: `${origin}${request.url}`, status_list: { bits: 2, lst } };
    return sign(claims, 'statuslist+jwt');
  };
  answer().then((text) => response.end(text));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked = [];
  isDown = false;
});

const sign = (claims: Record<string, unknown>, typ = 'at+jwt') =>
  new SignJWT({ iss: `${origin}/`, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);

const policy = (mode = 'required') =>
  folder.write(
    'wrangler.toml',
    `[vars.ISSUERS.main]
issuer = "${origin}/"
jwks_uri = "${origin}/keys"
status_list = "${mode}"
[vars.API_X]
hosts = ["api.example.com"]
origin = "service:X"
audience = "x"
[vars.API_X.routes]
"GET /x" = {}
[[services]]
binding = "X"
service = "x"
`,
  );

async function explain(...args: string[]) {
  const { code, stdout, stderr } = await claimgate(['explain', 'GET', '/x', '--config', policy(), ...args]);
  return { code, lines: stdout.split('\n'), stderr, text: stdout };
}
const tokenFile = async (status: unknown) => `@${folder.write('token', await sign({ aud: 'x', status }))}`;
const at = (idx: number) => ({ status_list: { idx, uri: `${origin}/lists/1` } });

describe('explain with a token', () => {
  it.each([
    [0, 0, /^ok +status +the list says: valid$/m],
    [1, 1, /^no +status +the list says: revoked \(1\)$/m],
    [3, 1, /^no +status +the list says: suspended \(2\)$/m],
    [4, 1, /^no +status +the list says: nothing, it ends before this index$/m],
  ])('at index %d', async (idx, exit, step) => {
    const { code, text } = await explain('--token', await tokenFile(at(idx)));
    expect([code, asked]).toEqual([exit, ['/keys', '/lists/1']]);
    expect(text).toMatch(step);
    expect(text).toContain(`index ${idx} of ${origin}/lists/1`);
    expect(text).toMatch(/^ok +signature +verified with a key of main$/m);
  });

  it('whose list cannot be had: exit code 3, and why', async () => {
    isDown = true;
    const { code, text, stderr } = await explain('--token', await tokenFile(at(0)));
    expect(code).toBe(3);
    expect(text).toMatch(/^no +status +the list can't be had: its server does not answer with 2xx$/m);
    expect(stderr).toBe(
      'The status list could not be fetched from here; --offline judges all but signature and status.\n',
    );
  });

  it('offline: nothing is fetched, and it says so', async () => {
    const { code, text } = await explain('--offline', '--token', await tokenFile(at(1)));
    expect([code, asked]).toEqual([0, []]);
    expect(text).toMatch(/^\S+ +status +not looked up: no list is fetched here$/m);
  });

  it.each([
    ['no place in a list', undefined, 'claims_malformed'],
    ['a list elsewhere', { status_list: { idx: 0, uri: 'https://evil.example/1' } }, 'status_invalid'],
  ])('with %s: its check is named, and nothing is fetched', async (_, status, reason) => {
    const { code, text } = await explain('--token', await tokenFile(status));
    expect([code, asked]).toEqual([1, []]);
    expect(text).toMatch(/status list \(required, on 127\.0\.0\.1:[0-9]+\)/);
    expect(text).toContain(reason);
  });
});

it.each([
  [0, /token: passes on 1 route/],
  [1, /token: passes on no route/],
])('doctor judges a token at index %d by its list too', async (idx, verdict) => {
  const { stdout } = await claimgate([
    ...['doctor', '--issuer', `${origin}/`, '--gateway', policy(), '--json'],
    ...['--token', (await tokenFile(at(idx))).slice(1)],
  ]);
  expect(stdout).toMatch(verdict);
  expect(stdout).toContain('token: status');
  expect(stdout).toContain(idx === 0 ? 'the list says: valid' : 'the list says: revoked (1)');
});

it('claims get a place in a list where tokens must have one', async () => {
  const { code, text } = await explain('--claims', '{}');
  expect([code, asked]).toEqual([0, []]);
  expect(text).toMatch(/status +not looked up/);
});
