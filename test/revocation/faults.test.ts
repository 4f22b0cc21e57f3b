/**
 * The table of docs/revocation.md under "When something fails", cell by cell: a gateway with the real object and the
 * real KV, of which one or both fail. What the table says is what is tested.
 */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import page from '../../docs/revocation.md?raw';
import { headName, OBJECT_NAME } from '../../src/revocation/access.ts';
import type { Revocations } from '../../src/revocation/object/object.ts';
import { makeRig } from '../support/gateway.ts';
import { makeKey, sign, usualClaims } from '../support/issuer.ts';
import { ISSUER } from '../support/policy.ts';

const bound = env as { KEYS: KVNamespace; REVOCATIONS: DurableObjectNamespace<Revocations> };
const id = bound.REVOCATIONS.idFromName(OBJECT_NAME);
const head = headName(id.toString());
const object = () => bound.REVOCATIONS.get(id);
const key = await makeKey();
const seconds = () => Math.floor(Date.now() / 1000);
const MINUTE_MS = 60_000;

/** How long ago the isolate made its copy; `undefined`: it has none. */
const STATES: Readonly<Record<string, number | undefined>> = {
  warm: 15_000,
  old: 31_000,
  '11 min': 11 * MINUTE_MS,
  '26 min': 26 * MINUTE_MS,
  cold: undefined,
};

type Fails = (name: string) => Promise<string | null>;
const never = () => new Promise<never>(() => {});
const fail = async () => {
  throw new Error('made to fail');
};

/** What KV held before anything was revoked. */
let before: string | null = null;

const KV: Readonly<Record<string, Fails>> = {
  "KV can't be read": fail,
  'KV does not answer': never,
  'KV is empty': async () => null,
  'KV holds garbage': async () => '{"version":',
  'KV lags': async () => before,
  'both fail': fail,
  'neither answers': never,
  'KV lags, and the object fails': async () => before,
};
const OBJECT: Readonly<Record<string, () => Promise<never>>> = {
  'the object fails': fail,
  'the object does not answer': never,
  'both fail': fail,
  'neither answers': never,
  'KV lags, and the object fails': fail,
};

const rows = page
  .slice(page.indexOf('| KV, object |'))
  .split('\n\n')[0]
  ?.split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  ) as string[][];
const [heads = [], , ...lines] = rows;
const cells = lines.flatMap((cellsOf) =>
  Object.keys(STATES).map((state) => ({
    fault: cellsOf[0] as string,
    state,
    expected: cellsOf[heads.indexOf(state)] as string,
    logged: cellsOf.at(-1) as string,
  })),
);
type Cell = (typeof cells)[number];

/** A gateway of its own for each cell, which the fault meets once it has made its copy. */
function worldOf({ fault }: Cell) {
  const state = { isFaulty: false, offsetMs: 0 };
  const kv = {
    get: (name: string, options: KVNamespaceGetOptions<'text'>) => {
      const failing = state.isFaulty && name === head ? KV[fault] : undefined;
      return failing === undefined ? bound.KEYS.get(name, options) : failing(name);
    },
    put: async () => {},
  };
  const content = () => (state.isFaulty ? OBJECT[fault] : undefined)?.() ?? object().content();
  const rig = makeRig({
    routes: { 'GET /orders': {} },
    more: {
      GATEWAY: { revocation: 'REVOCATIONS' },
      ISSUERS: { main: { issuer: ISSUER, jwks_uri: `${ISSUER}keys`, max_token_age: 36_000 } },
    },
    keys: [key.publicJwk],
    env: { KEYS: kv, REVOCATIONS: { idFromName: () => id, get: () => ({ content }) } },
    options: { now: () => Date.now() + state.offsetMs },
  });
  return { state, rig };
}

const tokenOf = (sub: string) => sign(key, usualClaims({ sub, iat: seconds() - 60, exp: seconds() + 7200 }));

const worlds = new Map<Cell, ReturnType<typeof worldOf>>();
beforeAll(async () => {
  // There is something in KV, and it is about others.
  const revoke = (sub: string) =>
    object().apply({
      action: 'revoke',
      revoked: { kind: 'subject', issuer: ISSUER, id: sub },
      livesSeconds: 7200,
      by: 'test',
      why: 'test',
    });
  await revoke('somebody');
  before = await bound.KEYS.get(head);
  const good = await tokenOf('good');
  for (const cell of cells) {
    const world = worldOf(cell);
    worlds.set(cell, world);
    if (STATES[cell.state] !== undefined)
      expect((await world.rig.call('GET /orders', good)).status, cell.fault).toBe(200);
  }
  expect((await revoke('revoked')).published).toBe(true);
});

describe('docs/revocation.md', () => {
  it('names every fault that is known here, and no other', () => {
    const known = new Set(['both answer', ...Object.keys(KV), ...Object.keys(OBJECT)]);
    expect(new Set(lines.map(([name]) => name))).toEqual(known);
  });

  it.concurrent.each(cells)('$fault, $state: $expected', async (cell) => {
    const { state, rig } = worlds.get(cell) as ReturnType<typeof worldOf>;
    state.isFaulty = true;
    state.offsetMs = STATES[cell.state] ?? 0;
    const revoked = await rig.call('GET /orders', await tokenOf('revoked'));
    expect(String(revoked.status)).toBe(cell.expected);
    const good = await rig.call('GET /orders', await tokenOf('good'));
    expect(good.status).toBe(cell.expected === '503' ? 503 : 200);
    if (cell.expected === '401')
      expect(rig.logs).toContainEqual(expect.objectContaining({ reason: 'token_revoked' }));
    if (cell.expected === '503')
      expect([revoked.headers.get('retry-after'), rig.lastLog().reason]).toEqual([
        '5',
        'revocations_unavailable',
      ]);
    const told = rig.logs.flatMap((line) =>
      'event' in line && line.event === 'revocations_read_failed' ? [line.from] : [],
    );
    for (const from of told) expect(cell.logged.split(', ')).toContain(from);
    expect(new Set(told).size).toBe(told.length);
  });
});
