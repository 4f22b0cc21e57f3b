/**
 * docs/adopting.md, the whole way: an API that authenticates by itself, with the gateway in front of it in real workerd.
 * On trial, every answer is the one that the API gives to who asks it directly.
 */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { claimgate } from '../cli/support/claimgate.ts';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { createOldApi, type OldRequest, requestsOfADay, type Seen, seenBy } from './support/traffic.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const page = readFileSync('docs/adopting.md', 'utf8');
const block = (kind: string) => new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-adopting-'));
const keys = await generateKeyPair('ES256', { extractable: true });
let api: RecordingOrigin;
let issuer: RecordingOrigin;
const running: RunningWorkerd[] = [];
let requests: OldRequest[];

const tokenOf = (claims: Record<string, unknown>, lifetime: string) =>
  new SignJWT({ sub: 'someone', azp: 'web', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer('https://login.example.com/')
    .setAudience('https://api.example.com/orders')
    .setIssuedAt(lifetime === '1h' ? undefined : '3 days ago')
    .setExpirationTime(lifetime)
    .sign(keys.privateKey);

beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  api = await startOrigin(createOldApi({ keys: [jwk] }));
  issuer = await startOrigin((_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] })),
  );
  requests = requestsOfADay({
    good: await tokenOf({ scope: 'read:orders write:orders' }, '1h'),
    expired: await tokenOf({ scope: 'read:orders' }, '2 days ago'),
  });
});

afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  await Promise.all([api.close(), issuer.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port);

interface Deployed {
  readonly port: number;
  readonly log: string;
  readonly toml: string;
}

/** Runs the gateway with a policy of the page, on this machine. */
async function deploy(name: string, policy: string): Promise<Deployed> {
  const [log, toml] = [join(folder, `${name}.log`), join(folder, `${name}.toml`)];
  writeFileSync(toml, policy);
  const checked = await claimgate(['check', '--config', toml]);
  expect([checked.code, checked.stderr]).toEqual([0, '']);
  const local = policy
    .replace('"https://orders.internal.example"', JSON.stringify(api.url))
    .replace('issuer = "https://login.example.com/"', `$&\njwks_uri = "${issuer.url}/jwks"`);
  const { vars } = parse(local) as { vars: Record<string, unknown> };
  const gateway = await startGateway(vars, api.url, (line) => appendFileSync(log, `${line}\n`));
  running.push(gateway);
  return { port: gateway.port, log, toml };
}

interface Compared {
  readonly request: OldRequest;
  readonly direct: Seen;
  readonly through: Seen;
}

async function compare(port: number): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const request of requests) {
    const direct = await seenBy(portOf(api), request);
    compared.push({ request, direct, through: await seenBy(port, request) });
  }
  return compared;
}

const differing = (compared: readonly Compared[]) =>
  compared.filter(({ direct, through }) => JSON.stringify(direct) !== JSON.stringify(through));

