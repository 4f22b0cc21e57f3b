/** Runs `claimgate import auth0` in a folder of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Declaration } from '../../../../cli/issuer/declaration.ts';
import { claimgate, type Run } from '../../support/claimgate.ts';

export interface Answer extends Declaration {
  readonly counts: Readonly<
    Record<'apis' | 'clients' | 'grants', { read: number; taken: number; left_out: number }>
  >;
  readonly left_out: readonly { kind: string; name: string; why: string }[];
  readonly ignored: Readonly<Record<string, number>>;
  readonly ignored_members: Readonly<Record<'apis' | 'clients' | 'grants', readonly string[]>>;
  readonly notes: readonly string[];
}

type Files = Readonly<Record<string, string | Uint8Array>>;

export async function importAuth0(
  files: Files,
  args: readonly string[],
  prepare: (folder: string) => void = () => {},
  input?: string,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-auth0-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    prepare(folder);
    return await claimgate(['import', 'auth0', ...args], {
      cwd: folder,
      ...(input !== undefined && { input }),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function answerOf(...run: Parameters<typeof importAuth0>): Promise<Answer> {
  const [files, args, ...rest] = run;
  const { code, stdout, stderr } = await importAuth0(files, [...args, '--json'], ...rest);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Answer;
}
