/** The check as a plugin of Vite: with `@cloudflare/vite-plugin`, `[build]` of the wrangler configuration never runs. */
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { ResolvedConfig } from 'vite';
import { checkPolicy } from '../policy/check/check.ts';
import { findDeclared } from '../policy/check/declared.ts';
import { renderText } from '../policy/check/reports/text.ts';
import { readPolicyFile } from '../policy/file/config.ts';
import { readSource } from '../policy/file/source.ts';
import type * as api from './public.d.ts';

/** In this order (seen in @cloudflare/vite-plugin 1.64, `findWranglerConfig`). wrangler itself looks for `.json` first. */
const FILES = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml'];

interface Target {
  readonly path: string;
  /** Empty: the top level. */
  readonly environment: string;
}

export const claimgate: typeof api.claimgate = (options = {}) => {
  let config: ResolvedConfig;
  let first: string | undefined;
  return {
    name: 'claimgate',
    configResolved(resolved) {
      config = resolved;
    },
    async buildStart() {
      if (config.command !== 'build') return;
      // A project has several environments, client and Worker, and is built once for each.
      const { name } = this.environment;
      first ??= name;
      if (name !== first) return;
      const target = await findTarget(config, options);
      this.addWatchFile(target.path);
      const { text, isBad } = await check(target, config.root, options, options.deploy !== false);
      if (isBad) this.error(`the policy can't be built\n\n${text}\n`);
      config.logger.info(text);
    },
    async configureServer({ watcher }) {
      const print = async () => {
        try {
          const target = await findTarget(config, options);
          watcher.add(target.path);
          const { text, isBad } = await check(target, config.root, options, false);
          if (isBad) config.logger.error(`${text}\n`);
          else config.logger.info(text);
          return target.path;
        } catch (error) {
          config.logger.error(`claimgate: ${error instanceof Error ? error.message : error}`);
          return undefined;
        }
      };
      const path = await print();
      watcher.on('change', (changed) => {
        if (path !== undefined && resolve(changed) === path) void print();
      });
    },
  };
};

/**
 * The file and the environment that `@cloudflare/vite-plugin` takes: it reads variables that begin with `CLOUDFLARE_`
 * as Vite does, from the process and from `.env` files of the mode.
 */
async function findTarget({ root, mode }: ResolvedConfig, { config }: api.ClaimgateOptions): Promise<Target> {
  const { loadEnv } = await import('vite');
  const env = loadEnv(mode, root, 'CLOUDFLARE_');
  const named = config ?? env['CLOUDFLARE_VITE_WRANGLER_CONFIG_PATH'];
  const path = (named === undefined ? FILES : [named])
    .map((name) => resolve(root, name))
    .find((file) => existsSync(file));
  if (path === undefined)
    throw new Error(
      `there is no ${named ?? FILES.join(', ')} in ${root}; name the file with the policy: claimgate({ config: "…" })`,
    );
  return { path, environment: env['CLOUDFLARE_ENV'] ?? '' };
}

async function check(
  { path, environment }: Target,
  root: string,
  { strict = false }: api.ClaimgateOptions,
  isDeployed: boolean,
): Promise<{ text: string; isBad: boolean }> {
  const file = { ...readPolicyFile(path), path: relative(root, path) };
  const results = checkPolicy(file, {
    environments: [environment || undefined],
    facts: { declared: await findDeclared(path, undefined), deployed: isDeployed ? 'yes' : undefined },
  });
  const isBad = results.some(({ faults, warnings }) => faults.length > 0 || (strict && warnings.length > 0));
  return { text: renderText({ file, source: () => readSource(file), results }), isBad };
}
