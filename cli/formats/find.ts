/**
 * Which file wrangler reads where it is told none: wrangler.json before wrangler.jsonc before wrangler.toml, each looked
 * for from the folder upwards, so that one further up comes before another kind in the folder itself (seen in wrangler
 * 4.155: packages/workers-utils/src/config/config-helpers.ts, `findWranglerConfig`).
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isTable, textOf } from '../text/json.ts';
import { CommandError } from '../text/terminal.ts';
import { CODE, FORMATS, parseConfig } from './formats.ts';

/** In wrangler's order. */
export const WRANGLER_NAMES: readonly string[] = [
  ...FORMATS.json.endings,
  ...FORMATS.jsonc.endings,
  ...FORMATS.toml.endings,
].map((ending) => `wrangler${ending}`);

/** Whether a name can only be that of a configuration's file. */
export const isConfigName = (name: string): boolean =>
  Object.values(FORMATS).some(({ endings }) => endings.some((ending) => name.toLowerCase().endsWith(ending)));

/** Where there is none, people are told of this one. */
const USUAL = 'wrangler.toml';

export interface Found {
  /** As seen from where the command runs. */
  readonly path: string;
  /** Those that wrangler would read, were it not for this one. */
  readonly unread: readonly string[];
}

/** @returns `undefined`: there is none */
export function findConfig(folder = '.'): Found | undefined {
  const found = WRANGLER_NAMES.flatMap((name) => findUpwards(folder, name) ?? []);
  const [first, ...others] = found;
  if (first === undefined) return undefined;
  const home = dirname(first);
  // Further up than the file itself, another Worker may live.
  const unread = others.filter((one) => dirname(one) === home || one.startsWith(home + sep));
  return { path: seen(first), unread: unread.map(seen) };
}

/** The file of a Worker in this very folder, by wrangler's order. */
export const configIn = (folder: string): string => {
  const paths = WRANGLER_NAMES.map((name) => join(folder, name));
  return paths.find(isFile) ?? join(folder, USUAL);
};

/** What `--config` is where nobody says it. */
export function defaultConfig(): string {
  const found = findConfig();
  if (found !== undefined) return found.path;
  return findCode('.') ?? USUAL;
}

export function findCode(folder: string): string | undefined {
  const code = findUpwards(folder, CODE);
  return code === undefined ? undefined : seen(code);
}

/** What to do where a file is missing: people may mean the one that is there. */
export function remedyFor(path: string): string {
  const beside = WRANGLER_NAMES.map((name) => join(dirname(path), name)).find(isFile);
  return beside === undefined || !WRANGLER_NAMES.includes(basename(path))
    ? 'name the file with --config'
    : `there is ${beside}: name that with --config, or leave --config out`;
}

const BUILDS = '.cloudflare/output';
const BUILD =
  'build it with `npx cf build`, or `npx wrangler build --experimental-new-config --experimental-cf-build-output`: claimgate reads what that writes';

/**
 * The file itself, but for `cloudflare.config.ts`: that is code, and what its last build has written is read. Throws
 * `CommandError` where there is no build, or the code was changed since.
 */
export function readableConfig(code: string): string {
  if (basename(code) !== CODE || !isFile(code)) return code;
  const output = join(dirname(code), BUILDS);
  const versions = isFolder(output) ? readdirSync(output).filter((name) => /^v[0-9]+$/.test(name)) : [];
  const paths = versions
    .sort((a, b) => Number(b.slice(1)) - Number(a.slice(1)))
    .map((version) => join(output, version, 'workers/default/worker.config.json'));
  const path = paths.find(isFile);
  if (path === undefined)
    throw new CommandError(`${seen(code)} is code, and there is no build of it; ${BUILD}`);
  if (statSync(code).mtimeMs > statSync(path).mtimeMs)
    throw new CommandError(`${seen(code)} was changed after its last build, ${seen(path)}; ${BUILD}`);
  return seen(path);
}

export interface Redirect {
  /** The file that says so. */
  readonly by: string;
  /** The file that is deployed. */
  readonly path: string;
}

/**
 * Build tools such as the Vite plugin write the configuration that `wrangler deploy` takes. Throws `CommandError` where
 * wrangler would refuse to deploy.
 */
export function findRedirect(folder = '.'): Redirect | undefined {
  const by = findUpwards(folder, '.wrangler/deploy/config.json');
  if (by === undefined) return undefined;
  const written = parseConfig(seen(by), readFileSync(by, 'utf8'));
  const named = isTable(written) ? textOf(written['configPath']) : undefined;
  if (named === undefined) throw new CommandError(`${seen(by)} has no configPath; build the project again`);
  const path = resolve(dirname(by), named);
  if (!isFile(path))
    throw new CommandError(`${seen(by)} names ${seen(path)}, which is not there; build the project again`);
  return { by: seen(by), path: seen(path) };
}

function findUpwards(folder: string, name: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const path = join(at, name);
    if (isFile(path)) return path;
    if (at === dirname(at)) return undefined;
  }
}

const seen = (path: string): string => relative('.', path);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
