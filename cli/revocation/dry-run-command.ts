import { CommandError } from '../text/terminal.ts';
import { type Chosen, type Tried, tryOnLog } from './dry-run.ts';

/** Throws `CommandError` where no log is named. */
export async function dryRun(
  chosen: Chosen,
  { log, config }: { readonly log?: string; readonly config: string },
): Promise<Tried> {
  if (log === undefined)
    throw new CommandError(
      'name a log of the gateway with --log; npx wrangler tail --format json > day.log writes one',
    );
  return tryOnLog(chosen, log, config, process.env['LOG_KEY']);
}
