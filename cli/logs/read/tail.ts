/** `wrangler tail`, started by this command: the live log of a Worker on Cloudflare. */
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { exitOf, spawnWrangler, workerFlags } from '../../issuer/wrangler.ts';
import { CommandError, EXIT } from '../../text/terminal.ts';

export interface Tail {
  readonly output: Readable;
  /** Rejects with wrangler's own words where it could not be had, or was lost. */
  readonly ended: Promise<void>;
}

/** @param enough ends it */
export function startTail(config: string, environment: string | undefined, enough: AbortSignal): Tail {
  const child = spawnWrangler(['tail', '--format', 'json', ...workerFlags(config, environment)]);
  child.stdin.end();
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  // wrangler then takes the tail away at Cloudflare as well.
  enough.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
  const ended = exitOf(child).then((code) => {
    if (enough.aborted || code === 0) return;
    throw new CommandError(explain(errors), EXIT.failed);
  });
  ended.catch(() => {}); // whoever reads the output asks later
  return { output: child.stdout, ended };
}

function explain(errors: string): string {
  const text = stripVTControlCharacters(errors);
  const words = text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => /error/i.test(line));
  const said = (words ?? text.trim().split('\n')[0] ?? '').replace(/^.*?\[ERROR\]\s*/, '');
  return `wrangler tail ended; is this machine logged in (npx wrangler login, or CLOUDFLARE_API_TOKEN), and is the Worker deployed? It said: ${said}`;
}
