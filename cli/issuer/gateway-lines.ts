/** Lines for the gateway's policy, for when the issuer alone can't stop tokens. */
import { printLine } from '../text/terminal.ts';

/**
 * @param environment the one that the command was given: an environment inherits no policy from the top level
 */
export function gatewayLines(
  environment: string | undefined,
  field: 'blocked_clients' | 'blocked_kids',
  value: string,
): string[] {
  const table = environment === undefined ? 'vars.GATEWAY' : `env.${environment}.vars.GATEWAY`;
  return [`[${table}]`, `${field} = [${JSON.stringify(value)}]`];
}

export function printGatewayLines(lines: readonly string[]): void {
  printLine(
    "To refuse them at once, put this into the gateway's wrangler.toml (into the list, if there is one already), and deploy it:",
  );
  printLine();
  for (const line of lines) printLine(`  ${line}`);
}
