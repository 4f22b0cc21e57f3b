/** What each entry of the package exports, by the sources that its build is made of. */
import { readFileSync } from 'node:fs';
import { parseSync } from 'oxc-parser';

/** Entry of `exports` in package.json → source. */
const ENTRIES = {
  '.': 'src/gateway.ts',
  './worker': 'src/index.ts',
  './hono': 'src/hono.ts',
  './revocation': 'src/revocation/library.ts',
  './vite': 'cli/vite/public.d.ts',
  './issuer': 'issuer/src/library.ts',
  './origin': 'origin/src/index.ts',
} as const;

/** @throws where package.json has an entry that is unknown here */
export function exportLines(): string[] {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(exports).flatMap((entry) => {
    const name = entry.replace(/^\./, 'claimgate');
    if (entry === './package.json') return [name];
    const source = ENTRIES[entry as keyof typeof ENTRIES];
    if (source === undefined) throw new Error(`name the source of ${entry} in scripts/surface/exports.ts`);
    return namesIn(source).map((exported) => `${name} ${exported}`);
  });
}

function namesIn(file: string): string[] {
  const { module } = parseSync(file, readFileSync(file, 'utf8'));
  return module.staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName, isType }) => {
      if (exportName.kind === 'None')
        throw new Error(`${file} exports all of another file: name what it exports`);
      return `${exportName.name ?? 'default'}${isType ? ' (type)' : ''}`;
    }),
  );
}
