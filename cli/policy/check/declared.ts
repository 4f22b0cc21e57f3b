/** Reads the issuer beside the gateway: its APIs in `issuer.json`, and its name in its configuration. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Issuer } from '../../../src/policy/policy.ts';
import { configIn } from '../../formats/find.ts';
import { parseConfig } from '../../formats/formats.ts';
import { CommandError } from '../../text/terminal.ts';

export interface Declared {
  /** The file that has the APIs. */
  readonly file: string;
  /** The `iss` of its tokens, in each environment; empty where that is not known. */
  readonly issuers: readonly string[];
  readonly apis: readonly { readonly identifier: string; readonly scopes: readonly string[] }[];
}

/**
 * Looks for `issuer.json` beside the policy and in the folder `issuer` there. One that was not named counts only where
 * it is known whose it is.
 *
 * @param file the one to take; throws `CommandError` where it can't be read
 */
export async function findDeclared(
  policyPath: string,
  file: string | undefined,
): Promise<Declared | undefined> {
  const folder = dirname(policyPath);
  if (file !== undefined) return read(folder, file);
  for (const path of [join(folder, 'issuer.json'), join(folder, 'issuer/issuer.json')]) {
    if (!existsSync(path)) continue;
    const declared = await read(folder, path).catch(ignoreUnreadable);
    if (declared !== undefined && declared.issuers.length > 0) return declared;
  }
  return undefined;
}

async function read(folder: string, path: string): Promise<Declared> {
  const { readDeclaration } = await import('../../issuer/declaration.ts');
  const { apis } = readDeclaration(path);
  return {
    file: path,
    issuers: issuersIn([configIn(join(folder, 'issuer')), configIn(dirname(path))]),
    apis: apis.map(({ identifier, scopes }) => ({ identifier, scopes: scopes.map(({ value }) => value) })),
  };
}

/** A file of that name may be anything: the policy's check must not stop at it. */
function ignoreUnreadable(error: unknown): undefined {
  if (!(error instanceof CommandError)) throw error;
}

/** Files that can't be read name no issuer. */
function issuersIn(paths: readonly string[]): string[] {
  const found = new Set<unknown>();
  for (const path of new Set(paths)) {
    try {
      const config = parseConfig(path, readFileSync(path, 'utf8')) as {
        vars?: { ISSUER?: unknown };
        env?: Record<string, { vars?: { ISSUER?: unknown } }>;
      };
      for (const section of [config, ...Object.values(config.env ?? {})]) found.add(section.vars?.ISSUER);
    } catch {}
  }
  return [...found].filter((issuer) => typeof issuer === 'string');
}

/** Whether the file says all about the tokens of these issuers. */
export function knowsAll({ issuers: own }: Declared, issuers: Iterable<Issuer>): boolean {
  const all = [...issuers];
  return own.length === 0 ? all.length === 1 : all.every(({ issuer }) => own.includes(issuer));
}
