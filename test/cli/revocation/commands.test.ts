import { beforeEach, describe, expect, it } from 'vitest';
import { applied, lastOf, makeGateway, POLICY, readJson } from './support.ts';

const gateway = makeGateway();
const { run } = gateway;
const WHY = ['--why', 'ticket 1'];

beforeEach(() => {
  gateway.calls.length = 0;
  gateway.opened.length = 0;
  gateway.raw = undefined;
  gateway.answer = applied;
});

/** What the last call asks to revoke. */
const lastRevocation = () =>
  lastOf(gateway.calls).input as unknown as { livesSeconds: number; andNextSeconds?: number };

const unsigned = (claims: object) =>
  `${['{"alg":"ES256"}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.')}.c2ln`;

describe('what is asked of the object', () => {
  it.each([
    [['--sub', 'a|b'], { kind: 'subject', id: 'a|b' }],
    [['--client', 'job'], { kind: 'client', id: 'job' }],
    [['--sid', 's-1'], { kind: 'session', id: 's-1' }],
    [['--jti', '-j'], { kind: 'token', id: '-j' }],
    [['--all'], { kind: 'issuer', id: '' }],
  ])('revoke %j', async (flags, asked) => {
    const { code, stderr } = await run('revoke', '--issuer', 'main', ...flags, ...WHY, '--by', 'me');
    expect(code, stderr).toBe(0);
    const { input, object } = lastOf(gateway.calls);
    expect(object).toBe('REVOCATIONS');
    expect(input).toMatchObject({ action: 'revoke', by: 'me', why: 'ticket 1' });
    expect(input).toMatchObject({ revoked: { issuer: 'https://issuer.example/', ...asked } });
    // Its tokens live an hour, and two clocks are off by 5 s at most.
    expect(lastRevocation().livesSeconds).toBe(3600 + 2 * 5 + 1);
    expect(gateway.open).toBe(0);
  });

  it('an issuer may be named as tokens name it', async () => {
    await run('revoke', '--issuer', 'https://partner.example/', '--sub', 'x', ...WHY);
    expect(lastOf(gateway.calls).input).toMatchObject({
      revoked: { issuer: 'https://partner.example/' },
    });
  });

  it('tokens of the next time are dated ahead, and so is the end', async () => {
    const { stdout } = await run('revoke', '--issuer', 'main', '--sub', 'x', '--and-next', '1min', ...WHY);
    expect(lastRevocation()).toMatchObject({ andNextSeconds: 60, livesSeconds: 3611 });
    expect(stdout).toMatch(
      /^refuses {4}tokens issued up to \d\d:\d\d:\d\d UTC \(5 s are for clocks that differ\); newer ones pass$/m,
    );
  });

  it('a token names its issuer and its id, and stays no longer than it lives itself', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = unsigned({ iss: 'https://issuer.example/', jti: 'one', exp: now + 100 });
    const file = gateway.file('token', `Bearer ${token}\n`);
    expect(await run('revoke', '--token', file, ...WHY)).toMatchObject({ code: 0 });
    expect(lastOf(gateway.calls).input).toMatchObject({
      revoked: { kind: 'token', id: 'one' },
    });
    // An hour more: the clock of this machine may be wrong.
    expect(lastRevocation().livesSeconds).toBeLessThanOrEqual(100 + 5 + 3600);
    const forged = unsigned({ iss: 'https://issuer.example/', jti: 'one', exp: now + 1e9 });
    await run('revoke', '--token', gateway.file('token', forged), ...WHY);
    expect(lastRevocation().livesSeconds).toBe(3611);
  });

  it.each([
    [['API_ORDERS'], { kind: 'api', target: 'API_ORDERS' }],
    [['API_ORDERS', 'GET /orders'], { kind: 'route', target: 'API_ORDERS GET /orders' }],
    // Without quotes, and without the policy's alignment.
    [['API_ORDERS', 'DELETE', '/orders/:id'], { kind: 'route', target: 'API_ORDERS DELETE /orders/:id' }],
    [['--client', 'job'], { kind: 'client', target: 'job' }],
    [['--key', 'k1'], { kind: 'key', target: 'k1' }],
  ])('close %j', async (args, asked) => {
    const { code, stderr } = await run('close', ...args, ...WHY);
    expect(code, stderr).toBe(0);
    expect(lastOf(gateway.calls).input).toMatchObject({ action: 'close', status: 503, ...asked });
    expect(await run('open', ...args, ...WHY)).toMatchObject({ code: 0 });
    expect(lastOf(gateway.calls).input).toMatchObject({ action: 'open', ...asked });
  });

  it('an environment is a Worker of its own, and --remote is the account’s', async () => {
    await run('revoke', '--sub', 'x', ...WHY);
    expect(gateway.opened).toEqual([]);
    await run('revoke', '--sub', 'x', ...WHY, '--env', 'production', '--remote', '--by', 'me');
    expect(lastOf(gateway.opened)).toMatchObject({
      options: { remoteBindings: true, persist: false },
      config: {
        account_id: 'acc',
        services: [
          { binding: 'ADMIN', service: 'shop-production', entrypoint: 'RevocationAdmin', remote: true },
        ],
      },
    });
    await run('switches', '--env', 'production');
    expect(lastOf(gateway.opened).config['services']).toEqual([
      { binding: 'ADMIN', service: 'shop-production', entrypoint: 'RevocationAdmin' },
    ]);
    expect(lastOf(gateway.opened).options).toMatchObject({ remoteBindings: false });
  });
});

