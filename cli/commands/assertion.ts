/** `claimgate assertion keys`: the keys that the gateway signs assertions with. */
import { type Command, InvalidArgumentError } from 'commander';
import { stateOf } from '../../src/origin/assertion-keys.ts';
import { KEY_SECRETS } from '../../src/policy/assertion.ts';
import { type AssertionAlg, makeAssertionKey, type PublicKey, planRotation } from '../assertion/rotation.ts';
import { type AssertionVault, localAssertionVault, remoteAssertionVault } from '../assertion/vault.ts';
import { environmentOf, policyOf, readPolicyFile } from '../policy/file/config.ts';
import {
  CommandError,
  formatTime,
  note,
  printFields,
  printJson,
  printLine,
  printTable,
} from '../text/terminal.ts';
import { example, nowSeconds, withConfig } from './options.ts';

interface Options {
  readonly config: string;
  readonly env?: string;
  readonly local?: boolean;
  readonly remote?: boolean;
  readonly url?: string;
  readonly json?: boolean;
  readonly alg?: AssertionAlg;
  readonly replace?: boolean;
}

const ALGS: readonly AssertionAlg[] = ['ES256', 'EdDSA'];

function readAlg(text: string): AssertionAlg {
  const found = ALGS.find((one) => one.toLowerCase() === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`write ${ALGS.join(' or ')}.`);
  return found;
}

export function addAssertionCommands(program: Command): void {
  const assertion = program
    .command('assertion')
    .description('what origins check requests by: docs/assertion.md');
  const keys = assertion.command('keys').description('the keys that assertions are signed with');
  const add = (name: string, run: (options: Options) => Promise<void>, description: string) =>
    withConfig(keys.command(name), 'the configuration of the gateway')
      .description(description)
      .option('--env <name>', 'an environment of that file')
      .option('--local', 'act on .dev.vars, which `wrangler dev` reads (default)')
      .option('--remote', 'act on the secrets on Cloudflare, through wrangler')
      .option('--url <url>', 'with --remote: where the gateway is (default: the issuer of its assertions)')
      .option('--json', 'print JSON')
      .action(run)
      .addHelpText(...example(`assertion keys ${name} --remote`));
  add('init', init, 'make a key where there is none; what is there stays')
    .option('--alg <algorithm>', 'ES256 (default) or EdDSA', readAlg)
    .option('--replace', 'make a key that signs at once, and delete the others: after a leak');
  add('rotate', rotate, 'make a new key, which signs in 13 minutes; until then origins learn of it').option(
    '--alg <algorithm>',
    'ES256 or EdDSA (default: as the current one)',
    readAlg,
  );
  add('list', list, 'list the keys and their states: next, current, previous');
}

function vaultOf(options: Options): AssertionVault {
  const { config, env, url } = options;
  if (options.local && options.remote) throw new CommandError('--local and --remote exclude each other');
  if (url !== undefined && !options.remote)
    throw new CommandError('--url is for --remote; add it, or leave --url out');
  // A typo in the name of an environment would make keys that nobody reads.
  const { settings } = policyOf(readPolicyFile(config), env);
  if (!options.remote) return localAssertionVault({ config, env });
  const gateway = url ?? settings.assertion?.issuer;
  if (gateway === undefined)
    throw new CommandError(
      `${config} does not say who issues assertions; add assertion = { issuer = "https://…" } to [vars.GATEWAY], or name the gateway with --url`,
    );
  if (URL.parse(gateway) === null) throw new CommandError(`--url ${gateway} is not a URL; write https://…`);
  return remoteAssertionVault({ config, env }, gateway);
}

/** `wrangler dev` hands over no secret that a list of them leaves out: the gateway would sign with the other one. */
function tellUnread({ config, env, remote }: Options, names: readonly string[]): void {
  const required = environmentOf(readPolicyFile(config), env).secrets?.required;
  const unread = remote || required === undefined ? [] : names.filter((name) => !required.includes(name));
  for (const name of unread)
    note(
      `wrangler dev does not read ${name}, which [secrets] required leaves out; add it there, or make one key: claimgate assertion keys init --replace`,
    );
}

async function init(options: Options): Promise<void> {
  const vault = vaultOf(options);
  const names = await vault.names();
  const [name, other] = KEY_SECRETS;
  if (names.length > 0 && !options.replace) {
    if (options.json) return printJson({ made: null, secrets: names });
    return printLine(`there already: ${names.join(', ')} in ${vault.name}`);
  }
  const { kid, secret } = await makeAssertionKey(options.alg ?? 'ES256', nowSeconds());
  await vault.write({ [name]: secret, ...(names.includes(other) && { [other]: undefined }) });
  if (options.json) return printJson({ made: kid, secrets: [name] });
  printFields([
    ['key', kid],
    ['secret', `${name} in ${vault.name}`],
  ]);
  if (names.length > 0)
    printLine('It signs now. Origins take it within 5 minutes, and what the others signed no longer.');
}

async function rotate(options: Options): Promise<void> {
  const vault = vaultOf(options);
  const keys = await vault.read();
  const now = nowSeconds();
  const plan = planRotation(keys, now);
  if (plan.kind === 'none')
    throw new CommandError('no key signs; make one with: claimgate assertion keys init --replace');
  if (plan.kind === 'wait')
    throw new CommandError(
      plan.why === 'next'
        ? `a rotation is under way: ${plan.key.kid} signs from ${formatTime(plan.until)} on; rotate again after ${formatTime(plan.until)}. After a leak: claimgate assertion keys init --replace`
        : `assertions that ${plan.key.kid} signed may be in use until ${formatTime(plan.until)}; rotate after that`,
    );
  const { kid, secret } = await makeAssertionKey(options.alg ?? plan.signing.alg, plan.from);
  await vault.write({ [plan.secret]: secret });
  tellUnread(options, [plan.secret]);
  if (options.json)
    return printJson({ made: kid, from: plan.from, secret: plan.secret, current: plan.signing.kid });
  printFields([
    ['new key', kid],
    ['signs from', formatTime(plan.from)],
    ['until then', plan.signing.kid],
    ['secret', `${plan.secret} in ${vault.name}`],
  ]);
  printLine('Nothing else is to be done.');
}

async function list(options: Options): Promise<void> {
  const vault = vaultOf(options);
  const keys = options.remote || (await vault.names()).length > 0 ? await vault.read() : [];
  const now = nowSeconds();
  tellUnread(
    options,
    keys.flatMap(({ slot }) => KEY_SECRETS[slot - 1] ?? []),
  );
  const rows = keys.map((key) => ({ ...publicPart(key), state: stateOf(key, keys, now) }));
  if (options.json) return printJson(rows);
  if (rows.length === 0)
    return printLine(`no keys in ${vault.name}; make one with: claimgate assertion keys init`);
  printTable(
    ['SECRET', 'STATE', 'ALG', 'SIGNS FROM', 'KID'],
    rows.map(({ secret, state, alg, from, kid }) => [secret, state, alg, formatTime(from), kid]),
  );
}

const publicPart = ({ slot, alg, kid, from }: PublicKey) => ({
  secret: KEY_SECRETS[slot - 1] ?? '',
  alg,
  from,
  kid,
});
