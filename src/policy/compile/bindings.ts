import { closest, suggest } from './fault.ts';
import type { Faults } from './faults.ts';

/**
 * What the Worker is bound to, where that is known: the policy may then name nothing else. The check knows
 * wrangler.toml but no secrets; the running Worker knows its secrets, but not its routes.
 */
export interface Bindings {
  readonly services?: readonly string[];
  readonly certificates?: readonly string[];
  readonly rateLimits?: readonly string[];
  readonly secrets?: readonly string[];
  /** Patterns of the Worker's routes, such as `api.example.com/*`. */
  readonly workerRoutes?: readonly string[];
}

type Kind = 'services' | 'certificates' | 'rateLimits' | 'secrets';

const WORDS: Readonly<Record<Kind, { what: string; remedy: (name: string) => string }>> = {
  services: {
    what: 'service binding',
    remedy: (name) => `add [[services]] with binding = ${JSON.stringify(name)} to wrangler.toml`,
  },
  certificates: {
    what: 'mTLS certificate',
    remedy: (name) => `add [[mtls_certificates]] with binding = ${JSON.stringify(name)} to wrangler.toml`,
  },
  rateLimits: {
    what: 'rate limit',
    remedy: (name) => `add [[ratelimits]] with name = ${JSON.stringify(name)} to wrangler.toml`,
  },
  secrets: {
    what: 'secret',
    remedy: (name) => `set it with \`npx wrangler secret put ${name}\`, or in .dev.vars on this machine`,
  },
};

/** A name that nothing is bound to is a fault. @param at where it is named */
export function checkBinding(kind: Kind, name: string | undefined, bindings: Bindings, at: Faults): void {
  const known = bindings[kind];
  if (name === undefined || known === undefined || known.includes(name)) return;
  const { what, remedy } = WORDS[kind];
  const near = kind === 'secrets' ? undefined : closest(name, known);
  at.add(
    `there is no ${what} ${JSON.stringify(name)}`,
    near === undefined ? remedy(name) : suggest(name, known),
  );
}
