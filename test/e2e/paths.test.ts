/**
 * What the gateway matched is what the origin gets. Spellings of paths go over raw sockets through the bare runtime to
 * an origin that records raw targets: none that a lax server could read as a protected resource may come through.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordingOrigin, startOrigin } from './support/origin.ts';
import { sendRaw } from './support/raw-http.ts';
import { type RunningWorkerd, startGateway } from './support/workerd.ts';

const PROTECTED = ['/admin', '/admin/users', '/orgs/acme/secrets'];

const routes = {
  'GET /*': { auth: 'none' },
  'GET /public/*': { auth: 'none' },
  'POST /upload': { auth: 'none' },
  'GET /admin': { scopes_all: ['admin'] },
  'GET /admin/*': { scopes_all: ['admin'] },
  'GET /orgs/:org/secrets': { scopes_all: ['admin'] },
};

let origin: RecordingOrigin;
const abandoned: string[] = [];
const gateways: Record<string, RunningWorkerd> = {};

beforeAll(async () => {
  origin = await startOrigin((request, response) => {
    if (request.url === '/public/never') response.once('close', () => abandoned.push(request.url ?? ''));
    else if (request.url === '/public/drip') {
      response.write('first ');
      setTimeout(() => response.end('last'), 3000);
    } else if (request.url === '/public/redirect') response.writeHead(302, { location: '/admin' }).end();
    else response.end('from the origin');
  });
  const policy = (target: string, api = {}) => ({
    GATEWAY: { log_sample: 0 },
    ISSUERS: { main: { issuer: 'https://issuer.example/' } },
    API_X: { origin: target, audience: 'x', routes, ...api },
  });
  gateways['URL'] = await startGateway(policy(origin.url), origin.url);
  gateways['service binding'] = await startGateway(policy('service:ORIGIN'), origin.url);
  gateways['impatient'] = await startGateway(policy(origin.url, { timeout_ms: 2000 }), origin.url);
  gateways['dead'] = await startGateway(policy('http://127.0.0.1:9'), origin.url);
});

afterAll(async () => {
  for (const gateway of Object.values(gateways)) await gateway.stop();
  await origin?.close();
});

/** Ways of writing one path, each of which some server is known to read as the path itself. */
function spellings(path: string): string[] {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.map((segment) => `/${segment}`).join('');
  const hex = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  const firsts = [
    first.toUpperCase(),
    first[0]?.toUpperCase() + first.slice(1),
    hex(first),
    hex(first).toUpperCase(),
    `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`,
    `%25${first.charCodeAt(0).toString(16)}${first.slice(1)}`,
    `%2525${first.charCodeAt(0).toString(16)}${first.slice(1)}`,
    `%u00${first.charCodeAt(0).toString(16)}${first.slice(1)}`,
    `${first};`,
    `${first};x`,
    `${first};x=1`,
    `${first}%3b`,
    `${first}%3bx`,
    `${first}%3Bx=/`,
    `${first}.`,
    `${first}..`,
    `${first}%2e`,
    `${first}%2E%2e`,
    `${first}%20`,
    `${first}+`,
    `${first}%09`,
    `${first}%00`,
    `${first}%0a`,
    `${first}%c2%a0`,
    `${first}%e2%80%8b`,
    `%ef%bb%bf${first}`,
    `${first.slice(0, 2)}%c2%ad${first.slice(2)}`,
    `%ef%bd%81${first.slice(1)}`,
    `${first}%ef%bc%9bx`,
    `${first}%ef%bc%8e`,
    `${first}%`,
    `${first}%2`,
    `${first}%zz`,
    `${first}%ff`,
    `${first}%c0%ae`,
  ];
  const around = [
    `/${path}`,
    `//${path}`,
    `///${first}${tail}`,
    `/./${first}${tail}`,
    `/%2e/${first}${tail}`,
    `/.;/${first}${tail}`,
    `/;/${first}${tail}`,
    `/;x/${first}${tail}`,
    `/x/../${first}${tail}`,
    `/x/..;/${first}${tail}`,
    `/x/..%3b/${first}${tail}`,
    `/x/%2e%2e/${first}${tail}`,
    `/x/%252e%252e/${first}${tail}`,
    `/x/..%2f${first}${tail}`,
    `/x%2f..%2f${first}${tail}`,
    `/x/..%5c${first}${tail}`,
    `/x\\..\\${first}${tail}`,
    `\\${first}${tail}`,
    `/\\${first}${tail}`,
    `/%5c${first}${tail}`,
    `/%2f${first}${tail}`,
    `/public/../${first}${tail}`,
    `/public/..;/${first}${tail}`,
    `/public/..%3b/${first}${tail}`,
    `/public/%2e%2e/${first}${tail}`,
    `/pub/%2e%2e/${first}${tail}`,
    `/public/..%2f${first}${tail}`,
    `/public/.%2e/${first}${tail}`,
    `/public/%2e./${first}${tail}`,
    `/public/..%00/${first}${tail}`,
    `/public/..%20/${first}${tail}`,
    `/public/.%20./${first}${tail}`,
    `/public/%ef%bc%8e%ef%bc%8e/${first}${tail}`,
    `/public/x/../../${first}${tail}`,
    `/public/..//${first}${tail}`,
    `/public//../${first}${tail}`,
    `/public/%c0%ae%c0%ae/${first}${tail}`,
    `/public/%u002e%u002e/${first}${tail}`,
    `/public#/../${first}${tail}`,
    `/${first}${tail}#`,
    `/${first}${tail}?`,
    `/${first}${tail}?/public/x`,
    `/${first}${tail}#?`,
    `/${first}${tail}/`,
    `/${first}${tail}//`,
    `/${first}${tail}/.`,
    `/${first}${tail}/%2e`,
    `/${first}${tail}/x/..`,
    `/${first}${tail}/;x`,
    `/${first}${tail}/..;/${rest.at(-1) ?? first}`,
    `/${first}//${rest.join('/')}`,
    `/${first}/.${tail}`,
    `/${first}/;${tail}`,
    `/${first}%2f${rest.join('%2f')}`,
    `/${first}%5c${rest.join('%5c')}`,
  ];
  return [...firsts.map((one) => `/${one}${tail}`), ...around, path];
}

