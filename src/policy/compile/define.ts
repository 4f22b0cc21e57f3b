import type { ApiConfig, ExtensionConfig, IssuerConfig, SettingsConfig } from './schema.ts';

/** The policy in code: the tables that would stand under `[vars]`. docs/policy.md has every field. */
export type PolicyTables = {
  readonly GATEWAY?: SettingsConfig;
  readonly ISSUERS: Readonly<Record<string, IssuerConfig>>;
  readonly [api: `API_${string}`]: ApiConfig | ExtensionConfig;
};

/**
 * Gives a policy in code its types: editors complete its fields, and a misspelt one is an error of the compiler.
 * `claimgate check --module` finds the rest.
 */
export const definePolicy = (policy: PolicyTables): PolicyTables => policy;
