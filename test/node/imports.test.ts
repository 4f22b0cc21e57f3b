import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Imports point inward: a file may import its own layer and those before it. */
const LAYERS: readonly (readonly string[])[] = [
  ['decision.ts', 'error-line.ts', 'hmac.ts'],
  ['policy'],
  ['http', 'keys', 'token', 'origin'],
  ['decide.ts'],
  ['log.ts'],
  ['environment.ts'],
  ['gateway.ts'],
  ['index.ts'],
];
/** Among folders of one layer only these imports are allowed. */
const ALLOWED_ACROSS = [['token', 'keys']];

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

const partOf = (file: string) => file.split('/')[0] ?? '';
const layerOf = (file: string) => LAYERS.findIndex((parts) => parts.includes(partOf(file)));

function importsOf(file: string): string[] {
  const text = readFileSync(join('src', file), 'utf8');
  return [...text.matchAll(/from '([^']+)'/g)].map((found) => found[1] ?? '');
}

describe('imports of src/', () => {
  it.each(files)('%s imports inward only', (file) => {
    expect(layerOf(file)).toBeGreaterThanOrEqual(0);
    for (const specifier of importsOf(file).filter((name) => name.startsWith('.'))) {
      const target = normalize(join(dirname(file), specifier));
      const [from, to] = [partOf(file), partOf(target)];
      if (from === to) continue;
      const across =
        layerOf(file) === layerOf(target) && ALLOWED_ACROSS.some(([a, b]) => a === from && b === to);
      expect(layerOf(target) < layerOf(file) || across, `${file} imports ${target}`).toBe(true);
    }
  });

  it.each([
    ['hono', ['gateway.ts']],
    ['cloudflare:workers', ['index.ts']],
    ['zod/mini', ['policy/schema.ts', 'policy/fault.ts']],
    ['jose', ['keys/jwks.ts', 'token/decode.ts', 'token/verify.ts']],
  ])('%s is known to %j only', (name, known) => {
    expect(files.filter((file) => importsOf(file).includes(name)).sort()).toEqual([...known].sort());
  });

  it('only the key store knows KV', () => {
    const text = (file: string) => readFileSync(join('src', file), 'utf8');
    expect(files.filter((file) => /KVNamespace/.test(text(file))).sort()).toEqual(['keys/kv-store.ts']);
  });

  it('no file imports itself by way of others', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((n) => n.startsWith('.'))
          .map((n) => normalize(join(dirname(file), n))),
      ]),
    );
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, [...path, file].join(' → ')).not.toContain(file);
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    };
    for (const file of files) visit(file, []);
  });
});
