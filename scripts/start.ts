/** `npm start`: gateway, issuer, the Timesheets API and its import job on this machine, until Ctrl-C. */
import { parseArgs } from 'node:util';
import { openConsole } from '../cli/console/console.ts';
import { issuerApi } from '../cli/console/issuer-api.ts';
import { takeLines } from '../cli/console/lines.ts';
import { compileConfig } from '../cli/policy/file/config.ts';
import { CommandError, note, printError } from '../cli/text/terminal.ts';
import { KEY_SET_PATH } from '../src/policy/assertion.ts';
import type { Policy } from '../src/policy/policy.ts';
import { printGuide } from './dev/guide.ts';
import { firstFreePort, isFree } from './dev/ports.ts';
import { startServers } from './dev/servers.ts';
import { AUDIENCE, setUp } from './dev/set-up.ts';

const CONFIG = 'wrangler.toml';
const GATEWAY_PORT = 8787;
const ISSUER_PORT = 8788;
const API_PORT = 8789;
const JOB_PORT = 8790;
const CONSOLE_PORT = 8791;

const HELP = `npm start [-- --port ${GATEWAY_PORT}]

Runs the gateway with the policy of wrangler.toml, the issuer, the Timesheets API and its import job, until Ctrl-C, and
a page that shows the policy and what the gateway decides.
The first start makes keys, an API, a client and its secret, on this machine only.

  --port PORT   port of the gateway (default: the first free one from ${GATEWAY_PORT})
`;

try {
  await main();
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  printError(error.message);
  process.exit(1);
}

async function main(): Promise<void> {
  const wantedPort = readPort();
  const policy = readPolicy();
  if (!(await isFree(ISSUER_PORT)))
    throw new CommandError(
      `port ${ISSUER_PORT} of the issuer is in use; end the other process (another npm start?): the issuer's URL stands in tokens, so that it can't move`,
    );
  const port = wantedPort ?? (await firstFreePort(GATEWAY_PORT, [ISSUER_PORT, API_PORT, JOB_PORT]));
  const apiPort = await firstFreePort(API_PORT, [port, JOB_PORT]);
  const jobPort = await firstFreePort(JOB_PORT, [port, apiPort]);
  const consolePort = await firstFreePort(CONSOLE_PORT, [port, apiPort, jobPort]);
  const client = await setUp(policy, note);
  note('starting the Workers …');
  const gateway = `http://localhost:${port}`;
  const log = takeLines();
  const opened = await openConsole({
    ...{ config: CONFIG, environment: undefined, port: consolePort, gateway },
    apis: [issuerApi({ config: 'issuer/wrangler.toml' })],
    input: { kind: 'lines', name: "the gateway's log", lines: log },
  });
  await startServers({
    port,
    issuerPort: ISSUER_PORT,
    apiPort,
    jobPort,
    apiVars: assertionVars(policy, gateway),
    onGatewayLine: log.take,
  });
  const issuer = `http://localhost:${ISSUER_PORT}/`;
  printGuide({ page: opened.address, gateway, issuer, apiPort, jobPort, policy, audience: AUDIENCE, client });
}

/** The policy's own issuer, and its keys where the gateway listens this time. */
function assertionVars({ settings }: Policy, gateway: string): string[] {
  const { assertion } = settings;
  if (assertion === undefined) return [];
  return [`ASSERTION_ISSUER:${assertion.issuer}`, `ASSERTION_KEYS:${gateway}${KEY_SET_PATH}`];
}

function readPort(): number | undefined {
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    if (values.port === undefined) return undefined;
    const port = Number(values.port);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
    throw new CommandError(`${values.port} is not a port; write a number from 1 to 65535`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function readPolicy(): Policy {
  const compiled = compileConfig(CONFIG, undefined);
  if (!compiled.ok)
    throw new CommandError('the policy in wrangler.toml has errors; `npm run check` lists them');
  return compiled.policy;
}
