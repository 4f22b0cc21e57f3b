/** Which routes one request could fall under together, in any reading of its path. */
import { parseTarget } from '../../../src/http/target.ts';
import { parseRouteKey } from '../../../src/policy/compile/route-key.ts';

/** Segments as a lax origin reads them: text, one of any text, or a rest of one or more. */
export type Shape = readonly (string | typeof ANY | typeof REST)[];

const ANY = Symbol('any');
const REST = Symbol('rest');

const known = new Map<string, Shape | undefined>();

/** `undefined` for what is no route key. */
export function shapeOfKey(key: string): Shape | undefined {
  if (known.has(key)) return known.get(key);
  const shape = parseRouteKey(key)
    ?.segments.filter((one) => !(one.kind === 'literal' && one.text === ''))
    .map((one) => (one.kind === 'literal' ? one.folded : one.kind === 'param' ? ANY : REST));
  known.set(key, shape);
  return shape;
}

/** `undefined` for a URL that is refused before any route is looked for. */
export function shapeOfUrl(url: string): Shape | undefined {
  const target = parseTarget(url);
  return target.kind === 'fault' ? undefined : target.path.folded.filter((one) => one !== '');
}

/** Whether some path fits both. */
export function overlap(a: Shape, b: Shape): boolean {
  for (let i = 0; ; i++) {
    const [x, y] = [a[i], b[i]];
    if (x === REST) return y !== undefined;
    if (y === REST) return x !== undefined;
    if (x === undefined || y === undefined) return x === y;
    if (x !== y && x !== ANY && y !== ANY) return false;
  }
}
