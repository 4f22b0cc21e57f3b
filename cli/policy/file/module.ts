/** A policy in code: the tables that a module of the Worker exports, for the tools that read those of a file. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Esbuild from 'esbuild';
import type { Format } from '../../formats/format.ts';
import { FORMATS } from '../../formats/formats.ts';
import { readText } from '../../text/files.ts';
import { isTable } from '../../text/json.ts';
import { CommandError } from '../../text/terminal.ts';
import { readCodePositions } from './code-positions.ts';
import { type PolicyFile, readPolicyFile, type Section } from './config.ts';

/** A module is read, and not written. */
const CODE: Format = {
  ...FORMATS.jsonc,
  title: 'code',
  positions: readCodePositions,
  say: (text) => text,
  edit: () => undefined,
};

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
    format: CODE,
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
  throw new CommandError(
    `a policy in code is bundled with what wrangler brings, and it is not installed here; npm install --save-dev wrangler`,
  );
}
