/** The commands, their arguments and flags. */
import type { Command } from 'commander';
import { createProgram } from '../../cli/program.ts';

export const commandLines = (): string[] => linesOf(createProgram(process), '');

function linesOf(command: Command, around: string): string[] {
  const name = `${around}${command.name()}`;
  const takes = command.registeredArguments.map((one) =>
    one.required ? ` <${one.name()}>` : ` [${one.name()}]`,
  );
  return [
    ...(command.commands.length === 0 ? [`${name}${takes.join('')}`] : []),
    ...command.options.filter(({ hidden }) => !hidden).map(({ flags }) => `${name} ${flags}`),
    ...command.commands.flatMap((inner) => linesOf(inner, `${name} `)),
  ];
}
