/**
 * What the package has in dist/: gateway, issuer and command as JavaScript, since neither Node nor every bundler
 * takes TypeScript from node_modules, and declarations.
 *
 * The gateway's own files are bundled, its dependencies are not: a project has one hono, its own routes and the
 * gateway's share it, and `npm update` and `npm audit` see what is in use.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';
import { PAGE_BUILD } from '../cli/page/bundle.ts';

const SHARED = {
  bundle: true,
  format: 'esm',
  splitting: true,
  packages: 'external',
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

rmSync('dist', { recursive: true, force: true });

/** What runs at Cloudflare. */
const WORKERS = {
  ...SHARED,
  outdir: 'dist',
  target: 'es2024',
  sourcemap: true, // so that a stack trace at Cloudflare names the line
  external: ['cloudflare:workers'],
} as const satisfies BuildOptions;

/** `worker` is what wrangler.toml names as `main`, the others are what a Worker of one's own imports. */
const worker = build({
  ...WORKERS,
  entryPoints: {
    worker: 'src/index.ts',
    index: 'src/gateway.ts',
    hono: 'src/hono.ts',
    revocation: 'src/revocation/library.ts',
  },
  chunkNames: 'shared-[hash]',
});

/** The same of the issuer. It is built apart: neither has code of the other. */
const issuer = build({
  ...WORKERS,
  entryPoints: { issuer: 'issuer/src/index.ts', 'create-issuer': 'issuer/src/library.ts' },
  chunkNames: 'issuer-[hash]',
});

/** What origins import. It needs no package at all. */
const origin = build({
  ...SHARED,
  entryPoints: { origin: 'origin/src/index.ts' },
  outdir: 'dist',
  target: 'es2024',
  splitting: false,
});

/** The command, and the plugin for Vite. What is imported when it is needed stays in files of its own. */
const command = build({
  ...SHARED,
  entryPoints: { claimgate: 'cli/claimgate.ts', vite: 'cli/vite/plugin.ts' },
  outdir: 'dist/cli',
  chunkNames: '[name]-[hash]',
  platform: 'node',
  target: 'node22.12',
});

/** What `claimgate page` puts into a file: for browsers, with all that it needs. */
const page = build({ ...PAGE_BUILD, entryPoints: { page: 'page/main.tsx' }, outdir: 'dist' });

await Promise.all([worker, issuer, origin, command, page]);
copyFileSync('page/style.css', 'dist/page.css');
for (const project of [
  'tsconfig.package.json',
  'issuer/tsconfig.package.json',
  'origin/tsconfig.package.json',
])
  execFileSync('tsc', ['-p', project], { stdio: 'inherit' });
copyFileSync('cli/vite/public.d.ts', 'dist/types/vite.d.ts');
// The compiler leaves the names of imports in declarations as they are.
for (const file of globSync('dist/types/**/*.d.ts')) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js'));
}
