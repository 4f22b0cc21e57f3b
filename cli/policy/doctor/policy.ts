/** The policy that `claimgate doctor` judges an issuer and a token by. */
import { formatFault } from '../../../src/policy/compile/fault.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { CommandError } from '../../text/terminal.ts';
import { compileSection } from '../file/config.ts';

/**
 * One that trusts this issuer alone, for an issuer that no policy has yet. Throws `CommandError` where the issuer can
 * be none.
 *
 * @param audience `undefined`: nobody has said for whom its tokens are
 */
export function policyFor(issuer: string, audience: string | undefined): Policy {
  const compiled = compileSection({
    vars: {
      ISSUERS: { asked: { issuer } },
      API_ASKED: {
        origin: 'https://origin.example',
        audience: audience ?? 'any',
        routes: { '* /*': {} },
      },
    },
  });
  if (compiled.ok) return compiled.policy;
  throw new CommandError(
    `this issuer or audience can't be judged:${compiled.faults.map((one) => `\n  ${formatFault(one)}`).join('')}`,
  );
}
