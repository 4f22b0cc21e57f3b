/** `.dev.vars`, from which `wrangler dev` reads secrets. */
import { existsSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

/** The file that wrangler reads beside a configuration. */
export const devVarsBeside = (configPath: string, environment: string | undefined): string =>
  join(dirname(configPath), environment === undefined ? '.dev.vars' : `.dev.vars.${environment}`);

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

export const readDevVars = (path: string): Readonly<Record<string, string | undefined>> =>
  parseEnv(textOf(path));

/**
 * Sets or removes secrets; the rest of the file stays as it is.
 *
 * @param secrets by name; `undefined` removes one. Without `'` in them
 * @param configPath is touched: a running `wrangler dev` reads secrets again only when its configuration changes
 */
export function writeDevVars(
  path: string,
  secrets: Readonly<Record<string, string | undefined>>,
  configPath: string,
): void {
  let text = textOf(path);
  for (const [name, value] of Object.entries(secrets)) {
    const line = value === undefined ? '' : `${name}='${value}'\n`;
    const own = new RegExp(`^${name}=.*\\n?`, 'm');
    const separator = text === '' || text.endsWith('\n') ? '' : '\n';
    text = own.test(text) ? text.replace(own, () => line) : line === '' ? text : text + separator + line;
  }
  replaceFile(path, text);
  const now = new Date();
  utimesSync(configPath, now, now);
}

/** All or nothing, and for its owner only. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
