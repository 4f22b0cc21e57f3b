/** A transmitter of security events, in words. */
import type { Transmitter } from '../../src/policy/policy.ts';
import { listed } from '../text/words.ts';

/** Who it is, and whose tokens it can have refused. */
export const signalWords = ({ name, signer, revokes }: Transmitter): string =>
  `${name} (${signer.issuer}), by which tokens of ${listed(revokes.map((one) => one.name))} are refused`;
