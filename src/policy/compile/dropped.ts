/** `drop_headers`: what clients send, and origins don't get. */
import { isNeverPassed, normaliseHeaderName } from '../headers.ts';
import type { Faults } from './faults.ts';
import type { ApiConfig } from './schema.ts';

/** The names that the origin of an API does not get from clients: those it sets itself, and `drop_headers`. */
export function compileDropped(
  { drop_headers: own = [], origin_headers: set = {} }: Partial<ApiConfig>,
  shared: readonly string[],
  at: Faults,
): ReadonlySet<string> {
  checkDropped(own, at);
  const names = Object.keys(set).map(normaliseHeaderName);
  return new Set([
    ...names.filter((name) => !name.startsWith('x-')),
    ...[...own, ...shared].map(normaliseHeaderName),
  ]);
}

/** Requests would break without some, and others have a field of their own. */
export function checkDropped(names: readonly string[], at: Faults): void {
  for (const [i, name] of names.entries()) {
    const normalised = normaliseHeaderName(name);
    if (normalised === 'authorization')
      at.at(i).add(
        'Authorization has a field of its own',
        'remove it, and write forward_authorization = false',
      );
    else if (name.includes('*'))
      at.at(i).add(`${name} drops no header: there is no * in names`, 'name each header');
    else if (isNeverPassed(normalised)) at.at(i).add(`${name} is never sent on`, 'remove it');
    else if (NEEDED.test(normalised)) at.at(i).add(`requests can't be read without ${name}`, 'remove it');
  }
}

const NEEDED = /^(host|content-(length|type|encoding)|sec-websocket-.*)$/;
