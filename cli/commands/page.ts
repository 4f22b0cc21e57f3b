/** `claimgate page`: the policy as one file to look at. */
import type { Command } from 'commander';
import { printRaw } from '../text/terminal.ts';
import { MODULE, type PolicyOptions, withConfig } from './options.ts';

interface Options extends PolicyOptions {
  readonly against?: string;
}

export function addPageCommand(program: Command): void {
  withConfig(program.command('page'), 'the policy')
    .description('print the policy as one HTML file: who gets in, what a request meets, what changed')
    .option(...MODULE)
    .option('--env <name>', 'only this environment (default: all that have a policy)')
    .option('--against <side>', 'also what changed since this file or revision, as `diff` takes it')
    .addHelpText(
      'after',
      '\nThe file needs no server and asks nobody. It has no secret of the policy, and what is typed into it stays there.\n\nExample:\n  claimgate page > policy.html\n  claimgate page --against main > policy.html',
    )
    .action(run);
}

async function run({ config, module, env, against }: Options): Promise<void> {
  const { readPolicy } = await import('../policy/file/module.ts');
  const { environmentsOf } = await import('../policy/file/config.ts');
  const { collectPage } = await import('../page/collect.ts');
  const { renderPage } = await import('../page/html.ts');
  const { pageParts } = await import('../page/bundle.ts');
  const file = await readPolicy({ config, module });
  const old = against === undefined ? undefined : await readOld(against, config);
  const data = await collectPage({
    ...{ file, old, nowMs: Date.now() },
    environments: env === undefined ? environmentsOf(file) : [env || undefined],
  });
  printRaw(renderPage(data, await pageParts()));
}

async function readOld(against: string, config: string) {
  const { readSides } = await import('../policy/diff/sides.ts');
  return (await readSides(against, undefined, config, process.env)).old;
}
