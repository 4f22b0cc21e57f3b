/** `claimgate close`, `open` and `switches`: what is closed and blocked from now on, without a deployment. */
import type { Command } from 'commander';
import type { Policy } from '../../src/policy/policy.ts';
import { switchTarget } from '../../src/revocation/standing.ts';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { openAdmin, type Row } from '../revocation/admin.ts';
import { chooseSwitch, type SwitchOptions } from '../revocation/chosen.ts';
import { printApplied, printEntries, printRecord, printTried, wordsOf } from '../revocation/show.ts';
import { whoAmI } from '../revocation/who.ts';
import { parseJson } from '../text/json.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT, endWith, note, printJson, printLine, warn } from '../text/terminal.ts';
import { example, nowSeconds, readChoice, readDuration } from './options.ts';
import {
  checkPlace,
  demandWhy,
  type GatewayOptions,
  isRemote,
  withGateway,
  withPlace,
} from './revocation-options.ts';

interface Options extends SwitchOptions, GatewayOptions {
  readonly for?: number;
  readonly status?: '403' | '503';
}

interface ListOptions extends GatewayOptions {
  readonly record?: boolean;
  readonly before?: number;
  readonly limit?: number;
}

type Run = (api: string | undefined, route: string | undefined, options: Options) => Promise<void>;

export function addSwitchCommands(program: Command): void {
  const add = (name: string, description: string, run: Run) =>
    withGateway(program.command(`${name} [api] [route]`))
      .description(description)
      .option('--client <id>', 'block a client of any issuer, in place of an API')
      .option('--key <kid>', 'block a key of any issuer')
      .action(run);
  add('close', 'close an API or a route, or block a client or a key', close)
    .option(
      '--for <time>',
      'open again by itself after this time, such as 2h (default: until it is opened)',
      readDuration,
    )
    .option(
      '--status <status>',
      'what callers are answered: 503 (default) or 403',
      readChoice(['403', '503']),
    )
    .addHelpText(...example('close API_ORDERS "DELETE /orders/:id" --for 2h --why "ticket 4711" --remote'));
  add('open', 'take back what close did', open).addHelpText(
    ...example('open API_ORDERS --why "repaired" --remote'),
  );
  withPlace(program.command('switches'))
    .description('list what is revoked, closed and blocked, or who did what')
    .option('--record', 'list who changed what, the latest first')
    .option('--before <number>', 'the page that ends before this entry', readNumber)
    .option('--limit <number>', 'so many of them (default: 100)', readNumber)
    .hook('preAction', (_, acting) => checkPlace(acting.opts()))
    .action(list)
    .addHelpText(...example('switches --remote --env production'));
}

function readNumber(value: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(value)) throw new CommandError(`${value} is no number; write one from 1 on`);
  return Number(value);
}

async function close(api: string | undefined, route: string | undefined, options: Options): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const chosen = chooseSwitch(api, route, options, policy);
  const isBlock = chosen.kind === 'client' || chosen.kind === 'key';
  if (isBlock && options.status !== undefined)
    throw new CommandError('--status is for what is closed: tokens that are blocked are answered with 401');
  if (options.dryRun) {
    const { dryRun } = await import('../revocation/dry-run-command.ts');
    const tried = await dryRun(chosen, options);
    return options.json ? printJson({ dry_run: true, ...tried }) : printTried(tried, wordsOf(chosen));
  }
  const why = demandWhy(options);
  const status = options.status === '403' ? 403 : 503;
  const admin = await openAdmin(options);
  try {
    const by = options.by ?? (await whoAmI(isRemote(options)));
    const change = { action: 'close', ...chosen, status, by, why } as const;
    const applied = await admin.apply(
      options.for === undefined ? change : { ...change, forSeconds: options.for },
    );
    if (options.json) return printJson({ ...applied, ...chosen, status, by, why });
    printApplied(applied, {
      done: isBlock ? 'blocked' : 'closed',
      what: wordsOf(chosen),
      nowSeconds: nowSeconds(),
      back: `claimgate open ${argsOf(chosen)} --why …${options.env === undefined ? '' : ` --env ${quoteWord(options.env)}`}${options.remote ? ' --remote' : ''}`,
    });
  } finally {
    await admin.close();
  }
}

function argsOf({ kind, target }: ReturnType<typeof chooseSwitch>): string {
  if (kind === 'client' || kind === 'key') return `--${kind} ${quoteWord(target)}`;
  const [api = '', ...rest] = target.split(' ');
  return kind === 'api' ? api : `${api} ${quoteWord(rest.join(' '))}`;
}

async function open(api: string | undefined, route: string | undefined, options: Options): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const chosen = chooseSwitch(api, route, options, policy);
  if (options.dryRun) throw new CommandError('--dry-run is for revoke and close; leave it out');
  const why = demandWhy(options);
  const admin = await openAdmin(options);
  try {
    const by = options.by ?? (await whoAmI(isRemote(options)));
    const applied = await admin.apply({ action: 'open', ...chosen, by, why });
    if (options.json) printJson({ ...applied, ...chosen, by, why });
    else if (applied.changed)
      printApplied(applied, {
        done: 'opened',
        what: wordsOf(chosen),
        nowSeconds: nowSeconds(),
        back: `claimgate close ${argsOf(chosen)} --why …`,
      });
    else printLine(`no switch closes ${wordsOf(chosen)}; claimgate switches lists what is closed`);
    if (!applied.changed) endWith(EXIT.findings);
  } finally {
    await admin.close();
  }
}

async function list(options: ListOptions): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const admin = await openAdmin(options);
  try {
    const { before, limit } = options;
    const { rows, next } = await admin.page({
      list: options.record ? 'record' : 'entries',
      ...(before !== undefined && { before }),
      ...(limit !== undefined && { limit: Math.min(limit, 1000) }),
    });
    if (options.json) return printJson({ rows: rows.map(readWhat), next: next ?? null });
    if (rows.length === 0)
      return printLine(options.record ? 'nothing was changed yet' : 'nothing is revoked, closed or blocked');
    if (options.record) printRecord(rows);
    else printEntries(rows, (iss) => policy.issuers.find(({ issuer }) => issuer === iss)?.name ?? iss);
    for (const { number, kind, target } of rows)
      if (!options.record && !isInPolicy(String(kind), String(target), policy))
        warn(`entry ${number} closes ${target}, which this policy does not have: it closes nothing`);
    if (next !== undefined)
      note(`there are more: claimgate switches --before ${next}${options.record ? ' --record' : ''}`);
  } finally {
    await admin.close();
  }
}

/** After a deployment that renames a route, what closed it closes nothing any more. */
function isInPolicy(kind: string, target: string, { apis }: Policy): boolean {
  if (kind === 'api') return apis.some(({ name }) => name === target);
  return (
    kind !== 'route' || apis.some(({ routes }) => routes.some((route) => switchTarget(route) === target))
  );
}

/** What a record is about is JSON in the object. */
const readWhat = ({ what, ...row }: Row) =>
  what === undefined ? row : { ...row, what: parseJson(String(what)) };
