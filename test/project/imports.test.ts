import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bundle, bundledFiles } from '../../scripts/workerd.ts';

/** Imports point inward: a file may import its own layer and those before it. */
const LAYERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  src: [
    ['bytes.ts', 'decision.ts', 'error-line.ts', 'hmac.ts', 'memory.ts', 'version.ts'],
    ['seal.ts'],
    ['policy'],
    ['http', 'keys', 'token', 'origin', 'revocation'],
    ['signals'],
    ['locate.ts'],
    ['decide.ts'],
    ['outbound.ts', 'reply.ts'],
    ['log.ts'],
    ['analytics.ts', 'environment.ts'],
    ['send.ts', 'judge.ts', 'own-answers.ts'],
    ['serve.ts'],
    ['handler.ts'],
    ['protect.ts'],
    ['gateway.ts', 'hono.ts'],
    ['index.ts'],
  ],
  'issuer/src': [
    ['failure.ts', 'key-kinds.ts', 'records.ts', 'secret-prefix.ts'],
    ['log.ts', 'store.ts', 'request', 'actions', 'client', 'token'],
    ['hooks.ts', 'environment.ts'],
    ['exchange.ts'],
    ['identify.ts', 'issue.ts'],
    ['grant.ts'],
    ['http'],
    ['issuer.ts'],
    ['index.ts', 'library.ts'],
  ],
  'origin/src': [
    ['refusal.ts', 'replay.ts'],
    ['request.ts'],
    ['decode.ts'],
    ['claims.ts', 'keys.ts'],
    ['key-source.ts'],
    ['verifier.ts'],
    ['secret.ts', 'guard.ts'],
    ['express.ts', 'fastify.ts', 'web.ts'],
    ['index.ts'],
  ],
  cli: [
    ['text'],
    ['formats'],
    ['policy/file', 'issuer'],
    ['policy'],
    ['policy/what-if'],
    ['policy/check', 'policy/explain', 'policy/cases', 'policy/diff', 'policy/routes', 'policy/import'],
    ['logs', 'init', 'policy/doctor', 'assertion', 'page'],
    ['revocation'],
    ['console'],
    ['commands', 'vite'],
    ['program.ts'],
    ['claimgate.ts'],
  ],
};
/** Among parts of one layer only these imports are allowed. */
const ALLOWED_ACROSS = [
  ['token', 'keys'],
  ['http', 'keys'],
  ['revocation', 'keys'],
  ['http', 'revocation'],
  ['client', 'request'],
];

/** What the issuer shares with the gateway, on purpose: words and formats, nothing that decides. */
const SHARED = ['src/error-line.ts', 'src/memory.ts', 'src/policy/compile/fault.ts', 'src/policy/uri.ts'];

const filesIn = (root: string) =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
  );

/** The innermost of the layers' parts that a file is in: `policy/diff` before `policy`. */
const partOf = (parts: readonly string[], file: string) =>
  parts
    .filter((part) => file === part || file.startsWith(`${part}/`))
    .sort((a, b) => b.length - a.length)[0] ?? '';

/** Types, and what is loaded when it is needed, are imports too. */
function importsOf(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from |\bimport\()'([^']+)'/g)].map((found) => found[1] ?? '');
}

const relativeImportsOf = (root: string, file: string) =>
  importsOf(root, file)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file), name)));

describe.each(Object.entries(LAYERS))('imports of %s/', (root, layers) => {
  const files = filesIn(root);
  const partIn = (file: string) => partOf(layers.flat(), file);
  const layerOf = (file: string) => layers.findIndex((parts) => parts.includes(partIn(file)));

  it.each(files)('%s imports inward only', (file) => {
    expect(layerOf(file)).toBeGreaterThanOrEqual(0);
    for (const target of relativeImportsOf(root, file).filter((name) => !name.startsWith('..'))) {
      const [from, to] = [partIn(file), partIn(target)];
      if (from === to) continue;
      const across =
        layerOf(file) === layerOf(target) && ALLOWED_ACROSS.some(([a, b]) => a === from && b === to);
      expect(layerOf(target) < layerOf(file) || across, `${file} imports ${target}`).toBe(true);
    }
  });

  it('no file imports itself by way of others', () => {
    const graph = new Map(files.map((file) => [file, relativeImportsOf(root, file)]));
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      expect(path, [...path, file].join(' → ')).not.toContain(file);
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
  });
});

