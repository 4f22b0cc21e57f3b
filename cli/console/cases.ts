/** Cases that a person makes on the page, written beside the policy. */
import { existsSync } from 'node:fs';
import type { Policy } from '../../src/policy/policy.ts';
import { withCase } from '../policy/cases/init.ts';
import { parseCases } from '../policy/cases/read.ts';
import { createJudge, prepareCase } from '../policy/cases/run.ts';
import { readText, writeWhole } from '../text/files.ts';
import { CommandError } from '../text/terminal.ts';

export interface AddedCase {
  readonly path: string;
  readonly line: number;
  /** How the present policy answers otherwise; `null`: the case holds. */
  readonly failure: string | null;
}

/**
 * Appends one case to a file, which is made where there is none. Throws `CommandError` for what is no case, or where
 * the file is none: it then stays as it is.
 */
export async function addCase(
  path: string,
  text: string,
  policy: Policy | undefined,
  nowMs: number,
): Promise<AddedCase> {
  const [one, ...others] = parseCases('the case', text);
  if (one === undefined || others.length > 0) throw new CommandError('send one case with one request');
  const before = existsSync(path) ? readText(path, '') : '';
  if (before.trim() !== '') parseCases(path, before);
  const after = withCase(before, text);
  parseCases(path, after);
  writeWhole(path, after);
  const result =
    policy === undefined ? undefined : await createJudge(policy)(prepareCase(policy, one, nowMs));
  const [failure] = result?.failures ?? [];
  return {
    path,
    line: lineIn(after, text),
    failure: failure === undefined ? null : `expected ${failure.expected}, got ${failure.got}`,
  };
}

const lineIn = (text: string, one: string) => text.slice(0, text.lastIndexOf(one.trim())).split('\n').length;
