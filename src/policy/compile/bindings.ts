import { closest, suggest } from './fault.ts';
import type { Faults } from './faults.ts';

/**
 * What the Worker is bound to, where that is known: the policy may then name nothing else. The check knows
 * wrangler.toml but no secrets; the running Worker knows its secrets, but not its routes.
 */
export interface Bindings {
  /** All that can fetch: services, static assets, private networks. */
  readonly services?: readonly string[];
  /** Bindings that can't, each with its kind: they lead to many Workers or objects. */
  readonly namespaces?: ReadonlyMap<string, string>;
  readonly certificates?: readonly string[];
  readonly rateLimits?: readonly string[];
  readonly secrets?: readonly string[];
  /** Patterns of the Worker's routes, such as `api.example.com/*`. */
  readonly workerRoutes?: readonly string[];
  /** The environment of wrangler.toml: it inherits no bindings. */
  readonly environment?: string | undefined;
}

/** Each kind's name, and the table and field of wrangler.toml that bind it. Secrets are not in the file. */
const KINDS = {
  services: ['service binding', 'services', 'binding'],
  certificates: ['mTLS certificate', 'mtls_certificates', 'binding'],
  rateLimits: ['rate limit', 'ratelimits', 'name'],
  secrets: ['secret', undefined, undefined],
} as const;

/** A name that nothing is bound to is a fault. @param at where it is named */
export function checkBinding(
  kind: keyof typeof KINDS,
  name: string | undefined,
  bindings: Bindings,
  at: Faults,
): void {
  const known = bindings[kind];
  if (name === undefined || known === undefined || known.includes(name)) return;
  const [what, table, field] = KINDS[kind];
  const quoted = JSON.stringify(name);
  const namespace = kind === 'services' && bindings.namespaces?.get(name);
  if (namespace) {
    at.add(
      `${quoted} is a ${namespace}: only what it leads to can be asked`,
      'bind a Worker of your own that picks one, as a service: docs/origins.md',
    );
    return;
  }
  const section = bindings.environment === undefined ? table : `env.${bindings.environment}.${table}`;
  const remedy =
    table === undefined
      ? `set it with \`npx wrangler secret put ${name}\`, or in .dev.vars on this machine`
      : closest(name, known) === undefined
        ? `add [[${section}]] with ${field} = ${quoted} to wrangler.toml`
        : suggest(name, known);
  at.add(`there is no ${what} ${quoted}`, remedy);
}
