/** `claimgate console`: the page of the policy, live, on this machine. */
import { type Command, InvalidArgumentError } from 'commander';
import { configIn } from '../formats/find.ts';
import { hasIssuer } from '../issuer/place.ts';
import { CommandError, currentTerminal, note, paint, printLine } from '../text/terminal.ts';
import { MODULE, type PolicyOptions, withConfig } from './options.ts';

interface Options extends PolicyOptions {
  readonly port: number;
  readonly log?: string;
  readonly remote?: boolean;
  readonly gateway?: string;
}

const HELP = `
The log comes from standard input, --log FILE, or --remote. The address has a token: whoever has it can use the console.
It answers on 127.0.0.1 only. Ctrl-C ends it.

Examples:
  npx wrangler dev | claimgate console --gateway http://localhost:8787
  claimgate console --log gateway.log
  claimgate console --remote --env production`;

export function addConsoleCommand(program: Command): void {
  withConfig(program.command('console'), 'the policy')
    .description('show the policy and the decisions of a log on a page of this machine, until Ctrl-C')
    .option(...MODULE)
    .option('--env <name>', 'only this environment (default: all that have a policy)')
    .option('--port <port>', 'where the page is (default: any that is free)', readPort, 0)
    .option('--log <file>', 'the decisions of this file, as it grows')
    .option('--remote', 'the decisions of the deployed Worker (wrangler tail)')
    .option('--gateway <url>', 'where the gateway is: its health_path tells the age of keys', readUrl)
    .addHelpText('after', HELP)
    .action(run);
}

async function run({ config, module, env, port, log, remote, gateway }: Options): Promise<void> {
  if (remote && log !== undefined)
    throw new CommandError('--remote and --log exclude each other; leave one out');
  const { openConsole } = await import('../console/console.ts');
  const { isPipe } = await import('../logs/source.ts');
  const { stdin } = currentTerminal();
  const { issuerApi } = await import('../console/issuer-api.ts');
  // The same environment of the issuer, on the same side.
  const place = { config: configIn('issuer'), ...(remote && { remote }), ...(env && { env }) };
  const opened = await openConsole({
    ...{ config, module, environment: env, port, gateway, apis: hasIssuer() ? [issuerApi(place)] : [] },
    input: remote
      ? { kind: 'tail', config, environment: env || undefined }
      : log !== undefined
        ? { kind: 'file', path: log }
        : isPipe()
          ? { kind: 'stream', name: 'standard input', stream: stdin }
          : { kind: 'none' },
  });
  printLine(paint('bold', opened.address));
  note('Open this address. Ctrl-C ends the console.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await opened.close();
}

function readPort(value: string): number {
  const port = Number(value);
  if (/^[0-9]{1,5}$/.test(value) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Write a number from 1 to 65535.');
}

function readUrl(value: string): string {
  const url = URL.parse(value);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  throw new InvalidArgumentError('Write a URL such as http://localhost:8787.');
}
