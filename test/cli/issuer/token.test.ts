/** `claimgate token`, against an issuer of this test: what it says of the gateway, and what it does not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimgate } from '../support/claimgate.ts';

const AUDIENCE = 'https://api.example.com/';
const folder = mkdtempSync(join(tmpdir(), 'claimgate-token-'));
const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' };

const server = createServer(async ({ url }, response) => {
  const answers: Record<string, () => unknown> = {
    '/oauth/token': async () => ({
      access_token: await new SignJWT({ scope: 'read' })
        .setProtectedHeader({ alg: 'ES256', kid: 'k', typ: 'at+jwt' })
        .setIssuer(issuer())
        .setAudience(AUDIENCE)
        .setSubject('job')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey),
      token_type: 'Bearer',
      expires_in: 3600,
    }),
    '/jwks': () => ({ keys: [jwk] }),
  };
  const metadata = () => ({
    issuer: issuer(),
    token_endpoint: `${issuer()}oauth/token`,
    jwks_uri: `${issuer()}jwks`,
  });
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(await (answers[url ?? ''] ?? metadata)()));
});
const issuer = () => `http://localhost:${(server.address() as AddressInfo).port}/`;

beforeAll(() => new Promise<void>((resolve) => server.listen(0, 'localhost', resolve)));
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

it.each([
  ['has', 'revocation = "REVOCATIONS"', true],
  ['has no', '', false],
])('where the gateway %s revocation, says whether that was asked', async (_has, setting, isSaid) => {
  const gateway = join(folder, 'gateway.toml');
  writeFileSync(
    gateway,
    `[vars.GATEWAY]
${setting}
[vars.ISSUERS.own]
issuer = "${issuer()}"
max_token_age = 86400
[vars.API_X]
origin = "https://origin.example"
audience = "${AUDIENCE}"
[vars.API_X.routes]
"GET /x" = { scopes_all = ["read"] }
[[durable_objects.bindings]]
name = "REVOCATIONS"
class_name = "Revocations"
[[kv_namespaces]]
binding = "KEYS"
`,
  );
  const { code, stdout, stderr } = await claimgate(
    ['token', 'job', AUDIENCE, '--issuer', issuer(), '--gateway', gateway],
    { env: { CLIENT_SECRET: 's' } },
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('passes  API_X GET /x\n');
  expect(stderr.includes('revocations and switches were not asked: claimgate explain')).toBe(isSaid);
});
