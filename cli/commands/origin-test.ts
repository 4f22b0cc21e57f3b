/** `claimgate origin-test`: tries to get around the gateway, straight at an origin. */
import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { readAssertionKeys, signingKey } from '../../src/origin/assertion-keys.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import type { Api, Policy } from '../../src/policy/policy.ts';
import { isLoopbackHost, parseUrl } from '../../src/policy/uri.ts';
import { assertionAttempts } from '../assertion/assertion-attempts.ts';
import type { Asked, Attempt } from '../assertion/attempt.ts';
import { secretAttempts } from '../assertion/secret-attempts.ts';
import { type Tried, tryOrigin } from '../assertion/try-origin.ts';
import { devVarsBeside, readDevVars } from '../issuer/dev-vars.ts';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { CommandError, EXIT, endWith, note, paint, printJson, printLine } from '../text/terminal.ts';
import { countOf } from '../text/words.ts';
import { nowSeconds, withConfig } from './options.ts';

interface Options {
  readonly config: string;
  readonly env?: string;
  readonly api?: string;
  readonly method: string;
  readonly body?: string;
  readonly scope?: string;
  readonly subject: string;
  readonly secrets?: string;
  readonly anyHost?: boolean;
  readonly replay: boolean;
  readonly json?: boolean;
}

function readMethod(text: string): string {
  if (!/^[A-Z]+$/.test(text)) throw new InvalidArgumentError('write a method in capitals, such as GET.');
  return text;
}

export function addOriginTestCommand(program: Command): void {
  withConfig(program.command('origin-test <url>'), 'the policy')
    .description('try to get around the gateway: send to an origin, directly, what an attacker would')
    .option('--env <name>', 'an environment of that file')
    .option('--api <name>', 'the API whose origin it is, where the URL does not say')
    .option('--method <method>', 'how to ask', readMethod, 'GET')
    .option('--body <text>', 'what to send')
    .option('--scope <scopes>', 'of the right request, as the route demands them')
    .option('--subject <text>', 'of the right request', 'origin-test')
    .option('--secrets <file>', 'where the key or the secret is (default: .dev.vars beside the policy)')
    .option('--any-host', 'also a host that is not an origin of the policy')
    .option('--no-replay', 'fail where a right assertion passes for the second time')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nThe URL must answer a right request with 2xx or 3xx. About 20 requests are sent, one after the other; choose one\nthat changes nothing. Exits with 1 if one is accepted that should not be, or the right one is refused.\n\nExample:\n  claimgate origin-test http://localhost:8789/timesheets --api API_TIMESHEETS --scope read:timesheets',
    )
    .action(run);
}

async function run(text: string, options: Options): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const url = parseUrl(text);
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new CommandError(`${text} is not a URL of an origin; write http(s)://…`);
  const api = apiOf(policy, url, options);
  demandOrigin(policy, url, options.anyHost ?? false);
  const asked: Asked = {
    method: options.method,
    url,
    body: options.body,
    scope: options.scope,
    subject: options.subject,
    forged: `forged-${randomBytes(6).toString('hex')}`,
  };
  const attempts = await attemptsFor(policy, api, asked, options);
  const tried: Tried[] = [];
  for (const attempt of attempts) {
    const one = await tryOrigin(attempt, asked, options.replay).catch((error: Error) => {
      throw new CommandError(
        `${url.host} gives no answer to "${attempt.what}": ${error.message}`,
        EXIT.failed,
      );
    });
    tried.push(one);
    if (!options.json) printTried(one);
  }
  const failures = tried.filter(({ verdict }) => verdict === 'fail').length;
  const isWhole = attempts.some(({ wanted }) => wanted === 'accepted');
  if (options.json) printJson({ url: text, api: api.name, is_whole: isWhole, attempts: tried.map(asJson) });
  else printEnd(failures, isWhole);
  if (failures > 0) endWith(EXIT.findings);
  else if (!isWhole) endWith(EXIT.failed);
}

/** Attempts by what the origin has to check requests by: an assertion, else a secret. */
async function attemptsFor(policy: Policy, api: Api, asked: Asked, options: Options): Promise<Attempt[]> {
  const path = options.secrets ?? devVarsBeside(options.config, options.env);
  const values = readDevVars(path);
  const { settings } = policy;
  if (api.assertion !== undefined && settings.assertion !== undefined) {
    const { keys } = readAssertionKeys((name) => values[name] || undefined);
    const key = signingKey(keys, nowSeconds());
    if (key === undefined) note(`${path} has no key that signs: what needs one is left out`);
    return assertionAttempts(settings.assertion, api, key, asked, nowSeconds());
  }
  if (api.originHeaders.length === 0)
    throw new CommandError(
      `${api.name} gives its origin nothing to check requests by; docs/origins.md has the ways: an assertion, a secret, or a service binding without an address of its own`,
    );
  const known = api.originHeaders.flatMap(({ header, secret }) => {
    const value = values[secret];
    return value ? [[header, value] as const] : [];
  });
  if (known.length < api.originHeaders.length)
    note(`${path} has not all secrets of ${api.name}: what needs them is left out`);
  return secretAttempts(api, new Map(known), asked);
}

const baseOf = ({ origin }: Api) => (origin.kind === 'url' ? parseUrl(origin.base) : undefined);

function apiOf({ apis }: Policy, url: URL, { api: name }: Options): Api {
  const names = apis.map((one) => one.name);
  if (name !== undefined) {
    const found = apis.find((one) => one.name === name);
    if (found === undefined) throw new CommandError(`there is no API ${name}; ${suggest(name, names)}`);
    return found;
  }
  const here = apis.filter((api) => baseOf(api)?.origin === url.origin);
  const [only, other] = here.length > 0 ? here : apis;
  if (only === undefined || other !== undefined)
    throw new CommandError(`say whose origin this is, with --api: ${names.join(', ')}`);
  return only;
}

/** A typo must not send requests to strangers. */
function demandOrigin({ apis }: Policy, url: URL, isAnyHost: boolean): void {
  const isNamed = apis.some((api) => baseOf(api)?.origin === url.origin);
  if (isNamed || isAnyHost || isLoopbackHost(url.hostname)) return;
  throw new CommandError(
    `${url.host} is not an origin of this policy, nor this machine; with --any-host it is asked all the same`,
  );
}

function printTried({ attempt, outcome, status, verdict, code }: Tried): void {
  const mark = { ok: paint('green', 'ok  '), note: paint('yellow', 'note'), fail: paint('red', 'FAIL') };
  printLine(`${mark[verdict]}  ${outcome.padEnd(8)}  ${status}  ${attempt.what}`);
  if (verdict === 'ok') return;
  const isUnclear = outcome === 'unclear';
  printLine(
    `      ${isUnclear ? 'that says nothing of who asks; choose a URL that answers a right request with 2xx' : attempt.why}${code === undefined ? '' : `: ${code}`}`,
  );
}

function printEnd(failures: number, hasRight: boolean): void {
  printLine();
  if (failures > 0)
    printLine(paint('red', `${countOf(failures, 'request')} got another answer than it should`));
  else if (hasRight) printLine(paint('green', 'only right requests get in'));
  else printLine('nothing got in, but no right request was tried: an origin that is down looks the same');
}

const asJson = ({ attempt, outcome, status, verdict, code }: Tried) => ({
  what: attempt.what,
  verdict,
  outcome,
  status,
  ...(code !== undefined && { code }),
  ...(verdict !== 'ok' && { why: attempt.why }),
});
