/** Before anything is measured: every variant does what it is compared for. */
import { BenchError } from './children.ts';
import { type Algorithm, type Issuer, SUBJECT, spoil } from './issuer.ts';
import { PATH, SEEN_PATH } from './policies.ts';
import type { Variant } from './variants.ts';
import type { RunningServer } from './workerd.ts';

/** A good token passes, its subject arrives and itself does not; bad ones get 401, and too little scope 403. */
export async function checkVariant({ name, verifies }: Variant, { port }: RunningServer, issuer: Issuer) {
  const ask = (path: string, token?: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const expect = async (what: string, status: number, token?: string) => {
    const response = await ask(PATH, token);
    await response.arrayBuffer();
    if (response.status !== status) {
      throw new BenchError(`${name} answers ${response.status}, not ${status}, to ${what}`);
    }
  };
  if (verifies.length === 0) await expect('a request without a token', 200);
  for (const alg of verifies) {
    const good = await issuer.makeToken(alg);
    await expect(`a good ${alg} token`, 200, good);
    const seen = (await (await ask(SEEN_PATH, good)).json()) as Record<string, string>;
    if (seen['x-claim-sub'] !== SUBJECT || seen['authorization'] !== undefined) {
      throw new BenchError(`behind ${name}, the origin gets no subject, or the token itself`);
    }
    for (const [what, token] of await makeBadTokens(issuer, alg, good)) await expect(what, 401, token);
    await expect('too little scope', 403, await issuer.makeToken(alg, { scope: 'openid' }));
  }
  if (verifies.length > 0) await expect('no token', 401);
}

async function makeBadTokens(issuer: Issuer, alg: Algorithm, good: string): Promise<[string, string][]> {
  const now = Math.floor(Date.now() / 1000);
  return [
    [`an ${alg} token with another signature`, spoil(good)],
    [`an expired ${alg} token`, await issuer.makeToken(alg, { exp: now - 3600 })],
    [`an ${alg} token of another issuer`, await issuer.makeToken(alg, { iss: 'https://other.example/' })],
    [`an ${alg} token for another API`, await issuer.makeToken(alg, { aud: 'https://other.example/' })],
  ];
}
