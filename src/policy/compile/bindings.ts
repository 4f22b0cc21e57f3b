import { closest, suggest } from './fault.ts';
import type { Faults } from './faults.ts';

/**
 * What the Worker is bound to, where that is known: the policy may then name nothing else. The check knows
 * wrangler.toml but no secrets; the running Worker knows its secrets, but not its routes.
 */
export interface Bindings {
  /** All that can fetch: services, static assets, private networks. */
  readonly services?: readonly string[];
  readonly certificates?: readonly string[];
  readonly rateLimits?: readonly string[];
  readonly secrets?: readonly string[];
  /** Namespaces of Durable Objects. */
  readonly objects?: readonly string[];
  /** KV namespaces. */
  readonly namespaces?: readonly string[];
  /** Patterns of the Worker's routes, such as `api.example.com/*`. */
  readonly workerRoutes?: readonly string[];
  /** Whether the Worker has handlers of its own behind the gateway. */
  readonly next?: boolean;
  /** What is to be said of a missing one, by who knows more than its name. */
  readonly reword?: (
    kind: Kind,
    name: string,
    problem: string,
    remedy: string,
  ) => readonly [problem: string, remedy: string];
}

/** Each kind's name, and the table and field of wrangler.toml that bind it. Secrets are not in the file. */
const KINDS = {
  services: ['service binding', 'services', 'binding'],
  certificates: ['mTLS certificate', 'mtls_certificates', 'binding'],
  rateLimits: ['rate limit', 'ratelimits', 'name'],
  objects: ['Durable Object', 'durable_objects.bindings', 'name'],
  namespaces: ['KV namespace', 'kv_namespaces', 'binding'],
  secrets: ['secret', undefined, undefined],
} as const;

type Kind = keyof typeof KINDS;

/** It leads to many Workers or objects, and which of them a request is for is a program's choice. */
export const namespaceFault = (name: string, kind: string) =>
  [
    `${JSON.stringify(name)} is a ${kind}: only what it leads to can be asked`,
    'bind a Worker of your own that picks one, as a service: docs/origins.md',
  ] as const;

/** A name that nothing is bound to is a fault. @param at where it is named */
export function checkBinding(kind: Kind, name: string | undefined, bindings: Bindings, at: Faults): void {
  const known = bindings[kind];
  if (name === undefined || known === undefined || known.includes(name)) return;
  const [what, table, field] = KINDS[kind];
  const quoted = JSON.stringify(name);
  const remedy =
    table === undefined
      ? `set it with \`npx wrangler secret put ${name}\`, or in .dev.vars on this machine`
      : closest(name, known) === undefined
        ? `add [[${table}]] with ${field} = ${quoted} to wrangler.toml`
        : suggest(name, known);
  const problem = `there is no ${what} ${quoted}`;
  at.add(...(bindings.reword?.(kind, name, problem, remedy) ?? ([problem, remedy] as const)));
}
