/**
 * What `npm pack` ships, in dist/: the gateway and the command as JavaScript, since neither Node nor every bundler
 * takes TypeScript from node_modules, and declarations.
 *
 * The gateway's own files are bundled, its dependencies are not: a project has one hono, its own routes and the
 * gateway's share it, and `npm update` and `npm audit` see what is in use.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';

const SHARED = {
  bundle: true,
  format: 'esm',
  splitting: true,
  packages: 'external',
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

rmSync('dist', { recursive: true, force: true });

/** `worker` is what wrangler.toml names as `main`, `index` and `hono` what a Worker of one's own imports. */
const worker = build({
  ...SHARED,
  entryPoints: { worker: 'src/index.ts', index: 'src/gateway.ts', hono: 'src/hono.ts' },
  outdir: 'dist',
  chunkNames: 'shared-[hash]',
  target: 'es2024',
  sourcemap: true, // so that a stack trace at Cloudflare names the line
  external: ['cloudflare:workers'],
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

await Promise.all([worker, command]);
execFileSync('tsc', ['-p', 'tsconfig.package.json'], { stdio: 'inherit' });
copyFileSync('cli/vite/public.d.ts', 'dist/types/vite.d.ts');
// The compiler leaves the names of imports in declarations as they are.
for (const file of globSync('dist/types/**/*.d.ts')) {
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js'));
}
