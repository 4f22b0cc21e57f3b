/** The paths of a tree as routes would name them: one spelling for all that a lax origin reads as one. */
import { parseRouteKey } from '../../../src/policy/compile/route-key.ts';
import { parsePath } from '../../../src/policy/path.ts';
import { areData, parameterName } from '../count/segments.ts';
import { foldChildren, mergeSeen, type Node, type Seen } from './collect.ts';

export interface Leaf {
  readonly method: string;
  readonly path: string;
  readonly seen: Seen;
  /** A route has it already. */
  readonly isServed: boolean;
}

/** A route that is there already: `GET|PUT  /orders/:id`. */
export type KnownKeys = readonly string[];

interface Known {
  readonly pattern: string;
  readonly methods: Set<string>;
}

/** All spellings of one path, with their methods. */
interface Shape {
  readonly spellings: Map<string, number>;
  readonly methods: Map<string, Seen>;
}

/** @param known of the same API: its spelling of a path is kept */
export function leavesOf(root: Node, known: KnownKeys): Leaf[] {
  const knownShapes = shapesOf(known);
  return [...readShapes(root)].flatMap(([shape, { spellings, methods }]) => {
    const there = knownShapes.get(shape);
    const [[spelling] = ['/']] = [...spellings].sort((a, b) => b[1] - a[1]);
    const serves = (method: string) => there?.methods.has('*') || there?.methods.has(method) || false;
    const [get, head] = [methods.get('GET'), methods.get('HEAD')];
    // A route for GET serves HEAD too: whoever asks with HEAD must satisfy its rule.
    if (get !== undefined && head !== undefined && !serves('HEAD')) {
      mergeSeen(get, head);
      methods.delete('HEAD');
    }
    return [...methods].map(([method, seen]) => ({
      method,
      path: there?.pattern ?? spelling,
      seen,
      isServed: serves(method) || (method === 'HEAD' && serves('GET')),
    }));
  });
}

function shapesOf(keys: KnownKeys): Map<string, Known> {
  const found = new Map<string, Known>();
  for (const key of keys) {
    const parsed = parseRouteKey(key);
    if (parsed === undefined) continue;
    const { pattern, methods } = parsed;
    const shape = shapeOf(pattern.slice(1).split('/'));
    const known = found.get(shape) ?? { pattern, methods: new Set() };
    for (const method of methods) known.methods.add(method);
    found.set(shape, known);
  }
  return found;
}

function readShapes(root: Node): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const visit = (node: Node, path: readonly string[], isRoot: boolean): void => {
    for (const [method, seen] of node.methods) {
      const name = shapeOf(path);
      const shape = shapes.get(name) ?? { spellings: new Map(), methods: new Map() };
      shapes.set(name, shape);
      const text = `/${path.map(spell).join('/')}`;
      shape.spellings.set(text, (shape.spellings.get(text) ?? 0) + seen.requests);
      const known = shape.methods.get(method);
      if (known === undefined) shape.methods.set(method, seen);
      else mergeSeen(known, seen);
    }
    // The names at the root are an API's resources, or a stranger's guesses.
    if (!isRoot && areData([...node.children.keys()])) foldChildren(node);
    for (const [name, child] of node.children) visit(child, [...path, name], false);
    if (node.data === undefined) return;
    const taken = path.filter((part) => part.startsWith(':')).map((part) => part.slice(1));
    const before = path.findLast((part) => !part.startsWith(':'));
    visit(node.data, [...path, `:${parameterName(before, taken)}`], false);
  };
  visit(root, [], true);
  return shapes;
}

/** As an origin may read it that is lax about spelling; a parameter's name is ours. */
const shapeOf = (segments: readonly string[]): string =>
  segments
    .map((segment) => readSegment(segment, 'folded'))
    .join('/')
    .replace(/\/$/, '');

/** In the spelling that the gateway sends on. */
const spell = (segment: string): string =>
  segment.startsWith(':') ? segment : readSegment(segment, 'encoded');

function readSegment(segment: string, as: 'folded' | 'encoded'): string {
  if (segment.startsWith(':')) return ':';
  const parsed = parsePath(`/${segment}`);
  return typeof parsed === 'string' ? segment : (parsed[as][0] ?? '');
}
