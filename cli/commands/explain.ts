/** `claimgate explain`: what the gateway does with a request, and why. */
import type { Command } from 'commander';
import type { Policy } from '../../src/policy/policy.ts';
import type { Content } from '../../src/revocation/content.ts';
import { explain } from '../policy/explain/explain.ts';
import type { Explanation } from '../policy/explain/explanation.ts';
import { checkRequest, readClaims, readHeaders, readTime, readToken } from '../policy/explain/inputs.ts';
import { renderExplanation } from '../policy/explain/report.ts';
import { readSnapshotFile } from '../policy/explain/snapshot.ts';
import { policyOf } from '../policy/file/config.ts';
import { readPolicy } from '../policy/file/module.ts';
import { readAt } from '../policy/what-if/fetch-at.ts';
import { carryToken } from '../policy/what-if/place.ts';
import { completeUrl } from '../policy/what-if/targets.ts';
import { routeOf } from '../policy/what-if/unsigned.ts';
import { CommandError, EXIT, endWith, note, printJson, printLine } from '../text/terminal.ts';
import { collect, type PolicyOptions, withPolicy } from './options.ts';

interface Options extends PolicyOptions {
  readonly token?: string;
  readonly claims?: string;
  readonly header?: string[];
  readonly offline?: boolean;
  readonly at?: string;
  readonly now?: string;
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly revocations?: string;
}

export function addExplainCommand(program: Command): void {
  withPolicy(program.command('explain <method> <url>'))
    .description('show step by step what the gateway does with a request; the URL may be a path only')
    .option('--token <token>', 'sent with it; - for standard input, @file for a file')
    .option('--claims <json>', 'what if a token had these claims; - for standard input, @file for a file')
    .option('--header <line>', "a header such as 'Accept: text/csv'; repeat for more", collect)
    .option('--offline', "don't fetch keys: the signature is not verified")
    .option(
      '--at <url>',
      "where the token's issuer answers, if that is elsewhere: http://localhost:8788 under `wrangler dev`",
    )
    .option('--now <time>', 'judge as at this time: a date, or seconds since 1970')
    .option('--local', 'ask the `wrangler dev` on this machine what is revoked and closed')
    .option('--remote', 'ask the gateway on Cloudflare, with the login of wrangler')
    .option('--revocations <file>', 'or read it from what claimgate switches --json has printed')
    .addHelpText(
      'after',
      `\nExits with 1 if the request is refused, with 3 if keys can't be fetched.\n\nExample:\n  claimgate explain POST /timesheets/upload --claims '{"scope":"batch:upload"}'`,
    )
    .action(run);
}

async function run(method: string, url: string, options: Options): Promise<void> {
  if (options.token !== undefined && options.claims !== undefined)
    throw new CommandError('--token and --claims exclude each other; leave one out');
  checkRequest(method, url);
  const at = options.at === undefined ? undefined : readAt(options.at);
  const nowMs = options.now === undefined ? Date.now() : readTime(options.now);
  const policy = policyOf(await readPolicy(options), options.env);
  const headers = readHeaders(options.header ?? []);
  const claims = options.claims === undefined ? undefined : readClaims(options.claims);
  const signature = claims !== undefined ? 'unsigned' : options.offline ? 'offline' : 'verified';
  const request = { method, url: completeUrl(policy, method, url), headers };
  if (options.token !== undefined)
    carryToken(headers, routeOf(policy, method, request.url)?.api, readToken(options.token));
  const revocations = await readRevocations(options, policy);
  const explanation = await explain(request, { policy, signature, claims, nowMs, revocations, at });
  if (options.json) printJson(explanation);
  else for (const line of renderExplanation(explanation)) printLine(line);
  endWith(exitCodeOf(explanation));
}

/** `undefined` where nobody shall be asked. */
async function readRevocations(
  { config, env, local, remote, revocations }: Options,
  { settings }: Policy,
): Promise<Content | undefined> {
  const asked = [local && '--local', remote && '--remote', revocations && '--revocations'].filter(Boolean);
  if (asked.length === 0) return undefined;
  if (asked.length > 1) throw new CommandError(`${asked.join(' and ')} exclude each other; keep one`);
  if (settings.revocation === undefined)
    throw new CommandError(
      `${asked[0]} is about revocations, and the policy has none; add revocation = "REVOCATIONS" to [vars.GATEWAY]: docs/revocation.md`,
    );
  if (revocations !== undefined) return readSnapshotFile(revocations);
  const { readSnapshot } = await import('../revocation/admin.ts');
  return readSnapshot({ config, env, remote });
}

function exitCodeOf({ result, reason }: Explanation): number {
  if (reason === 'keys_unavailable') {
    note('The keys could not be fetched from here; --offline judges all but the signature.');
    return EXIT.failed;
  }
  if (reason === 'status_unavailable') {
    note('The status list could not be fetched from here; --offline judges all but signature and status.');
    return EXIT.failed;
  }
  return result === 'refused' ? EXIT.findings : EXIT.fine;
}
