/** The page's script and style: built in a clone, read from the package otherwise. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';

export interface PageParts {
  readonly script: string;
  readonly style: string;
}

export const PAGE_BUILD = {
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2024',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'ascii',
} as const satisfies BuildOptions;

/** In the package the two stand beside the command's own file. */
const BUILT = {
  script: join(import.meta.dirname, '../page.js'),
  style: join(import.meta.dirname, '../page.css'),
};
const SOURCE = join(import.meta.dirname, '../../page');

export async function pageParts(): Promise<PageParts> {
  if (existsSync(BUILT.script))
    return { script: readFileSync(BUILT.script, 'utf8'), style: readFileSync(BUILT.style, 'utf8') };
  // Only a clone has no built page. It has esbuild, which the package doesn't need: hence no name to be found.
  const bundler: string = 'esbuild';
  const { build } = (await import(bundler)) as typeof import('esbuild');
  const { outputFiles } = await build({
    ...PAGE_BUILD,
    entryPoints: [join(SOURCE, 'main.tsx')],
    write: false,
  });
  return {
    script: outputFiles[0]?.text ?? '',
    style: readFileSync(join(SOURCE, 'style.css'), 'utf8'),
  };
}