/** Everything that a lax server could take a target for: each of its habits, in any order, until nothing is new. */
function readings(target: string): ReadonlySet<string> {
  const habits: ((path: string) => string)[] = [
    (path) => path.toLowerCase(),
    (path) => path.replace(/[?#].*$/s, ''),
    (path) => path.replace(/\/+$/, '') || '/',
    (path) => path.replace(/\/{2,}/g, '/'),
    (path) => path.replaceAll('\\', '/'),
    (path) => path.replace(/;[^/]*/g, ''),
    (path) => path.replace(/[. \t\0]+(?=\/|$)/g, (run) => (/^\.\.?$/.test(run) ? run : '')),
    (path) =>
      path.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      ),
    (path) => decodeURI(path),
    (path) => path.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}|[\u200b\ufeff]/gu, ''),
    (path) => new URL(`http://h${path.startsWith('/') ? '' : '/'}${path}`).pathname,
  ];
  const found = new Set([target]);
  for (const path of found) {
    for (const habit of habits) {
      if (found.size > 500) return found;
      try {
        found.add(habit(path));
      } catch {
        // This server would refuse it.
      }
    }
  }
  return found;
}

const CASES = PROTECTED.flatMap(spellings);

describe.each(['URL', 'service binding'])('an origin by %s', (kind) => {
  it(`never sees one of ${CASES.length} spellings of a protected resource without its rules`, {
    timeout: 120_000,
  }, async () => {
    const passed: string[] = [];
    for (const target of CASES) {
      origin.requests.length = 0;
      const answer = await sendRaw(gateways[kind]?.port ?? 0, 'GET', target);
      expect(answer.status, target).toBeLessThan(503);
      const [request] = origin.requests;
      expect(answer.status === 200, target).toBe(request !== undefined);
      if (request === undefined) continue;
      const seen = origin.header(request, 'x-raw-target') ?? request.target;
      passed.push(target);
      const protectedReadings = [...readings(seen)].filter((path) => PROTECTED.includes(path));
      expect(protectedReadings, `${JSON.stringify(target)} reached the origin as ${seen}`).toEqual([]);
    }
    // The public catch-all must not simply be dead: what is no spelling of them passes.
    expect(passed.length).toBeLessThan(CASES.length / 2);
  });

  it.each([
    ['/', 404],
    ['/public/x', 200],
    ['/administrator', 200],
    ['/public/admin', 200],
    ['/Public/File.TXT', 200],
    ['/a%20b/%C3%BC?x=%2e%2e', 200],
    ['/a;b/c', 200],
  ])('%s is %i', async (target, status) => {
    origin.requests.length = 0;
    expect((await sendRaw(gateways[kind]?.port ?? 0, 'GET', target)).status).toBe(status);
    const [request] = origin.requests;
    if (status === 200) expect(origin.header(request, 'x-raw-target') ?? request?.target).toBe(target);
  });
});

