/** How commands of the issuer say what they did. */
import { printGatewayLines } from '../issuer/gateway-lines.ts';
import type { Outcome } from '../issuer/outcome.ts';
import { paint, printFields, printJson, printLine, warn } from '../text/terminal.ts';

export function printOutcome(outcome: Outcome, { json }: { readonly json?: boolean }): void {
  const { said, credentials, gateway, next = [], notes = [] } = outcome;
  if (json) printJson(outcome.json);
  else {
    for (const line of said) printLine(line);
    if (credentials !== undefined) printCredentials(credentials);
    if (gateway !== undefined) printGatewayLines(gateway);
    for (const line of next) printLine(line);
  }
  for (const note of notes) warn(note);
}

function printCredentials({ client_id, client_secret }: NonNullable<Outcome['credentials']>): void {
  const shownOnce = `${client_secret}   ${paint('dim', '(shown once; only its hash is kept)')}`;
  printFields([
    ['client_id', client_id],
    ...(client_secret === undefined ? [] : [['client_secret', shownOnce] as const]),
  ]);
}
