/** `claimgate doctor`: whether issuers, keys, tokens and the policy fit together. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import { parseTrustedUri } from '../../src/policy/uri.ts';
import { decodeToken } from '../../src/token/decode.ts';
import { atPlace, hasIssuer, type Place, type PlaceOptions, withPlace } from '../issuer/place.ts';
import { judgeAudiences, judgeIssuer } from '../policy/doctor/issuer.ts';
import { type GatewayPolicy, judgeOwnIssuer } from '../policy/doctor/own-issuer.ts';
import { policyFor } from '../policy/doctor/policy.ts';
import { error, type Symptom, warning } from '../policy/doctor/symptom.ts';
import { judgeToken } from '../policy/doctor/token.ts';
import { compileConfig } from '../policy/file/config.ts';
import { askIssuer, explainName, type IssuerAnswers, isSameButSlash } from '../policy/what-if/ask-issuer.ts';
import { fetchAt, readAt, urlAt } from '../policy/what-if/fetch-at.ts';
import { readFileOrInput } from '../text/files.ts';
import { CommandError, EXIT, endWith, paint, printJson, printLine } from '../text/terminal.ts';
import { takeGatewayConfig } from './options.ts';

interface GatewayOptions {
  readonly gateway: string;
  readonly gatewayEnv?: string | undefined;
}

type Options = PlaceOptions & {
  readonly issuer?: string;
  readonly audience?: string;
  readonly token?: string;
  readonly at?: string;
  readonly gateway: string;
  readonly gatewayEnv?: string;
};

export function addDoctorCommand(program: Command): void {
  withPlace(program.command('doctor'))
    .description('look whether issuers, keys, tokens and the policy fit together')
    .option('--issuer <url>', 'only this issuer, whether the policy has it or not')
    .option('--audience <text>', 'for whom its tokens are, as their aud has it')
    .option('--token <file>', 'a real access token, to be judged; - for standard input')
    .option(
      '--at <url>',
      'where your own issuer, or the one of --issuer, answers (default: the dev port of issuer/wrangler.toml, unless --remote)',
    )
    .option(
      '--gateway <file>',
      "the policy: the gateway's configuration (default: the file that wrangler reads)",
    )
    .hook('preAction', takeGatewayConfig)
    .option('--gateway-env <name>', 'an environment of that file')
    .addHelpText(
      'after',
      '\nIt asks the issuers of the policy, and where there is an issuer of your own (issuer/wrangler.toml), looks at its\nkeys and records too: --local, --remote, --config, --env, --persist-to and --key-file are about that one.\nThe token is sent nowhere, and never printed. Exits with 1 if there is an error.\n\nExample:\n  claimgate doctor --token token.txt\n  claimgate doctor --issuer https://example.eu.auth0.com/ --audience https://api.example.com/orders\n  claimgate doctor --env production --remote',
    )
    .action(run);
}

async function run(options: Options, command: Command): Promise<void> {
  const named = command.getOptionValueSource('config') !== 'default' || options.remote === true;
  const isOwn = options.issuer === undefined && (named || hasIssuer());
  // Without an issuer of one's own there is one file, and `--env` is about it.
  const { gateway, symptoms } = readGateway(
    isOwn ? options : { ...options, gatewayEnv: options.gatewayEnv ?? options.env },
  );
  if (gateway === undefined && symptoms.length === 0 && options.issuer === undefined && !isOwn)
    throw new CommandError(
      `there is no ${options.gateway}; name the policy with --gateway, or an issuer with --issuer URL`,
    );
  const token = options.token === undefined ? undefined : readToken(options.token);
  const at = options.at === undefined ? undefined : readAt(options.at);
  if (at !== undefined && !isOwn && options.issuer === undefined)
    throw new CommandError('--at is about one issuer; name it with --issuer URL too');
  const found = [...symptoms];
  let own: Located | undefined = options.issuer === undefined ? undefined : { url: options.issuer, at };
  if (isOwn)
    found.push(
      ...(await atPlace(options, (place) => {
        own = { url: place.issuer, at: at ?? localUrl(place) };
        return judgeOwn(place, gateway, own.at);
      })),
    );
  found.push(...(await judgePolicy(options, gateway, isOwn, own, token)));
  if (options.json) printJson(found);
  else for (const symptom of found) print(symptom);
  if (found.some(({ state }) => state === 'error')) endWith(EXIT.findings);
}

/** The policy, where there is one that has no errors. */
function readGateway({ gateway: path, gatewayEnv }: GatewayOptions): {
  gateway: GatewayPolicy | undefined;
  symptoms: readonly Symptom[];
} {
  if (!existsSync(path)) return { gateway: undefined, symptoms: [] };
  const compiled = compileConfig(path, gatewayEnv);
  if (compiled.ok) return { gateway: { path, policy: compiled.policy }, symptoms: [] };
  const symptom = error(`policy in ${path}`, `it has errors: claimgate check --config ${path}`);
  return { gateway: undefined, symptoms: [symptom] };
}

