import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { WORKERD } from '../scripts/workerd.ts';
import { progress } from './program.ts';

/** What was measured: the commit, and whether the gateway's files are those of it. */
export interface Source {
  readonly commit: string;
  readonly isEdited: boolean;
}

export type Machine = Readonly<Record<'cpu' | 'workerd' | 'node', string>> & { readonly cores: number };

export function describeMachine(): Machine {
  const workerd = execFileSync(WORKERD, ['--version'], { encoding: 'utf8' }).trim();
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return { cpu, cores: availableParallelism(), workerd, node: process.versions.node };
}

/** Ratios bear a busy machine to some extent; nothing else does. */
export function warnIfBusy(): void {
  const [lastMinute = 0] = loadavg();
  if (lastMinute > 0.5)
    progress(`the machine is busy (load ${lastMinute.toFixed(1)}): the figures will be rough`);
}

/** To be asked when the Workers are bundled: others may edit meanwhile. */
export function describeSource(): Source {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const isEdited = git('status', '--porcelain', '--', 'src') !== '';
    return { commit: git('rev-parse', '--short', 'HEAD'), isEdited };
  } catch {
    return { commit: 'unknown', isEdited: false }; // not a clone
  }
}

export const sourceText = ({ commit, isEdited }: Source) =>
  `commit ${commit}${isEdited ? ', with edits in src/ that it lacks' : ''}`;
