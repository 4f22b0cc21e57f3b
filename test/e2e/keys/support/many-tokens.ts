/** Distinct good tokens, each verified once: what the memory of verified tokens must bear. */
import { readFileSync } from 'node:fs';
import type { Site } from './floods.ts';
import { makeToken } from './tokens.ts';

const CONNECTIONS = 32;
export const SAMPLE_EVERY = 10_000;

/** @param onSample gets the resident memory of the process, every so many tokens */
export async function sendManyTokens(
  { isolates: [isolate], server, key, pids: [pid] }: Site,
  count: number,
  onSample: (sent: number, megabytes: number) => void,
): Promise<void> {
  if (isolate === undefined || pid === undefined) throw new Error('an isolate is wanted');
  let sent = 0;
  const runClient = async () => {
    while (sent < count) {
      sent++;
      if (sent % SAMPLE_EVERY === 0) onSample(sent, residentMegabytes(pid));
      const { status } = await isolate.ask(makeToken(key, server.issuer));
      if (status !== 200) throw new Error(`a good token was answered with ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, runClient));
}

/** As proc(5) has it. */
function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}
