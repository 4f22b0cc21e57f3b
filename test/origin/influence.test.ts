/** The table in docs/origins.md of what a client can influence, row by row. */
import { beforeAll, describe, expect, it } from 'vitest';
import page from '../../docs/origins.md?raw';
import { makeRig } from '../support/gateway.ts';
import { makeKey, type SigningKey, sign } from '../support/issuer.ts';

const [, table = ''] = /## What a client can influence\n([\s\S]*?)\n## /.exec(page) ?? [];
const rows = [...table.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].slice(1);
const headersIn = (cells: (string | undefined)[]) =>
  cells
    .flatMap((cell = '') => cell.match(/(?<=`)[A-Za-z-]+-?…?(?=`)/g) ?? [])
    .map((name) => name.replace('…', 'role'));
/** `test/origin/strip.test.ts` has the assertion, with all its spellings. */
const FIXED = headersIn(rows.map(([, , right]) => right)).filter((name) => name !== 'Txn-Token');

let key: SigningKey;
beforeAll(async () => {
  key = await makeKey();
});
const rig = () =>
  makeRig({
    routes: { '* /open/*': { auth: 'none' }, '* /x': {} },
    api: { forward: { role: 'x-role' } },
    keys: [key.publicJwk],
  });

/** The client’s own id has a header of its own. */
const forgedIn = ({ headers }: Request) =>
  [...headers].filter(([name, value]) => value.includes('forged') && name !== 'x-client-request-id');

describe('what a client can’t choose', () => {
  it('is named', () => {
    expect(FIXED).toEqual([
      'x-claim-role',
      'x-request-id',
      'Authorization',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-prefix',
    ]);
  });

  it.each([...FIXED, 'x-claim-iss', 'x-claim-sub', 'x-role'])('%s', async (name) => {
    const here = rig();
    const token = await sign(key);
    const forged = { [name]: 'forged' };
    if (name !== 'Authorization') {
      await here.ask('GET /open/a', forged);
      expect(forgedIn(here.lastReceived())).toEqual([]);
    }
    const forgedBeside = name === 'Authorization' ? {} : forged;
    await here.ask('GET /x', { ...forgedBeside, authorization: `Bearer ${token}` });
    const received = here.lastReceived();
    expect(new URL(received.url).pathname).toBe('/x');
    expect(forgedIn(received)).toEqual([]);
    expect(received.headers.get('authorization')).toBeNull();
  });
});

describe('what a client chooses', () => {
  it.each([
    ['cookie', 'cookie', 'a=1'],
    ['accept', 'accept', 'text/plain'],
    ['user-agent', 'user-agent', 'mine/1'],
    ['x-anything', 'x-anything', 'else'],
    ['x-request-id', 'x-client-request-id', 'mine-1'],
    ['authorization', 'authorization', 'Basic eDp5'],
  ])('%s arrives as %s', async (name, as, value) => {
    const here = rig();
    await here.ask('GET /open/a?q=%20+', { [name]: value });
    const { headers, method, url } = here.lastReceived();
    expect([headers.get(as), method, new URL(url).search]).toEqual([value, 'GET', '?q=%20+']);
  });
});