const TOKEN = unsigned({ iss: 'https://issuer.example/', jti: 'one' });

/** Each ends before anything is asked, and changes nothing. */
const SLIPS: readonly [said: string, ...args: string[]][] = [
  ['no token is named; give --sub', 'revoke'],
  ['there are several issuers; name one with --issuer: main, partner', 'revoke', '--sub', 'x'],
  ['--sub and --jti exclude each other', 'revoke', '--sub', 'x', '--jti', 'y'],
  ['the policy has no issuer "mian"; did you mean "main"?', 'revoke', '--issuer', 'mian', '--sub', 'x'],
  ['--sub is empty', 'revoke', '--issuer', 'main', '--sub', ''],
  ['--sub begins or ends with a blank', 'revoke', '--issuer', 'main', '--sub', 'x '],
  ['--jti has 513 characters, and 512 is the most', 'revoke', '--issuer', 'main', '--jti', 'x'.repeat(513)],
  ['--jti is a whole token', 'revoke', '--issuer', 'main', '--jti', TOKEN],
  ['--token takes the name of a file', 'revoke', '--token', TOKEN],
  ["nowhere can't be read (ENOENT); give the token on standard input", 'revoke', '--token', 'nowhere'],
  ['--token and --sub exclude each other', 'revoke', '--token', 'wrangler.toml', '--sub', 'x'],
  ['--token has no JWT', 'revoke', '--token', 'wrangler.toml'],
  [
    '--why is missing; give the reason for the record',
    'revoke',
    '--issuer',
    'main',
    '--sub',
    'x',
    '--why',
    ' ',
  ],
  ['--why has 501 characters', 'revoke', '--issuer', 'main', '--sub', 'x', '--why', 'w'.repeat(501)],
  ['--by has 501 characters', 'revoke', '--issuer', 'main', '--sub', 'x', '--by', 'w'.repeat(501)],
  ['--and-next is for --sub', 'revoke', '--issuer', 'main', '--jti', 'x', '--and-next', '60'],
  ['--and-next is at most a day', 'revoke', '--issuer', 'main', '--sub', 'x', '--and-next', '2d'],
  ['--local and --remote exclude', 'revoke', '--issuer', 'main', '--sub', 'x', '--local', '--remote'],
  ['--log is for --dry-run', 'revoke', '--issuer', 'main', '--sub', 'x', '--log', 'day.log'],
  ['wrangler.toml has no [env.prod]; it has production', 'revoke', '--sub', 'x', '--env', 'prod'],
  ['there is no nowhere.toml', 'revoke', '--sub', 'x', '--config', 'nowhere.toml'],
  ["unknown option '--dry-run'", 'unrevoke', '--issuer', 'main', '--sub', 'x', '--dry-run'],
  ['nothing is named; give an API', 'close'],
  ['exclude each other', 'close', 'API_ORDERS', '--client', 'x'],
  ['--client is empty', 'close', '--client', ''],
  ['--key begins or ends with a blank', 'close', '--key', ' k'],
  ['the policy has no API_ORDER; did you mean "API_ORDERS"?', 'close', 'API_ORDER'],
  ['the policy has no api_orders; did you mean "API_ORDERS"?', 'close', 'api_orders'],
  ['has no route "GET /order"; did you mean "GET /orders"?', 'close', 'API_ORDERS', 'GET /order'],
  ['--status is for what is closed', 'close', '--client', 'x', '--status', '403'],
  ['There is no such choice', 'close', 'API_ORDERS', '--status', '404'],
  ['such as 1h', 'close', 'API_ORDERS', '--for', 'tomorrow'],
  ['such as 1h', 'close', 'API_ORDERS', '--for', '0'],
  ['Write a whole number', 'switches', '--limit', '0'],
  ['--limit is at most 1000', 'switches', '--limit', '1001'],
];

