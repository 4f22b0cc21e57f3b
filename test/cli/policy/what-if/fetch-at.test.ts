/** `--at`: an issuer under `wrangler dev` answers on this machine, and its tokens have the name that it has elsewhere. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAt, urlAt } from '../../../../cli/policy/what-if/fetch-at.ts';
import { claimgate } from '../../support/claimgate.ts';
import { makeFolder } from '../../support/files.ts';
import { type IdentityProvider, startIdentityProvider } from '../../support/identity-provider.ts';

// RFC 6761 §6.4: nobody answers at .invalid.
const NAME = 'https://auth.example.invalid/';
const AUDIENCE = 'https://api.example.com/orders';
const folder = makeFolder();
folder.write(
  'wrangler.toml',
  `[vars.ISSUERS.own]
issuer = "${NAME}"
[vars.API_ORDERS]
hosts = ["api.example.com"]
origin = "https://orders.internal.example"
audience = "${AUDIENCE}"
[vars.API_ORDERS.routes]
"GET /orders" = { scopes_all = ["read:orders"] }
`,
);

let idp: IdentityProvider;
beforeAll(async () => {
  idp = await startIdentityProvider();
});
beforeEach(() => idp.set({ metadata: { issuer: NAME, jwks_uri: `${NAME}.well-known/jwks.json` } }));
afterAll(() => idp.close());

const run = async (...args: string[]) => {
  const input = await idp.token({ iss: NAME, aud: AUDIENCE, scope: 'read:orders' });
  const { code, stdout } = await claimgate([...args, '--token', '-'], { cwd: folder.path('.'), input });
  return { code, stdout };
};

describe('metadata and keys are asked for there', () => {
  it('by explain', async () => {
    const { code, stdout } = await run('explain', 'GET', '/orders', '--at', idp.issuer.slice(0, -1));
    expect([code, stdout]).toEqual([0, expect.stringContaining('verified with a key of own')]);
    expect(idp.asked).toEqual(['/.well-known/openid-configuration', '/.well-known/jwks.json']);
  });

  it('by doctor, for the issuer and for a token', async () => {
    const { code, stdout } = await run('doctor', '--issuer', NAME, '--at', idp.issuer);
    expect([code, stdout]).toEqual([0, expect.stringContaining('token: passes on 1 route')]);
    expect(stdout).toContain(`${idp.issuer}.well-known/jwks.json  200`);
  });
});

it('doctor wants to know which issuer is meant', async () => {
  const { code, stderr } = await claimgate(['doctor', '--at', idp.issuer], { cwd: folder.path('.') });
  expect([code, stderr]).toEqual([2, expect.stringContaining('name it with --issuer URL too')]);
});

it.each(['localhost:8788', 'here', 'http://localhost:8788/?a=1'])('%s is no place to ask', (text) => {
  expect(() => readAt(text)).toThrow('--at http://localhost:8788');
});

it.each([
  ['a document of the issuer', 'https://id.example/t/keys', 'http://localhost:8788/keys'],
  ['one of another host', 'https://keys.example/t/keys', 'https://keys.example/t/keys'],
  ['one of a longer name', 'https://id.example/tt/keys', 'https://id.example/tt/keys'],
])('%s', (_what, asked, want) => {
  expect(urlAt(asked, 'https://id.example/t', readAt('http://localhost:8788'))).toBe(want);
});
