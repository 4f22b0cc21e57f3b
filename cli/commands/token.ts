/** `claimgate token`: asks for one, and shows all there is to know about it. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import { isLoopbackHost } from '../../src/policy/uri.ts';
import { USER_AGENT } from '../../src/version.ts';
import { readIssuerConfig, takeIssuerConfig } from '../issuer/place.ts';
import { compileConfig } from '../policy/file/config.ts';
import { judgeToken, type RouteVerdict } from '../policy/what-if/acceptance.ts';
import { readAt } from '../policy/what-if/fetch-at.ts';
import { readFileOrInput } from '../text/files.ts';
import {
  CommandError,
  EXIT,
  endWith,
  formatSeconds,
  formatTime,
  note,
  paint,
  printJson,
  printLine,
} from '../text/terminal.ts';
import { collect, takeGatewayConfig } from './options.ts';

interface Options {
  readonly scope?: string[];
  readonly secretFile?: string;
  readonly issuer?: string;
  readonly at?: string;
  readonly config: string;
  readonly env?: string;
  readonly gateway: string;
  readonly gatewayEnv?: string;
  readonly json?: boolean;
}

export function addTokenCommand(program: Command): void {
  program
    .command('token <client-id> [audience]')
    .description('ask for a token; print curl, the decoded token, and what the gateway would say of it')
    .option('--scope <scope>', 'ask for this scope; repeat for more (default: all that are granted)', collect)
    .option(
      '--secret-file <file>',
      'has the secret; - for standard input (default: the variable CLIENT_SECRET)',
    )
    .option('--issuer <url>', 'the issuer (default: ISSUER in its configuration)')
    .option(
      '--at <url>',
      'where it answers, if that is elsewhere: http://localhost:8788 under `wrangler dev`',
    )
    .option('--config <file>', "the issuer's configuration (default: the one in the folder issuer)")
    .hook('preAction', takeIssuerConfig)
    .option('--env <name>', 'an environment of that file')
    .option(
      '--gateway <file>',
      "the gateway's configuration, whose policy judges the token (default: the file that wrangler reads)",
    )
    .hook('preAction', takeGatewayConfig)
    .option('--gateway-env <name>', 'an environment of that file')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExits with 1 if the token is refused, or passes on no route.\n\nExample:\n  CLIENT_SECRET=… claimgate token 5MRJzEvqKJCwySiviHfrznUW50kF9Var https://api.example.com/timesheets --scope batch:upload',
    )
    .action(run);
}

async function run(clientId: string, audience: string | undefined, options: Options): Promise<void> {
  const issuer = options.issuer ?? readIssuer(options);
  const at = options.at === undefined ? undefined : readAt(options.at);
  const secret = readSecret(options.secretFile);
  const parameters = {
    ...(audience !== undefined && { audience }),
    ...(options.scope !== undefined && { scope: options.scope.join(' ') }),
  };
  const { endpoint, answer } = await askForToken(issuer, at, clientId, secret, parameters);
  const token = answer.access_token;
  const judged = await judge(options, token, at);
  const verdicts = judged?.verdicts;
  const data = Object.entries(parameters).map(
    ([name, value]) => ` --data-urlencode ${quote(`${name}=${value}`)}`,
  );
  const curl = `curl -s ${endpoint} -u ${clientId}:$CLIENT_SECRET -d grant_type=client_credentials${data.join('')}`;
  const header = decodeProtectedHeader(token);
  const claims = decodeJwt(token);

  if (options.json) {
    printJson({ request: curl, response: answer, header, claims, gateway: verdicts });
  } else {
    printLine(`${paint('bold', 'Request')}\n${curl}\n`);
    printLine(
      `${paint('bold', 'Access token')}   ${formatSeconds(answer.expires_in ?? 0)}, until ${formatTime(claims.exp ?? 0)}\n${token}\n`,
    );
    printLine(`${paint('bold', 'Header')}\n${JSON.stringify(header)}\n`);
    printLine(`${paint('bold', 'Claims')}\n${JSON.stringify(claims, null, 2)}\n`);
    if (verdicts !== undefined) printVerdicts(options.gateway, verdicts);
    if (judged?.hasRevocation)
      note(
        'revocations and switches were not asked: claimgate explain … --token - --local or --remote does that',
      );
  }
  if (verdicts?.every(({ status }) => status !== 200)) endWith(EXIT.findings);
}

/** For a POSIX shell. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function readIssuer({ config, env }: Options): string {
  const issuer = readIssuerConfig(config, env).vars?.['ISSUER'];
  if (typeof issuer !== 'string')
    throw new CommandError(`${config} has no ISSUER under [vars]; name it with --issuer`);
  return issuer;
}

function readSecret(file: string | undefined): string {
  if (file === undefined) {
    const secret = process.env['CLIENT_SECRET'];
    if (secret) return secret;
    throw new CommandError(
      'there is no client secret; put it into the variable CLIENT_SECRET, or name a file with --secret-file',
    );
  }
  return readFileOrInput(file, 'name the file with the secret').trim();
}

const TIMEOUT_MS = 10_000;

async function askForToken(
  issuer: string,
  at: string | undefined,
  clientId: string,
  secret: string,
  parameters: Record<string, string>,
) {
  const url = parseIssuer(issuer);
  const asked = at === undefined ? url : new URL(at);
  const options = {
    [oauth.allowInsecureRequests]: isLoopbackHost(asked.hostname),
    signal: () => AbortSignal.timeout(TIMEOUT_MS),
    headers: { 'user-agent': USER_AGENT },
  };
  try {
    const discovered = await oauth.discoveryRequest(asked, { ...options, algorithm: 'oauth2' });
    if (discovered.status >= 500) throw await explainOutage(asked.href, discovered);
    const named = await oauth.processDiscoveryResponse(url, discovered);
    const server =
      at === undefined ? named : { ...named, token_endpoint: new URL('oauth/token', asked).href };
    const client: oauth.Client = { client_id: clientId };
    const basic = oauth.ClientSecretBasic(secret);
    const response = await oauth.clientCredentialsGrantRequest(server, client, basic, parameters, options);
    const answer = await oauth.processClientCredentialsResponse(server, client, response);
    return { endpoint: server.token_endpoint ?? '', answer };
  } catch (error) {
    throw explain(error, asked.href);
  }
}

function parseIssuer(text: string): URL {
  const url = URL.parse(text);
  if (url !== null) return url;
  throw new CommandError(`${text} is not a URL; write the issuer such as https://auth.example.com/`);
}

/** The issuer tells what it lacks to whoever sits at the machine. */
async function explainOutage(issuer: string, response: Response): Promise<CommandError> {
  const { faults = [] } = (await response.json().catch(() => ({}))) as { faults?: string[] };
  const reason = faults.length > 0 ? faults.join('\n  ') : 'its log has the reason';
  return new CommandError(`${issuer} answers ${response.status}: ${reason}`, EXIT.failed);
}

