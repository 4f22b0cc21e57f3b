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
import { askIssuer, explainName, isSameButSlash } from '../policy/what-if/ask-issuer.ts';
import { fetchPlainly } from '../policy/what-if/plain-fetch.ts';
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
  const found = [...symptoms];
  let own: string | undefined;
  if (isOwn)
    found.push(
      ...(await atPlace(options, (place) => {
        own = place.issuer;
        return judgeOwn(place, gateway);
      })),
    );
  found.push(...(await judgePolicy(options, gateway, own, token)));
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

/** Under `wrangler dev`, an issuer answers on this machine, whatever its name is. */
async function judgeOwn(place: Place, gateway: GatewayPolicy | undefined): Promise<Symptom[]> {
  const { issuer: url, config, remote } = place;
  const issuer =
    issuerIn(gateway?.policy, url) ?? (parseTrustedUri(url) && policyFor(url, undefined).issuers[0]);
  // Then nothing can be asked; what is wrong with its name is said below.
  if (issuer === undefined) return judgeOwnIssuer(place, undefined, gateway);
  const port = remote ? undefined : config.dev?.port;
  const local = port === undefined ? undefined : `http://localhost:${port}/`;
  const toPlace = (asked: string) =>
    local !== undefined && asked.startsWith(url) ? local + asked.slice(url.length) : asked;
  const { asked, ...answered } = await askIssuer(issuer, (one, init) => fetchPlainly(toPlace(one), init));
  const answers = { ...answered, asked: asked.map((one) => ({ ...one, url: toPlace(one.url) })) };
  const start = 'start it (npx wrangler dev --config issuer/wrangler.toml), or deploy it';
  return [...judgeIssuer(issuer, answers, start), ...(await judgeOwnIssuer(place, answers, gateway))];
}

const issuerIn = (policy: Policy | undefined, url: string): Issuer | undefined =>
  policy?.issuers.find((one) => one.issuer === url);

/** The issuers of the policy, or the one that is named, and the token. @param own was judged already */
async function judgePolicy(
  { issuer: url, audience }: Options,
  gateway: GatewayPolicy | undefined,
  own: string | undefined,
  token: string | undefined,
): Promise<Symptom[]> {
  const trusts = url === undefined || issuerIn(gateway?.policy, url) !== undefined;
  const wanted = audience ?? audienceOf(token);
  const policy = trusts ? gateway?.policy : policyFor(url, wanted);
  const symptoms: Symptom[] = trusts || gateway === undefined ? [] : [distrust(gateway, url)];
  if (policy === undefined) return symptoms;
  for (const issuer of policy.issuers) {
    if (url !== undefined && issuer.issuer !== url) continue;
    if (issuer.issuer !== own) symptoms.push(...judgeIssuer(issuer, await askIssuer(issuer, fetchPlainly)));
    if (trusts) symptoms.push(...judgeAudiences(issuer, policy, audience));
  }
  return token === undefined ? symptoms : [...symptoms, ...(await judgeToken(policy, token))];
}

function audienceOf(token: string | undefined): string | undefined {
  const decoded = token === undefined ? undefined : decodeToken(token);
  const aud = decoded !== undefined && 'claims' in decoded ? decoded.claims['aud'] : undefined;
  const [first] = [aud].flat();
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
