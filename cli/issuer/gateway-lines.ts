/** Lines for the gateway's policy, for when the issuer alone can't stop tokens. */
import { defaultConfig } from '../formats/find.ts';
import { formatOf } from '../formats/formats.ts';
import { printLine } from '../text/terminal.ts';

/**
 * In the format of the gateway's configuration.
 *
 * @param environment the one that the command was given: an environment inherits no policy from the top level
 */
export function gatewayLines(
  environment: string | undefined,
  field: 'blocked_clients' | 'blocked_kids',
  value: string,
): string[] {
  const section = environment === undefined ? [] : ['env', environment];
  const table = {
    above: [],
    place: [...section, 'vars', 'GATEWAY'],
    lines: [{ name: field, value: [value] }],
  };
  return formatOf(defaultConfig(), '')
    .draft([], [table])
    .filter((line) => line !== '');
}

/** The sentence above those lines. */
export const gatewayAdvice = () =>
  `To refuse them at once, put this into the gateway's ${defaultConfig()} (into the list, if there is one already), and deploy it:`;

export function printGatewayLines(lines: readonly string[]): void {
  printLine(gatewayAdvice());
  printLine();
  for (const line of lines) printLine(`  ${line}`);
}
