/**
 * Breaks each check of the verifiers once: the vectors must notice. Those in Go and Java are compiled anew each time,
 * so that they run with `VERIFIER_MUTANTS=all` only, as `npm run soak` does.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { failuresOf, type Implementation, type Vectors } from '../support/vectors.ts';
import { GO, JAVA, PYTHON } from './verifiers/copied-mutants.ts';
import { LANGUAGES, type Language, run } from './verifiers/languages.ts';
import type { Mutant } from './verifiers/mutant.ts';
import { TYPESCRIPT } from './verifiers/mutants.ts';

const FILE = readFileSync('docs/assertion-vectors.json', 'utf8');
const vectors = JSON.parse(FILE) as Vectors;
const folder = mkdtempSync(join(tmpdir(), 'claimgate-mutants-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The file with the check broken. @throws where the check is not there once */
function broken({ file, from, to }: Mutant): string {
  const parts = readFileSync(file, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

async function bundleOf(mutant: Mutant | undefined): Promise<Implementation> {
  const { outputFiles } = await build({
    entryPoints: ['origin/src/index.ts'],
    bundle: true,
    format: 'esm',
    write: false,
    plugins: [
      {
        name: 'mutant',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, ({ path }) =>
            mutant !== undefined && path === resolve(mutant.file)
              ? { contents: broken(mutant), loader: 'ts' }
              : undefined,
          ),
      },
    ],
  });
  const [file] = outputFiles;
  const base64 = Buffer.from(file?.contents ?? []).toString('base64');
  return (await import(`data:text/javascript;base64,${base64}`)) as Implementation;
}

const words = ({ from, to }: Mutant) => `${JSON.stringify(from)} → ${JSON.stringify(to)}`;

describe('a check that is broken is noticed', () => {
  it('in TypeScript', async () => {
    expect(await failuresOf(await bundleOf(undefined), vectors)).toEqual([]);
    const missed: string[] = [];
    for (const mutant of TYPESCRIPT)
      if ((await failuresOf(await bundleOf(mutant), vectors)).length === 0) missed.push(words(mutant));
    expect(missed).toEqual([]);
  });

  const [python, ...compiled] = LANGUAGES;
  it.skipIf(python?.missing !== undefined)('in Python', () => {
    const sources = PYTHON.map(broken);
    const runner = resolve('test/project/verifiers/vectors.py');
    const input = JSON.stringify({ sources, vectors: FILE, runner });
    const lines = run(['python3', '-B', 'test/project/verifiers/mutants.py'], { input }).trim().split('\n');
    expect(lines).toHaveLength(PYTHON.length);
    expect(PYTHON.filter((_, index) => lines[index] !== 'noticed').map(words)).toEqual([]);
  });

  const isAsked = process.env['VERIFIER_MUTANTS'] === 'all';
  const isRun = ({ missing }: Language) => isAsked && missing === undefined;
  it.skipIf(!compiled.every(isRun)).each(compiled)('in $name', { timeout: 900_000 }, ({ name, prepare }) => {
    const missed = (name === 'Go' ? GO : JAVA).filter((mutant) => {
      const here = mkdtempSync(join(folder, 'mutant-'));
      const source = join(here, name === 'Go' ? 'mutant.txt' : 'ClaimgateOrigin.java');
      writeFileSync(source, broken(mutant));
      const command = prepare(here, source);
      try {
        return /^\d+ vectors\n$/.test(run(command, { input: FILE }));
      } catch {
        return false; // a vector that ends the run is noticed
      }
    });
    expect(missed.map(words)).toEqual([]);
  });
});