it.each(SLIPS.map(([said, ...args]) => ({ said, args, title: args.join(' ').slice(0, 70) })))(
  'a slip: $title',
  async ({ said, args }) => {
    const needsWhy = args[0] !== 'switches' && !args.includes('--why');
    const result = await run(...args, ...(needsWhy ? WHY : []));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr.replaceAll('\n', ' ')).toContain(said);
    // A token is a secret.
    expect(result.stderr).not.toContain('.c2ln');
    expect(gateway.calls).toEqual([]);
  },
);

describe('tokens that can’t be revoked by themselves', () => {
  it.each([
    [{ iss: 'https://issuer.example/', sub: "o'neill" }, "revoke by --sub 'o'\\''neill'"],
    [{ iss: 'https://issuer.example/', sub: 'x', sid: 's' }, 'revoke by --sid s or --sub x'],
    [{ iss: 'https://stranger.example/', jti: 'x' }, 'the policy has no issuer "https://stranger.example/"'],
    [{ jti: 'x' }, 'the token has no iss'],
    [{ iss: 'https://issuer.example/', jti: 'x'.repeat(513) }, 'the jti of this token has 513 characters'],
  ])('%j', async (claims, said) => {
    const { code, stderr } = await run('revoke', '--token', gateway.file('token', unsigned(claims)), ...WHY);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

describe('a gateway that is not there, or not so', () => {
  it('a policy without revocation', async () => {
    const file = gateway.file('without.toml', POLICY.replaceAll('revocation = "REVOCATIONS"', ''));
    const { code, stderr } = await run('switches', '--config', file);
    expect(code).toBe(2);
    expect(stderr).toContain('has no revocation; add revocation = "REVOCATIONS" to [vars.GATEWAY]');
  });

  it('a configuration without a name', async () => {
    const file = gateway.file('nameless.toml', POLICY.replace('name = "shop"\n', ''));
    expect((await run('switches', '--config', file)).stderr).toContain('names no Worker; add name = "…"');
  });

  it('no Worker that has the entrypoint', async () => {
    gateway.raw = 'Couldn\'t find a local dev session for the "RevocationAdmin" entrypoint\nof shop';
    const here = await run('switches');
    expect(here).toMatchObject({ code: 3, stdout: '' });
    expect(here.stderr).toContain('no `wrangler dev` of shop runs on this machine; start it');
    const other = gateway.file('other.toml', POLICY);
    expect((await run('switches', '--config', other, '--env', 'production')).stderr).toContain(
      'start it, with npx wrangler dev --env production, or act on Cloudflare with --remote',
    );
    const there = await run('switches', '--remote');
    expect(there).toMatchObject({ code: 3, stdout: '' });
    expect(there.stderr).toContain(
      'the Worker shop on Cloudflare has no entrypoint RevocationAdmin; deploy it',
    );
    expect(gateway.open).toBe(0);
  });

  it('the object refuses', async () => {
    gateway.answer = () => {
      throw new Error('there are 200000 revocations, and 200000 is the most');
    };
    const { code, stderr } = await run('revoke', '--issuer', 'main', '--sub', 'x', ...WHY);
    expect(code).toBe(3);
    expect(stderr).toContain('the object refused: there are 200000 revocations');
    expect(gateway.open).toBe(0);
  });
});

it('what a deployment has renamed can be opened, and a slip is told after the object said no', async () => {
  expect(await run('open', 'API_OLD', ...WHY)).toMatchObject({ code: 0 });
  gateway.answer = () => ({ number: 7, changed: false, published: true });
  const slip = await run('open', 'API_ORDER', ...WHY);
  expect([slip.code, slip.stderr]).toEqual([2, expect.stringContaining('did you mean "API_ORDERS"?')]);
  const nothing = await run('open', 'API_ORDERS', ...WHY);
  expect([nothing.code, nothing.stdout]).toEqual([
    1,
    'no switch closes API_ORDERS; claimgate switches lists what is closed\n',
  ]);
  const forged = await run('unrevoke', '--issuer', 'main', '--sub', 'x\nrestored  all', ...WHY);
  expect([forged.code, forged.stdout.split('\n').length]).toEqual([1, 2]);
  expect(readJson(await run('open', 'API_ORDERS', ...WHY, '--json'))).toMatchObject({ changed: false });
});
