/** Whether wrangler reads the file that is checked, and which others hold a policy that nobody reads. */
import { basename, dirname, resolve } from 'node:path';
import { fault } from '../../../src/policy/compile/fault.ts';
import { findCode, findConfig, findRedirect } from '../../formats/find.ts';
import { START } from '../../formats/positions.ts';
import { CommandError } from '../../text/terminal.ts';
import { environmentOf, environmentsOf, hasPolicy, readPolicyFile } from '../file/config.ts';
import type { Finding, Rule, Severity } from './findings.ts';

export const UNREAD_FILE: Rule = {
  name: 'unread-file',
  severity: 'error',
  finds: 'a policy in a file that wrangler does not read, since it takes another one in the project',
  why: 'the Worker is deployed without that policy, and without a word',
  remedy: 'keep the policy in the file that wrangler reads, and remove the other',
};

export interface WhichFile {
  /** For people who have more than one file. */
  readonly notes: readonly string[];
  readonly findings: readonly Finding[];
}

/** How the file came to be checked. */
export interface Chosen {
  /** `--config` of the check names it. */
  readonly named: boolean;
  /** `--config` of wrangler, where it is deploying, and its command line is visible; `undefined`: it names none. */
  readonly deploying?: { readonly config: string | undefined };
}

/** Looks at the files beside the one that is checked. @param path of that one */
export function examineFiles(path: string, { named, deploying }: Chosen): WhichFile {
  const folder = named ? dirname(path) : '.';
  const found = findConfig(folder);
  if (found === undefined) return { notes: [], findings: [] };
  if (isSame(found.path, path)) {
    const code = findCode(folder);
    const other = code === undefined ? [] : [`wrangler reads ${path}; the cf command line reads ${code}`];
    const unread = found.unread.map((one) => examineUnread(one, path));
    return {
      notes: [...unread.flatMap(({ note }) => note), ...other, ...(named ? [] : redirectNotes(path))],
      findings: unread.flatMap(({ finding }) => finding),
    };
  }
  const isUnread = found.unread.some((one) => isSame(one, path));
  const isDeployed = deploying?.config !== undefined && isSame(deploying.config, path);
  if (!isUnread || isDeployed) return { notes: [], findings: [] };
  const problem = `wrangler reads ${found.path}, unless its own --config names this file`;
  const severity = named && deploying === undefined ? 'warning' : 'error';
  return { notes: [], findings: [finding(problem, severity)] };
}

const isSame = (one: string, other: string) => resolve(one) === resolve(other);

function examineUnread(path: string, read: string): { note: string[]; finding: Finding[] } {
  const note = `wrangler reads ${read}, and not ${path}`;
  try {
    const file = readPolicyFile(path);
    const has = environmentsOf(file).some((name) => hasPolicy(environmentOf(file, name)));
    if (!has) return { note: [note], finding: [] };
    const { line } = file.format.positions(file.text).regionOf(['vars']);
    const problem = `${path}:${line} has a policy, and wrangler does not read that file: it reads ${read}`;
    return { note: [], finding: [finding(problem, 'error')] };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { note: [`${note}, which can't be read`], finding: [] };
  }
}

const finding = (problem: string, severity: Severity): Finding => ({
  ...fault([], problem, UNREAD_FILE.remedy),
  at: 'file',
  rule: UNREAD_FILE.name,
  severity,
  why: UNREAD_FILE.why,
  region: START,
});

/** What is built from a file may be older than it. */
function redirectNotes(path: string): string[] {
  try {
    const redirect = findRedirect();
    if (redirect === undefined) return [];
    return [
      `${redirect.by} makes wrangler deploy ${redirect.path}, which was built from ${basename(path)}; claimgate check --deploy reads that`,
    ];
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [`wrangler would not deploy: ${error.message}`];
  }
}