/** The log's lines of as many requests. The runtime writes behind the answer. */
async function linesOf(log: string, count: number): Promise<Record<string, unknown>[]> {
  const read = () =>
    readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes('"decision":'));
  await vi.waitFor(() => expect(read()).toHaveLength(count), { timeout: 10_000 });
  return read().map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('docs/adopting.md', () => {
  it('step 1: in front of the API, not one answer differs', async () => {
    const { port, log } = await deploy('first', block('toml first'));
    const compared = await compare(port);
    expect(compared.length).toBeGreaterThan(200);
    expect(differing(compared)).toEqual([]);
    const lines = await linesOf(log, compared.length);
    expect(new Set(lines.map(({ decision }) => decision))).toEqual(new Set(['allow']));
    expect(new Set(lines.map(({ would_deny }) => would_deny))).toEqual(
      new Set(['route_unknown', 'path_ambiguous']),
    );
  });

  it('step 4: the log drafts routes, which the check takes once each has a rule', async () => {
    const config = join(folder, 'first.toml');
    writeFileSync(config, block('toml first'));
    const log = join(folder, 'first.log');
    const { code, stdout } = await claimgate(['logs', log, '--draft', '--config', config]);
    expect(code).toBe(0);
    expect(stdout).toContain('# Audiences of tokens that were let through: https://api.example.com/orders');
    for (const key of [
      'GET /orders',
      'GET /orders/:order_id',
      'PUT /orders/:order_id',
      'GET /users/:user_id',
    ])
      expect(stdout).toContain(`${JSON.stringify(key)} = {`);
    // Never open: what it knows too little of, the check refuses until somebody has filled it in.
    expect(stdout).not.toContain('auth');
    const drafted = join(folder, 'drafted.toml');
    writeFileSync(drafted, `${block('toml first')}\n${stdout}`);
    expect((await claimgate(['check', '--config', drafted])).code).toBe(1);
    writeFileSync(drafted, `${block('toml first')}\n${stdout.replaceAll('[] }', '["read:orders"] }')}`);
    expect(await claimgate(['check', '--config', drafted])).toMatchObject({ code: 0, stderr: '' });
  });

  it('step 5: with its routes, still none', async () => {
    const { port, log } = await deploy('second', block('toml first') + block('toml routes'));
    const compared = await compare(port);
    expect(differing(compared)).toEqual([]);
    const lines = await linesOf(log, compared.length);
    const reasons = new Set(lines.map(({ would_deny }) => would_deny));
    for (const reason of ['route_unknown', 'method_not_allowed', 'token_missing', 'token_expired', undefined])
      expect(reasons).toContain(reason);
    const { stdout } = await claimgate(['logs', log]);
    expect(stdout).toContain('would be denied');
  });

  it('step 6: one route is enforced, and the others go on', async () => {
    const routes = block('toml routes').replace(/^"GET \/orders\/:id" .*$/m, block('toml one').trim());
    expect(routes).toContain('report_only = false');
    const { port } = await deploy('third', block('toml first') + routes);
    const compared = await compare(port);
    const isEnforced = ({ target, method }: OldRequest) =>
      /^\/orders\/\d+$/i.test(target) && ['GET', 'HEAD'].includes(method);
    // An answer that is no longer the origin's alone has the gateway's id.
    const withoutId = (seen: Seen): Seen => ({
      ...seen,
      headers: seen.headers.filter((line) => !line.startsWith('x-request-id:')),
    });
    const refused = differing(compared.map((one) => ({ ...one, through: withoutId(one.through) })));
    expect(refused.length).toBeGreaterThan(10);
    // Another spelling is the same path to many origins, and one with two readings could be it.
    for (const { request, through } of refused) {
      if (isEnforced(request)) expect([401, 403, 404]).toContain(through.status);
      else expect([request.target, through.status]).toEqual([request.target, 400]);
    }
    const good = ({ request, direct }: Compared) => isEnforced(request) && direct.status === 200;
    expect(compared.filter(good).some(({ through }) => through.status === 200)).toBe(true);
  });

  it('step 6: what is enforced refuses whom the trial has told of, and nobody else', async () => {
    const tried = await linesOf(join(folder, 'second.log'), requests.length);
    const policy = block('toml first').replace(/^\[vars\.API_ORDERS\][\s\S]*/m, block('toml enforced'));
    const { port, log } = await deploy('fourth', policy + block('toml routes'));
    const compared = await compare(port);
    const lines = await linesOf(log, compared.length);
    expect(lines.map(({ reason }) => reason)).toEqual(tried.map(({ would_deny }) => would_deny));
    for (const [i, { direct, through }] of compared.entries()) {
      if (tried[i]?.['would_deny'] !== undefined) expect(through.status).toBeGreaterThanOrEqual(400);
      else expect([through.status, tried[i]?.['path']]).toEqual([expect.any(Number), undefined]);
      if (tried[i]?.['would_deny'] === undefined && direct.status < 400)
        expect(through.status).toBe(direct.status);
    }
  });

  it('the check and the other blocks say what the page says', async () => {
    const { stdout } = await claimgate(['check', '--config', join(folder, 'first.toml')]);
    for (const line of block('text check').trim().split('\n')) expect(stdout).toContain(line);
    const { vars } = parse(
      `${block('toml first').replace(/^\[vars\.API_ORDERS\]$/m, '[vars.API_OTHER]')}${block('toml zone').replace(/^routes.*$/m, '')}audience = "x"\nreport_only = true`,
    ) as { vars: Record<string, unknown> };
    expect(compilePolicy(vars)).toMatchObject({ ok: true });
  });
});