describe('the way of a request', () => {
  const ON_THE_WAY =
    /^((locate|decide|outbound|reply|serve|log|analytics)\.ts|(http|keys|token|origin|signals)\/.*|policy\/[^/]+)$/;
  const COMPILER = /^policy\/(compile|rules)\//;

  it('imports nothing of the compiler, types included', () => {
    const found = filesIn('src')
      .filter((file) => ON_THE_WAY.test(file))
      .flatMap((file) =>
        relativeImportsOf('src', file)
          .filter((name) => COMPILER.test(name))
          .map((name) => `${file} → ${name}`),
      );
    expect(found).toEqual([]);
  });
});

describe('what only some files know', () => {
  it.each([
    ['src', 'hono', ['handler.ts', 'hono.ts']],
    ['src', 'hono/tiny', ['gateway.ts']],
    ['src', 'cloudflare:workers', ['index.ts', 'revocation/object/admin.ts', 'revocation/object/object.ts']],
    [
      'src',
      'zod/mini',
      [
        'policy/compile/schema.ts',
        'policy/compile/schema-faults.ts',
        'policy/rules/any-of.ts',
        'policy/rules/claims.ts',
        'policy/rules/fields.ts',
        'policy/rules/plain.ts',
        'policy/rules/rule-kind.ts',
        'policy/rules/rules.ts',
        'policy/rules/scopes.ts',
        'revocation/object/admin.ts',
        'revocation/object/input.ts',
      ],
    ],
    [
      'src',
      'jose',
      [
        'keys/jwks.ts',
        'origin/assertion-keys.ts',
        'origin/assertion.ts',
        'token/decode.ts',
        'token/signature.ts',
      ],
    ],
    ['issuer/src', 'hono', ['issuer.ts']],
    ['issuer/src', 'cloudflare:workers', ['client/replay.ts', 'index.ts']],
    ['issuer/src', 'zod/mini', ['records.ts', 'store.ts', 'token/keys.ts']],
  ])('%s: %s', (root, name, known) => {
    expect(
      filesIn(root)
        .filter((file) => importsOf(root, file).includes(name))
        .sort(),
    ).toEqual([...known].sort());
  });

  it.each([
    ['src', ['keys/kv-store.ts', 'revocation/access.ts', 'revocation/object/object.ts']],
    ['issuer/src', ['environment.ts', 'store.ts']],
  ])('%s: KV', (root, known) => {
    const text = (file: string) => readFileSync(join(root, file), 'utf8');
    expect(
      filesIn(root)
        .filter((file) => /KVNamespace/.test(text(file)))
        .sort(),
    ).toEqual(known);
  });
});

describe('bundles', () => {
  const own = (files: readonly string[]) => files.filter((file) => !file.startsWith('node_modules/'));

  it('the gateway has no code of issuer, command line and examples', async () => {
    const files = own(await bundledFiles('src/index.ts'));
    expect(files).toContain('src/decide.ts');
    expect(files.filter((file) => !file.startsWith('src/'))).toEqual([]);
  });

  it('the gateway is 87.5 KB at most, minified and gzipped: every isolate starts with reading it', async () => {
    expect(gzipSync(await bundle('src/index.ts')).length).toBeLessThanOrEqual(87_500);
  });

  it('what origins import has no code of gateway and issuer, and needs no package', async () => {
    const files = await bundledFiles('origin/src/index.ts');
    expect(files).toContain('origin/src/verifier.ts');
    expect(files.filter((file) => !file.startsWith('origin/src/'))).toEqual([]);
    const packages = filesIn('origin/src').flatMap((file) =>
      importsOf('origin/src', file).filter((name) => !name.startsWith('.')),
    );
    expect(packages).toEqual(['hono']); // its types
  });

  it('the issuer has no code of the gateway but what both share on purpose', async () => {
    const files = own(await bundledFiles('issuer/src/index.ts'));
    expect(files).toContain('issuer/src/grant.ts');
    expect(files.filter((file) => !file.startsWith('issuer/')).sort()).toEqual(SHARED);
  });
});
