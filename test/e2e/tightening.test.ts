/**
 * docs/tightening.md, the whole way in real workerd: a policy with rules on trial, its log, what `claimgate logs
 * --suggest` says of it, the lines that it proposes, and the rules enforced.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { claimgate } from '../cli/support/claimgate.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const page = readFileSync('docs/tightening.md', 'utf8');
const block = (kind: string) => new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-tightening-'));
const keys = await generateKeyPair('ES256', { extractable: true });
let origin: RecordingOrigin;
let config: string;
const running: RunningWorkerd[] = [];

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  origin = await startOrigin((request, response) => {
    if (request.url !== '/jwks') return response.end('from the origin');
    return response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  });
  config = `services = [{ binding = "ORIGIN", service = "orders" }]
[vars.ISSUERS.main]
issuer = "https://issuer.example/"
jwks_uri = "${origin.url}/jwks"
[vars.API_ORDERS]
origin = "service:ORIGIN"
audience = "orders"
${block('toml before')}`;
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});

const token = (client: string, scope: string) =>
  new SignJWT({ azp: client, scope })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('https://issuer.example/')
    .setAudience('orders')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(keys.privateKey);

type Ask = (path: string, client?: string, scope?: string) => Promise<number>;

/** Runs the gateway with the policy as it is now. */
async function deploy(name: string): Promise<{ ask: Ask; log: string; toml: string }> {
  const [log, toml] = [join(folder, `${name}.log`), join(folder, `${name}.toml`)];
  writeFileSync(toml, config);
  const { vars } = parse(config) as { vars: Record<string, unknown> };
  const gateway = await startGateway(vars, origin.url, (line) => appendFileSync(log, `${line}\n`));
  running.push(gateway);
  const ask: Ask = async (path, client, scope = 'read:orders') => {
    const authorization = client && { authorization: `Bearer ${await token(client, scope)}` };
    const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
      headers: { ...authorization },
    });
    await response.arrayBuffer();
    return response.status;
  };
  return { ask, log, toml };
}

async function suggest(log: string, toml: string, requests: number, ...more: string[]) {
  // The runtime writes behind the answer.
  await vi.waitFor(() => expect(readFileSync(log, 'utf8').match(/"decision":/g)?.length).toBe(requests));
  return claimgate(['logs', log, '--suggest', '--config', toml, '--min-time', '0', ...more]);
}

/** `…` stands for anything within a line. */
function matches(expected: string, toml: string): RegExp {
  const quoted = expected.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.*');
  return new RegExp(`^${quoted.replaceAll('wrangler\\.toml', toml)}$`);
}

describe('docs/tightening.md', () => {
  it('a rule that would refuse somebody is not ready, and nobody is refused by it', async () => {
    const { ask, log, toml } = await deploy('first');
    for (const client of ['backoffice', 'backoffice', 'nightly-export', 'nightly-export', 'nightly-export'])
      expect(await ask('/orders', client)).toBe(200);
    expect(await ask('/orders/1')).toBe(200);
    expect(await ask('/orders/2')).toBe(200);
    expect(await ask('/orders', 'laptop', 'write:orders')).toBe(403); // what is enforced stays so
    const { code, stdout } = await suggest(log, toml, 8, '--min-requests', '5');
    expect(stdout).toMatch(matches(block('text first'), toml));
    expect(code).toBe(1);
  });

  it('too little traffic is no answer', async () => {
    config = config.replace('clients = ["backoffice"]', 'clients = ["backoffice", "nightly-export"]');
    const { ask, log, toml } = await deploy('second');
    for (const client of ['backoffice', 'nightly-export', 'backoffice']) {
      expect(await ask('/orders', client)).toBe(200);
      expect(await ask('/orders/1', client)).toBe(200);
    }
    const tooLittle = await suggest(log, toml, 6);
    expect(tooLittle.stdout).toContain('too little traffic: 3 requests');
    expect(tooLittle.stdout).not.toContain('To enforce it');
    expect(tooLittle.code).toBe(0);

    const enough = await suggest(log, toml, 6, '--min-requests', '3');
    expect(enough.stdout).toMatch(matches(block('text second'), toml));
    const proposals = JSON.parse((await suggest(log, toml, 6, '--min-requests', '3', '--json')).stdout);
    for (const { change } of proposals)
      config = config.replace(`${change.remove.join('\n')}\n`, `${change.add.join('\n')}\n`);
  });

  it('the proposed lines enforce it', async () => {
    expect(config).not.toContain('report');
    const { ask, log } = await deploy('third');
    expect(await ask('/orders', 'nightly-export')).toBe(200);
    expect(await ask('/orders', 'laptop')).toBe(403);
    expect(await ask('/orders/1')).toBe(401);
    await vi.waitFor(() => expect(readFileSync(log, 'utf8')).toContain('"reason":"token_missing"'));
    const { stdout } = await claimgate(['logs', log, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 3,
      would_deny: [],
      denials: [
        { reason: 'client_not_allowed', client: 'laptop', requests: 1 },
        { reason: 'token_missing', client: '(no token)', requests: 1 },
      ],
    });
  });
});
