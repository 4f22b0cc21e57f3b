import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { WORKERD } from '../scripts/workerd.ts';

export type Machine = Readonly<Record<'cpu' | 'workerd' | 'node', string>> & { readonly cores: number };

export function describeMachine(): Machine {
  const workerd = execFileSync(WORKERD, ['--version'], { encoding: 'utf8' }).trim();
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU';
  return { cpu, cores: availableParallelism(), workerd, node: process.versions.node };
}
