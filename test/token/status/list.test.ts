/** Reading a status list: the draft's vectors, what is malformed, bombs, and a model that is stated without bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflate } from '../../../src/token/status/inflate.ts';
import { MAX_LIST_BYTES, readStatusList, statusAt } from '../../../src/token/status/list.ts';
import { base64url } from '../../support/issuer.ts';
import { VECTORS } from './vectors.ts';
import { deflate, packed } from './world.ts';

async function listOf(claim: unknown) {
  const list = await readStatusList(claim);
  if (typeof list === 'string') throw new Error(list);
  return list;
}

describe('the vectors of the draft', () => {
  it.each(VECTORS)('$name', async ({ bits, lst, entries, statuses }) => {
    const list = await listOf({ bits, lst });
    expect(list.bytes.length).toBe((entries * bits) / 8);
    const wrong: unknown[] = [];
    for (let i = 0; i < entries; i++) {
      const found = statusAt(list, i);
      if (found !== (statuses.get(i) ?? 0)) wrong.push([i, found]);
    }
    expect(wrong).toEqual([]);
    for (const beyond of [entries, entries + 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])
      expect(statusAt(list, beyond)).toBeUndefined();
  });

  it('are written by the packing that the other tests use', async () => {
    for (const { bits, entries, statuses, lst } of VECTORS.slice(0, 2)) {
      const written = packed(
        Array.from({ length: entries }, (_, i) => statuses.get(i) ?? 0),
        bits,
      );
      expect(written).toEqual((await listOf({ bits, lst })).bytes);
    }
  });
});

describe('a list of any statuses', () => {
  const lists = fc
    .constantFrom(1 as const, 2 as const, 4 as const, 8 as const)
    .chain((bits) =>
      fc.tuple(fc.constant(bits), fc.array(fc.nat({ max: 2 ** bits - 1 }), { minLength: 1, maxLength: 400 })),
    );

  it('has at each index what was put there, zeros up to the end of its last byte, and nothing beyond', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async ([bits, statuses]) => {
        const list = await listOf({ bits, lst: base64url(await deflate(packed(statuses, bits))) });
        expect(statuses.map((_, i) => statusAt(list, i))).toEqual(statuses);
        const perByte = 8 / bits;
        const end = Math.ceil(statuses.length / perByte) * perByte;
        for (let i = statuses.length; i < end; i++) expect(statusAt(list, i)).toBe(0);
        expect(statusAt(list, end)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

const GOOD = await deflate(new Uint8Array([0xb9, 0xa3]));
const bytesOf = (...parts: readonly ArrayLike<number>[]) =>
  new Uint8Array(parts.flatMap((one) => [...Array.from(one)]));
const withLast = (bytes: Uint8Array) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1);

describe('what is no list', () => {
  it.each<readonly [string, unknown]>([
    ['no object', 'eNrbuRgAAhcBXQ'],
    ['null', null],
    ['a list', []],
    ['no bits', { lst: base64url(GOOD) }],
    ['3 bits', { bits: 3, lst: base64url(GOOD) }],
    ['16 bits', { bits: 16, lst: base64url(GOOD) }],
    ['bits as text', { bits: '1', lst: base64url(GOOD) }],
    ['no lst', { bits: 1 }],
    ['lst as bytes', { bits: 1, lst: [...GOOD] }],
    ['empty lst', { bits: 1, lst: '' }],
    ['padded base64', { bits: 1, lst: `${base64url(GOOD)}==` }],
    ['plain base64', { bits: 1, lst: 'eNrbuRg/AhcBXQ' }],
    ['a length that base64 cannot have', { bits: 1, lst: `${base64url(GOOD)}AAA` }],
    ['blanks', { bits: 1, lst: ` ${base64url(GOOD)}` }],
    ['not deflated', { bits: 1, lst: base64url(new Uint8Array([0xb9, 0xa3])) }],
    ['raw DEFLATE', { bits: 1, lst: base64url(GOOD.slice(2, -4)) }],
    ['cut by a byte', { bits: 1, lst: base64url(GOOD.slice(0, -1)) }],
    ['cut before its checksum', { bits: 1, lst: base64url(GOOD.slice(0, -4)) }],
    ['cut in the middle', { bits: 1, lst: base64url(GOOD.slice(0, 4)) }],
    ['another checksum', { bits: 1, lst: base64url(withLast(GOOD)) }],
    ['a byte behind the end', { bits: 1, lst: base64url(bytesOf(GOOD, [0])) }],
    ['two streams', { bits: 1, lst: base64url(bytesOf(GOOD, GOOD)) }],
  ])('%s', async (_, claim) => {
    expect(await readStatusList(claim)).toBe('list_malformed');
  });

  it('one byte too many is too large, wherever the slices end', async () => {
    const full = new Uint8Array(MAX_LIST_BYTES);
    expect(await readStatusList({ bits: 1, lst: base64url(await deflate(full)) })).toMatchObject({ bits: 1 });
    const more = new Uint8Array(MAX_LIST_BYTES + 1);
    expect(await readStatusList({ bits: 1, lst: base64url(await deflate(more)) })).toBe('list_too_large');
  });
});

describe('inflate', () => {
  /** Random bytes can't be compressed: many slices are fed. */
  const random = () => {
    const bytes = new Uint8Array(300_000);
    for (let at = 0; at < bytes.length; at += 50_000) crypto.getRandomValues(bytes.subarray(at, at + 50_000));
    return bytes;
  };

  it('data of many slices', async () => {
    const bytes = random();
    expect(await inflate(await deflate(bytes), bytes.length)).toEqual(bytes);
    expect(await inflate((await deflate(bytes)).slice(0, -1), bytes.length)).toBeUndefined();
    expect(await inflate(bytesOf(await deflate(bytes), [0]), bytes.length)).toBeUndefined();
  });

  it('a bomb is not fed to its end', async () => {
    const bomb = await deflate(new Uint8Array(100_000_000));
    expect(bomb.length).toBeGreaterThan(90_000);
    let fed = 0;
    const { writable, readable } = new DecompressionStream('deflate');
    const writer = writable.getWriter();
    const counting = new WritableStream<Uint8Array>({
      write(slice) {
        fed += slice.length;
        return writer.write(slice);
      },
    });
    expect(await inflate(bomb, MAX_LIST_BYTES, { writable: counting, readable })).toBe('too_large');
    // One slice makes more than the limit allows; a busy machine may be a few ahead.
    expect(fed).toBeLessThan(bomb.length / 2);
  });
});
