/** A policy in code: the tables that a module of the Worker exports, for the tools that read those of a file. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Esbuild from 'esbuild';
import type { Place } from '../../../src/policy/compile/fault.ts';
import { readText } from '../../text/files.ts';
import { isTable } from '../../text/json.ts';
import { type Region, splitLines } from '../../text/snippet.ts';
import { CommandError } from '../../text/terminal.ts';
import { type PolicyFile, readPolicyFile, type Section } from './config.ts';
import type { FileComment, Positions } from './positions.ts';

/** The policy that a command looks at. @param module exports it in place of the tables of the file */
export async function readPolicy({
  config,
  module,
}: {
  readonly config: string;
  readonly module?: string | undefined;
}): Promise<PolicyFile> {
  return module === undefined ? readPolicyFile(config) : readModule(module, config);
}

/**
 * Reads a module's policy as one of a file: in every environment, with the bindings and routes that the file has there.
 * The module is run, on Node. Throws `CommandError` where that can't be, or nothing in it is a policy.
 *
 * @param config the wrangler.toml of the Worker
 */
export async function readModule(path: string, config: string): Promise<PolicyFile> {
  const text = readText(path, 'name the module that exports the policy');
  const file = readPolicyFile(config);
  const policy = await policyIn(path);
  const inCode = (section: Section): Section => ({
    ...section,
    vars: { ...withoutTables(section.vars), ...policy },
    policyInCode: true,
  });
  const env = Object.entries(file.config.env ?? {}).map(([name, section]) => [name, inCode(section)]);
  return {
    path,
    text,
    config: {
      ...file.config,
      ...inCode(file.config),
      ...(env.length > 0 && { env: Object.fromEntries(env) }),
    },
    positions: findPositions(text),
  };
}

/** Other variables stay. */
const withoutTables = (vars: Section['vars'] = {}) =>
  Object.fromEntries(Object.entries(vars).filter(([, value]) => !isTable(value)));

/** The default export, or `policy`. */
async function policyIn(path: string): Promise<Record<string, unknown>> {
  const exported = await load(path);
  const policy = exported['default'] ?? exported['policy'];
  if (isTable(policy) && Object.hasOwn(policy, 'ISSUERS')) return policy;
  const names = Object.keys(exported);
  throw new CommandError(
    `${path} exports no policy${names.length > 0 ? ` (only ${names.join(', ')})` : ''}; write export default definePolicy({ … }), or export const policy`,
  );
}

async function load(path: string): Promise<Record<string, unknown>> {
  const { build } = findEsbuild(path);
  const platformOnly: string[] = [];
  const bundled = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    logLevel: 'silent',
    plugins: [refusePlatform(platformOnly)],
  }).catch((error: Esbuild.BuildFailure) => {
    const [first] = error.errors ?? [];
    const at = first?.location ? `${first.location.file}:${first.location.line}: ` : '';
    throw new CommandError(`${path} can't be read: ${at}${first?.text ?? error.message}; mend it`);
  });
  const [importer] = platformOnly;
  if (importer !== undefined)
    throw new CommandError(
      `${importer}, which is there in a Worker only; keep the policy in a module that imports nothing of the platform`,
    );
  try {
    const code = Buffer.from(bundled.outputFiles[0]?.contents ?? []).toString('base64');
    return (await import(`data:text/javascript;base64,${code}`)) as Record<string, unknown>;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: 'error', message: String(error) };
    throw new CommandError(`${path} fails when it is run (${name}: ${message}); mend it`);
  }
}

/** Node has no such modules. @param found gets a sentence for each import of one */
const refusePlatform = (found: string[]): Esbuild.Plugin => ({
  name: 'platform',
  setup(build) {
    build.onResolve({ filter: /^cloudflare:/ }, ({ path, importer }) => {
      found.push(`${relativeTo(importer)} imports ${path}`);
      return { path, external: true };
    });
  },
});

const relativeTo = (file: string) => file.replace(`${process.cwd()}/`, '');

/** wrangler bundles with it, so that it is where wrangler is. */
function findEsbuild(path: string): typeof Esbuild {
  for (const from of [resolve(path), import.meta.filename]) {
    try {
      const wrangler = createRequire(pathToFileURL(from)).resolve('wrangler/package.json');
      return createRequire(wrangler)('esbuild') as typeof Esbuild;
    } catch {
      // the next place
    }
  }
  const install = existsSync(join(dirname(path), 'package.json')) ? '' : ' in the project';
  throw new CommandError(
    `a policy in code is bundled with what wrangler brings, and it is not installed here; npm install --save-dev wrangler${install}`,
  );
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The slashes of a URL have no blank before them. */
const COMMENT = /(?<=^|\s)(?:\/\/.*$|\/\*[\s\S]*?\*\/)/gm;

const START: Region = { line: 1, column: 1, endLine: 1, endColumn: 1 };

/**
 * Finds places by their names, one behind the other, as they stand in a literal. A policy that is computed has them
 * elsewhere, or not at all: then the last name that was found counts.
 */
function findPositions(text: string): Positions {
  const lines = splitLines(text);
  const code = text.replace(COMMENT, (comment) => comment.replace(/[^\r\n]/g, ' '));
  const starts: number[] = [0];
  for (const line of lines) starts.push((starts.at(-1) ?? 0) + line.length + (text.includes('\r\n') ? 2 : 1));
  const regionAt = (index: number, length: number): Region => {
    const line = starts.findLastIndex((start) => start <= index) + 1;
    const column = index - (starts[line - 1] ?? 0) + 1;
    return { line, column, endLine: line, endColumn: column + length };
  };
  return {
    // Values are covered as those of a file that can't be read.
    readable: false,
    regionOf(path) {
      let found: Region | undefined;
      let from = 0;
      for (const name of namesIn(path)) {
        const match = new RegExp(`(?<![\\w$])(["'\`]?)${escaped(name)}\\1(?=\\s*[:,}])`, 'g');
        match.lastIndex = from;
        const hit = match.exec(code);
        if (hit === null) continue;
        found = regionAt(hit.index, hit[0].length);
        from = hit.index + hit[0].length;
      }
      return found ?? START;
    },
    comments: lines.flatMap((line, i): FileComment[] => {
      const [, before = '', comment] = /^(.*?\/\/)(\s*claimgate:.*)$/.exec(line) ?? [];
      if (comment === undefined) return [];
      return [
        { line: i + 1, text: comment, region: regionAt((starts[i] ?? 0) + before.length, comment.length) },
      ];
    }),
    strings: [],
  };
}

/** The names behind `vars`; a place elsewhere is in the file of wrangler. */
function namesIn(path: Place): string[] {
  const at = path.indexOf('vars');
  return at === -1 ? [] : path.slice(at + 1).filter((part) => typeof part === 'string');
}
