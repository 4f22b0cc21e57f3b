/** The command that does what the issuer's pages do. Used by the server and in the page, before and after. */
import { quoteWord } from '../text/shell.ts';

/** By path, which is the command's words: the members of the body that are arguments; all others are flags. */
const ISSUER_COMMANDS = {
  'api/create': ['identifier'],
  'api/update': ['identifier'],
  'api/delete': ['identifier'],
  'client/create': ['name'],
  'client/enable': ['client'],
  'client/disable': ['client'],
  'client/delete': ['client'],
  'client/grant': ['client', 'audience'],
  'client/ungrant': ['client', 'audience'],
  'client/secret/add': ['client'],
  'client/secret/remove': ['client', 'id'],
  'client/key/remove': ['client', 'id'],
  'keys/rotate': [],
  'keys/revoke': ['kid'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type IssuerAction = keyof typeof ISSUER_COMMANDS;

export const ISSUER_ACTIONS = Object.keys(ISSUER_COMMANDS) as IssuerAction[];

/**
 * @param body as it is sent
 * @param placeFlags flags and values that say where the issuer is
 */
export function issuerCommand(action: IssuerAction, body: object, placeFlags: readonly string[]): string {
  const names: readonly string[] = ISSUER_COMMANDS[action];
  const members = new Map<string, unknown>(Object.entries(body));
  const args = names.map((name) => String(members.get(name) ?? ''));
  const flags = [...members].filter(([name]) => !names.includes(name)).flatMap(flagsOf);
  const words = [
    'claimgate',
    ...action.split('/'),
    // Before the others: what follows `--` is arguments.
    ...(args.some((arg) => arg.startsWith('-')) ? [...flags, ...placeFlags, '--', ...args] : args),
    ...(args.some((arg) => arg.startsWith('-')) ? [] : [...flags, ...placeFlags]),
  ];
  return words.map(quoteWord).join(' ');
}

function flagsOf([name, value]: [string, unknown]): string[] {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === undefined) return [];
  if (typeof value === 'boolean') return value ? [flag] : name === 'secret' ? ['--no-secret'] : [];
  if (Array.isArray(value)) return value.flatMap((one) => withValue(flag, String(one)));
  if (typeof value === 'object')
    return Object.entries(value ?? {}).flatMap(([key, one]) => withValue(flag, `${key}=${one}`));
  return withValue(flag, String(value));
}

/** What begins like a flag must not become one. */
const withValue = (flag: string, value: string) =>
  value.startsWith('-') ? [`${flag}=${value}`] : [flag, value];
