/** `claimgate close`, `open` and `switches`: what is closed and blocked from now on, without a deployment. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Policy } from '../../src/policy/policy.ts';
import { switchTarget } from '../../src/revocation/standing.ts';
import { policyOf, readPolicyFile } from '../policy/file/config.ts';
import { openAdmin, type Row } from '../revocation/admin.ts';
import { makeChange } from '../revocation/change.ts';
import { checkSwitch, chooseSwitch, type SwitchOptions } from '../revocation/chosen.ts';
import { printApplied, printEntries, printRecord, printTried, wordsOf } from '../revocation/show.ts';
import { parseJson } from '../text/json.ts';
import { quoteWord } from '../text/shell.ts';
import { CommandError, EXIT, endWith, note, printJson, printLine, visible, warn } from '../text/terminal.ts';
import { example, readChoice, readDuration } from './options.ts';
import {
  commandFor,
  demandWhy,
  type GatewayOptions,
  withDryRun,
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

type Run = (api: string | undefined, route: readonly string[], options: Options) => Promise<void>;

export function addSwitchCommands(program: Command): void {
  const add = (command: Command, verb: 'block' | 'unblock', description: string, run: Run) =>
    command
      .description(description)
      .argument('[api]', 'the name of an API, as in the policy')
      .argument('[route...]', 'a route of it, as in the policy')
      .option('--client <id>', `${verb} a client of any issuer, in place of an API`)
      .option('--key <kid>', `${verb} a key of any issuer`)
      .action(run);
  add(
    withDryRun(program.command('close')),
    'block',
    'close an API or a route, or block a client or a key',
    close,
  )
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
  add(withGateway(program.command('open')), 'unblock', 'take back what close did', open).addHelpText(
    ...example('open API_ORDERS --why "repaired" --remote'),
  );
  withPlace(program.command('switches'))
    .description('list what is revoked, closed and blocked, or who did what')
    .option('--record', 'list who changed what, the latest first')
    .option('--before <number>', 'the page that ends before this entry', readNumber)
    .option('--limit <number>', `so many of them, ${MAX_LIMIT} at most (default: 100)`, readNumber)
    .action(list)
    .addHelpText(...example('switches --remote --env production'));
}

/** Of the object. */
const MAX_LIMIT = 1000;

function readNumber(value: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(value)) throw new InvalidArgumentError('Write a whole number from 1 on.');
  return Number(value);
}

async function close(api: string | undefined, route: readonly string[], options: Options): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const chosen = chooseSwitch(api, route, options);
  checkSwitch(chosen, policy);
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
  const made = await makeChange(options, (by) => {
    const change = { action: 'close', ...chosen, status, by, why } as const;
    return options.for === undefined ? change : { ...change, forSeconds: options.for };
  });
  if (options.json) printJson({ ...made, ...chosen, status: isBlock ? null : status, why });
  else
    printApplied(made, {
      done: isBlock ? 'blocked' : 'closed',
      what: wordsOf(chosen),
      ...(!isBlock && { answer: status }),
      mayEnd: true,
      back: commandFor(`open ${argsOf(chosen)} --why …`, options),
    });
  if (!made.published) endWith(EXIT.failed);
}

function argsOf({ kind, target }: ReturnType<typeof chooseSwitch>): string {
  if (kind === 'client' || kind === 'key') return `--${kind}=${quoteWord(target)}`;
  const [api = '', ...rest] = target.split(' ');
  return kind === 'api' ? quoteWord(api) : `${quoteWord(api)} ${quoteWord(rest.join(' '))}`;
}

async function open(api: string | undefined, route: readonly string[], options: Options): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const chosen = chooseSwitch(api, route, options);
  const why = demandWhy(options);
  const made = await makeChange(options, (by) => ({ action: 'open', ...chosen, by, why }));
  // A deployment may have renamed what was closed: it can be opened still. Anything else is a slip.
  if (!made.changed) checkSwitch(chosen, policy);
  if (options.json) printJson({ ...made, ...chosen, why });
  else if (made.changed)
    printApplied(made, {
      done: 'opened',
      what: wordsOf(chosen),
      back: commandFor(`close ${argsOf(chosen)} --why …`, options),
    });
  else printLine(`no switch closes ${visible(wordsOf(chosen))}; claimgate switches lists what is closed`);
  if (!made.changed) endWith(EXIT.findings);
  else if (!made.published) endWith(EXIT.failed);
}

async function list(options: ListOptions): Promise<void> {
  const policy = policyOf(readPolicyFile(options.config), options.env);
  const { before, limit } = options;
  if (limit !== undefined && limit > MAX_LIMIT)
    throw new CommandError(`--limit is at most ${MAX_LIMIT}; the next page begins with --before`);
  const nameOf = (iss: string) => policy.issuers.find(({ issuer }) => issuer === iss)?.name ?? iss;
  const admin = await openAdmin(options);
  try {
    const { rows, next, published } = await admin.page({
      list: options.record ? 'record' : 'entries',
      ...(before !== undefined && { before }),
      ...(limit !== undefined && { limit }),
    });
    if (options.json) return printJson({ rows: rows.map(readWhat), next: next ?? null, published });
    if (!published) warn('KV has not taken the latest change yet; the object goes on trying');
    if (rows.length === 0)
      return printLine(options.record ? 'nothing was changed yet' : 'nothing is revoked, closed or blocked');
    if (options.record) printRecord(rows, nameOf);
    else printEntries(rows, nameOf);
    for (const { number, kind, target } of rows)
      if (!options.record && !isInPolicy(String(kind), String(target), policy))
        warn(
          `entry ${number} closes ${visible(String(target))}, which this policy does not have: it closes nothing`,
        );
    if (next !== undefined)
      note(
        `there are more: ${commandFor(`switches${options.record ? ' --record' : ''}${limit === undefined ? '' : ` --limit ${limit}`} --before ${next}`, options)}`,
      );
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
