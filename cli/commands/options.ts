/** How flags are read that several commands have. */
import { type Command, InvalidArgumentError } from 'commander';
import {
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  TOKEN_DIALECTS,
  type TokenDialect,
} from '../../issuer/src/records.ts';
import { suggest } from '../../src/policy/compile/fault.ts';
import { defaultConfig } from '../formats/find.ts';
import { CommandError } from '../text/terminal.ts';
import { parseDuration } from '../text/times.ts';

/** The options of commands that look at one policy. */
export interface PolicyOptions {
  readonly config: string;
  readonly module?: string;
  readonly env?: string;
  readonly json?: boolean;
}

/** A policy in code, of commands that show what a policy means. */
export const MODULE = [
  '--module <file>',
  'the module that exports the policy, where it is in code; bindings are those of --config',
] as const;

/**
 * The option that names wrangler's configuration. Where it is not given, it is the file that wrangler reads, found when
 * the command runs.
 */
export const withConfig = (command: Command, description: string): Command =>
  command
    .option('--config <file>', `${description} (default: the file that wrangler reads)`)
    .hook('preAction', takeWranglerConfig('config'));

const takeWranglerConfig = (option: string) => (_: Command, acting: Command) => {
  if (acting.getOptionValue(option) === undefined)
    acting.setOptionValueWithSource(option, defaultConfig(), 'default');
};

/** The same for `--gateway`. */
export const takeGatewayConfig = takeWranglerConfig('gateway');

export const withPolicy = (command: Command): Command =>
  withConfig(command, 'the policy')
    .option(...MODULE)
    .option('--env <name>', 'an environment of that file')
    .option('--json', 'print JSON');

/** The options of commands that look at the policies of all environments. @param formats text and json among them */
export const withEnvironments = (command: Command, formats: readonly string[]): Command =>
  command
    .option('--env <name>', 'only this environment (default: the top level and every environment)')
    .option('--format <format>', `how to print: ${formats.join(', ')} (default: text)`, readChoice(formats))
    .option('--json', 'print the findings as JSON');

/** Throws `CommandError` where `--json` and `--format` differ. */
export function formatOf<Format extends string>({ json, format }: { json?: boolean; format?: Format }) {
  if (json && format !== undefined && format !== 'json')
    throw new CommandError(`--json and --format ${format} exclude each other; leave one out`);
  return json ? 'json' : (format ?? 'text');
}

/** The end of `--help`. @param args behind `claimgate` */
export const example = (args: string) => ['after', `\nExample:\n  claimgate ${args}`] as const;

/** For flags that may be given more than once. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

export function readChoice<T extends string>(choices: readonly T[]) {
  return (value: string): T => {
    const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase());
    if (found === undefined)
      throw new InvalidArgumentError(`There is no such choice; ${suggest(value, choices)}`);
    return found;
  };
}

export const readAlgorithm: (value: string) => SigningAlgorithm = readChoice(SIGNING_ALGORITHMS);
export const readDialect: (value: string) => TokenDialect = readChoice(TOKEN_DIALECTS);

/** Seconds, or with a unit: `3600`, `60min`, `1h`, `30d`. */
export function readDuration(value: string): number {
  const seconds = parseDuration(value);
  if (seconds === undefined)
    throw new InvalidArgumentError('Write seconds, or a number with s, min, h or d, such as 1h.');
  return seconds;
}

/** `NAME=VALUE` pairs. */
export function readPair(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = value.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Write NAME=VALUE.');
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}

export const nowSeconds = () => Math.floor(Date.now() / 1000);
