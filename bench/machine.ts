import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { WORKERD } from '../scripts/workerd.ts';
import { progress } from './program.ts';

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
