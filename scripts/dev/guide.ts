/** What `npm start` prints: who gets in where, and the tutorial as lines to paste. */
import { styleText } from 'node:util';
import { whoGetsInHere } from '../../cli/policy/words.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { CLIENT_FILE, type DevClient } from './set-up.ts';

interface Guide {
  /** Address of the console. */
  readonly page: string;
  readonly gateway: string;
  readonly issuer: string;
  readonly apiPort: number;
  readonly jobPort: number;
  readonly policy: Policy;
  readonly audience: string;
  readonly client: DevClient;
}

export function printGuide(guide: Guide): void {
  const { page, gateway, issuer, policy, audience } = guide;
  const isSample = policy.apis.some(({ routes }) =>
    routes.some((route) => route.audiences.includes(audience)),
  );
  const trusted = policy.issuers.some((one) => one.issuer === issuer);
  const lines = [
    '',
    bold(`Look at it: ${page}`),
    '',
    bold(`The gateway answers on ${gateway}, the issuer on ${issuer}`),
    '',
    ...routeTable(policy),
    '',
    ...(trusted ? [] : [`The policy does not trust ${issuer}: no token of the issuer passes.`, '']),
    ...(isSample && trusted ? tutorial(guide) : []),
    'Each log line has the name of its Worker. Ctrl-C ends everything.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The same as in docs/tutorial.md, which explains them. */
function tutorial({ gateway, issuer, apiPort, jobPort, audience }: Guide): string[] {
  const entry = `'{"user_id":"007","date":"2026-11-02T17:40:20.095Z","project":"StoreZero","hours":5}'`;
  const bearer = '-H "Authorization: Bearer $TOKEN"';
  return [
    bold('The client that was made for you:'),
    `. ${CLIENT_FILE}`,
    '',
    bold('Get a token:'),
    `TOKEN=$(curl -s ${issuer}oauth/token -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials -d audience=${audience} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    '',
    bold('Look into one, and see what the gateway says of it:'),
    `npx claimgate token $CLIENT_ID ${audience}`,
    '',
    bold('Upload a timesheet (201):'),
    `curl -i ${gateway}/timesheets/upload ${bearer} -H 'Content-Type: application/json' -d ${entry}`,
    '',
    bold('Read without the scope for it (403):'),
    `curl -i ${gateway}/timesheets ${bearer}`,
    '',
    bold('No token (401):'),
    `curl -i ${gateway}/timesheets`,
    '',
    bold('Go around the gateway, straight to the API, with forged headers (401):'),
    `curl -i http://localhost:${apiPort}/timesheets -H 'x-claim-iss: ${issuer}' -H 'x-claim-sub: admin'`,
    '',
    bold('Try all that an attacker would:'),
    `npx claimgate origin-test http://localhost:${apiPort}/timesheets --api API_TIMESHEETS --scope read:timesheets`,
    '',
    bold('Run the import job, and look at its report below (run it twice: no doubles):'),
    `curl http://localhost:${jobPort}/cdn-cgi/handler/scheduled`,
    '',
  ];
}

function routeTable(policy: Policy): string[] {
  const rows = policy.apis.flatMap((api) =>
    api.routes.map((route) => {
      const [method = '', path = ''] = route.key.split(/\s+/);
      return [method, path, whoGetsInHere(route)];
    }),
  );
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map(([method = '', path = '', who = '']) =>
    `  ${method.padEnd(width(0))}  ${path.padEnd(width(1))}  ${who}`.trimEnd(),
  );
}

const bold = (text: string) => styleText('bold', text, { stream: process.stdout });