function explain(error: unknown, issuer: string): unknown {
  if (error instanceof oauth.ResponseBodyError) {
    const hint = HINTS[error.error] ?? 'the log of the issuer has the reason';
    return new CommandError(
      `${error.status} ${error.error}: ${error.error_description ?? ''} ${hint}`,
      EXIT.findings,
    );
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return new CommandError(`401 invalid_client: ${HINTS['invalid_client']}`, EXIT.findings);
  if (error instanceof oauth.OperationProcessingError)
    return new CommandError(
      `${issuer} is not an issuer as this command knows it: ${error.message}`,
      EXIT.failed,
    );
  if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError'))
    return new CommandError(
      `${issuer} can't be reached; is it running (npm start), or is another one meant (--issuer)?`,
      EXIT.failed,
    );
  return error;
}

const HINTS: Readonly<Record<string, string>> = {
  invalid_client: 'Look at id and secret, and at: claimgate client show <client>',
  invalid_target: 'Grant it with: claimgate client grant <client> <audience> --scope <scope>',
  unauthorized_client: 'Grant it one with: claimgate client grant <client> <audience> --scope <scope>',
  invalid_scope: 'What it has: claimgate client show <client>',
};

/** @returns `undefined` where there is no gateway to ask */
async function judge(
  { gateway, gatewayEnv }: Options,
  token: string,
  at: string | undefined,
): Promise<{ readonly verdicts: RouteVerdict[]; readonly hasRevocation: boolean } | undefined> {
  if (!existsSync(gateway)) return undefined;
  const compiled = compileConfig(gateway, gatewayEnv);
  if (compiled.ok)
    return {
      verdicts: await judgeToken(compiled.policy, token, at),
      hasRevocation: compiled.policy.settings.revocation !== undefined,
    };
  note(`the policy in ${gateway} has errors, and can't judge the token: claimgate check --config ${gateway}`);
  return undefined;
}

function printVerdicts(gateway: string, verdicts: readonly RouteVerdict[]): void {
  printLine(paint('bold', `The gateway, by the policy in ${gateway}`));
  const width = Math.max(...verdicts.map(({ route }) => route.length));
  for (const { route, status, detail } of verdicts) {
    const mark = status === 200 ? paint('green', 'passes') : paint('red', `${status}   `);
    printLine(`${mark}  ${route.padEnd(width)}  ${detail ?? ''}`.trimEnd());
  }
}