function readToken(file: string): string {
  const text = readFileOrInput(file, 'name a file with a token, or - for standard input')
    .trim()
    .replace(/^Bearer\s+/i, '');
  if (text !== '') return text;
  throw new CommandError(`${file === '-' ? 'standard input' : file} is empty; give the access token alone`);
}

/** An issuer, and where it answers if that is elsewhere. */
interface Located {
  readonly url: string;
  readonly at: string | undefined;
}

/** Under `wrangler dev`, an issuer answers on this machine, whatever its name is. */
function localUrl({ config, remote }: Place): string | undefined {
  const port = remote ? undefined : config.dev?.port;
  return port === undefined ? undefined : `http://localhost:${port}/`;
}

async function judgeOwn(
  place: Place,
  gateway: GatewayPolicy | undefined,
  at: string | undefined,
): Promise<Symptom[]> {
  const { issuer: url } = place;
  const issuer =
    issuerIn(gateway?.policy, url) ?? (parseTrustedUri(url) && policyFor(url, undefined).issuers[0]);
  // Then nothing can be asked; what is wrong with its name is said below.
  if (issuer === undefined) return judgeOwnIssuer(place, undefined, gateway);
  const answers = await askAt(issuer, at);
  const start = 'start it (npx wrangler dev --config issuer/wrangler.toml), or deploy it';
  return [...judgeIssuer(issuer, answers, start), ...(await judgeOwnIssuer(place, answers, gateway))];
}

async function askAt(issuer: Issuer, at: string | undefined): Promise<IssuerAnswers> {
  const { asked, ...answered } = await askIssuer(issuer, fetchAt(issuer.issuer, at));
  return { ...answered, asked: asked.map((one) => ({ ...one, url: urlAt(one.url, issuer.issuer, at) })) };
}

const issuerIn = (policy: Policy | undefined, url: string): Issuer | undefined =>
  policy?.issuers.find((one) => one.issuer === url);

/** The issuers of the policy, or the one that is named, and the token. @param isOwn the one of this project was judged */
async function judgePolicy(
  { issuer: url, audience }: Options,
  gateway: GatewayPolicy | undefined,
  isOwn: boolean,
  located: Located | undefined,
  token: string | undefined,
): Promise<Symptom[]> {
  const trusts = url === undefined || issuerIn(gateway?.policy, url) !== undefined;
  const wanted = audience ?? audienceOf(token);
  const policy = trusts ? gateway?.policy : policyFor(url, wanted);
  const symptoms: Symptom[] = trusts || gateway === undefined ? [] : [distrust(gateway, url)];
  if (policy === undefined) return symptoms;
  for (const issuer of policy.issuers) {
    if (url !== undefined && issuer.issuer !== url) continue;
    const at = issuer.issuer === located?.url ? located.at : undefined;
    if (!isOwn || issuer.issuer !== located?.url)
      symptoms.push(...judgeIssuer(issuer, await askAt(issuer, at)));
    if (trusts) symptoms.push(...judgeAudiences(issuer, policy, audience));
  }
  if (token === undefined) return symptoms;
  const at = claimsOf(token)['iss'] === located?.url ? located?.at : undefined;
  return [...symptoms, ...(await judgeToken(policy, token, at))];
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const decoded = decodeToken(token);
  return 'claims' in decoded ? decoded.claims : {};
}

function audienceOf(token: string | undefined): string | undefined {
  const [first] = token === undefined ? [] : [claimsOf(token)['aud']].flat();
  return typeof first === 'string' ? first : undefined;
}

function distrust({ path, policy }: GatewayPolicy, url: string): Symptom {
  const near = policy.issuers.find((one) => isSameButSlash(one.issuer, url));
  if (near !== undefined)
    return error(
      `policy in ${path}`,
      `it has ${JSON.stringify(near.issuer)}; if its tokens have the other as iss, ${explainName(near.issuer, url)}`,
    );
  const known = policy.issuers.map((one) => one.issuer).join(', ');
  return warning(`policy in ${path}`, `it does not trust ${url}, only ${known}; add it under [vars.ISSUERS]`);
}

function print({ state, what, detail }: Symptom): void {
  const mark = {
    ok: paint('green', 'ok     '),
    warning: paint('yellow', 'warning'),
    error: paint('red', 'error  '),
  }[state];
  printLine(`${mark}  ${what}`);
  for (const line of detail?.split('\n') ?? []) printLine(`         ${line}`);
}
