/** Checks `revocation` of GATEWAY and of routes: nothing of it may be asked for and missing. */
import type { Api, Issuer, Policy, Settings } from '../policy.ts';
import { type Bindings, checkBinding } from './bindings.ts';
import type { Faults } from './faults.ts';

/** The KV namespace that revocations are published in, beside the keys of issuers. */
const STORE = 'KEYS';

const NO_WRITER = [
  'there is no Durable Object that keeps revocations',
  'add revocation = "REVOCATIONS" to [vars.GATEWAY]: docs/revocation.md',
] as const;

interface Whole {
  readonly settings: Settings;
  readonly apis: readonly Api[];
  readonly issuers: readonly Issuer[];
  readonly bindings: Bindings;
  /** Of security events. */
  readonly transmitters: Policy['transmitters'];
}

/** What is only seen in the whole policy. @param root of all tables */
export function checkRevocation(
  { settings, apis, issuers, bindings, transmitters }: Whole,
  root: Faults,
): void {
  const at = root.at('GATEWAY', 'revocation');
  if (settings.revocation === undefined) {
    for (const { name, routes } of apis)
      for (const { key, isStrict } of routes)
        if (isStrict) root.at(name, 'routes', key, 'revocation').add(...NO_WRITER);
    if (transmitters.length > 0) root.at('GATEWAY', 'signals').add(...NO_WRITER);
    return;
  }
  checkBinding('objects', settings.revocation, bindings, at);
  checkBinding('namespaces', STORE, bindings, at);
  for (const { variable, name, maxTokenAgeSeconds } of issuers)
    if (maxTokenAgeSeconds === undefined)
      root
        .at(variable, name, 'max_token_age')
        .add(
          `revocation needs to know how long tokens live, and ${name} has no max_token_age`,
          'add it, in seconds: the longest lifetime of its access tokens, such as 86400',
        );
}
