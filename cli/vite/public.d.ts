/** What `claimgate/vite` exports. The package ships this file. */
import type { Plugin } from 'vite';

export interface ClaimgateOptions {
  /**
   * The file with the policy, from Vite's root. Default: the one that `@cloudflare/vite-plugin` reads. Name it where
   * that plugin gets a `configPath`, or where the gateway is one of its `auxiliaryWorkers`.
   */
  readonly config?: string;
  /** Warnings fail the build too. Default: false. */
  readonly strict?: boolean;
  /** Whether what is built will be deployed: URLs of this machine are errors then. Default: true. */
  readonly deploy?: boolean;
}

/**
 * Checks the policy in Vite, which does not run `[build]` of the wrangler configuration. `vite build` fails where the
 * policy has errors; `vite dev` prints them, at its start and when the file changes.
 */
export declare function claimgate(options?: ClaimgateOptions): Plugin;