describe('the bare runtime', () => {
  it.each([
    'x-claim-sub',
    'X_Claim_Sub',
    'x.claim.sub',
    'x-forwarded-user',
    'Expect',
    'Proxy-Authorization',
    'TE',
    'Keep-Alive',
  ])('a spoofed %s never reaches the origin', async (name) => {
    origin.requests.length = 0;
    const answer = await sendRaw(gateways['URL']?.port ?? 0, 'GET', '/public/x', [`${name}: root`]);
    expect(answer.status).toBe(200);
    expect(origin.requests[0]?.headers.filter(([, value]) => value === 'root')).toEqual([]);
  });

  it('a client that leaves takes the call to the origin along', async () => {
    const socket = connect(gateways['URL']?.port ?? 0, '127.0.0.1');
    socket.write('GET /public/never HTTP/1.1\r\nHost: h\r\n\r\n');
    await expect.poll(() => origin.requests.some(({ target }) => target === '/public/never')).toBe(true);
    socket.resetAndDestroy(); // a mere FIN could be a client that still listens
    await expect.poll(() => abandoned, { timeout: 5000 }).toEqual(['/public/never']);
  });

  it('an origin that is too slow: 504, and its call is ended', async () => {
    abandoned.length = 0;
    const answer = await sendRaw(gateways['impatient']?.port ?? 0, 'GET', '/public/never');
    expect(answer.status).toBe(504);
    await expect.poll(() => abandoned, { timeout: 5000 }).toEqual(['/public/never']);
  });

  it('a body may take longer than the time limit for its head', async () => {
    const response = await fetch(`http://127.0.0.1:${gateways['impatient']?.port}/public/drip`);
    expect(await response.text()).toBe('first last');
  });

  it('a GET with a body arrives with it', async () => {
    const answer = await sendRaw(gateways['URL']?.port ?? 0, 'GET', '/public/x', [
      'Content-Length: 4',
      '',
      'body',
    ]);
    expect(answer.status).toBe(200);
    expect(origin.header(origin.requests.at(-1), 'content-length')).toBe('4');
  });

  it('an upload keeps its length', async () => {
    await fetch(`http://127.0.0.1:${gateways['URL']?.port}/upload`, { method: 'POST', body: 'twelve bytes' });
    expect(origin.header(origin.requests.at(-1), 'content-length')).toBe('12');
  });

  it("redirects are the client's to follow", async () => {
    const response = await fetch(`http://127.0.0.1:${gateways['URL']?.port}/public/redirect`, {
      redirect: 'manual',
    });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/admin');
  });

  it('an origin that is not there: 502', async () => {
    const answer = await sendRaw(gateways['dead']?.port ?? 0, 'GET', '/public/x');
    expect(answer.status).toBe(502);
    expect(answer.body).toContain('origin_unreachable');
  });
});
