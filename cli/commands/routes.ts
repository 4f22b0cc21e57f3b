/** `claimgate routes`: who gets in where, and what the origin gets. */
import type { Command } from 'commander';
import { suggest } from '../../src/policy/compile/fault.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policyOf } from '../policy/file/config.ts';
import { readPolicy } from '../policy/file/module.ts';
import { renderDot } from '../policy/routes/dot.ts';
import { renderJson } from '../policy/routes/json.ts';
import { renderOpenApi, titleOf } from '../policy/routes/openapi.ts';
import { type ApiEntry, routeTable } from '../policy/routes/table.ts';
import { renderMarkdown, renderText } from '../policy/routes/text.ts';
import { CommandError, printJson, printLine } from '../text/terminal.ts';
import { type PolicyOptions, readChoice, withPolicy } from './options.ts';

const FORMATS = ['table', 'markdown', 'dot', 'openapi'] as const;
type Format = (typeof FORMATS)[number];

interface Options extends PolicyOptions {
  readonly format: Format;
  readonly api?: string;
}

export function addRoutesCommand(program: Command): void {
  withPolicy(program.command('routes [path]'))
    .description('show the route table: who gets in, and what the origin gets')
    .option('--format <format>', FORMATS.join(', '), readChoice(FORMATS), 'table')
    .option('--api <name>', 'one API only')
    .addHelpText(
      'after',
      '\nThe path is one that routes serve, or a part of theirs.\n\nExamples:\n  claimgate routes /timesheets\n  claimgate routes --format openapi --env production > openapi.json',
    )
    .action(run);
}

async function run(path: string | undefined, options: Options): Promise<void> {
  const { format, api, json, env } = options;
  const policy = policyOf(await readPolicy(options), env);
  const apis = routeTable(policy, path, api === undefined ? undefined : knownApi(policy, api));
  if (apis.length === 0) throw new CommandError(`no route has ${path ?? ''}; claimgate routes lists all`);
  if (json) printJson(renderJson(apis));
  else if (format === 'openapi') printJson(renderOpenApi(apis, titleOf(apis)));
  else for (const line of RENDER[format](apis)) printLine(line);
}

const RENDER: Readonly<Record<Exclude<Format, 'openapi'>, (apis: readonly ApiEntry[]) => string[]>> = {
  table: renderText,
  markdown: renderMarkdown,
  dot: renderDot,
};

function knownApi({ apis }: Policy, name: string): string {
  const names = apis.map((one) => one.name);
  if (names.includes(name)) return name;
  throw new CommandError(`there is no API ${JSON.stringify(name)}; ${suggest(name, names)}`);
}
