/** No shapes here, but the issuer itself: its tokens, through the service binding that the page names. */
import {
  addApi,
  addClient,
  makeAssertion,
  makeAssertionKey,
  makeIssuer,
  TOKEN_ISSUER,
  usualRequest,
} from '../../support/token-issuer.ts';
import type { IssuerCase } from '../sample.ts';

const PAYROLL = 'https://api.example.com/payroll';
const RFC_9068 = 'https://api.example.com/timesheets/rfc9068';
const request = 'POST /timesheets/upload';

export async function own(): Promise<IssuerCase> {
  const usual = await addApi();
  await addApi({ identifier: PAYROLL });
  await addApi({ identifier: RFC_9068, token_dialect: 'rfc9068_profile' });
  const grants = [usual.identifier, PAYROLL, RFC_9068].map((audience) => [audience, { scope: '*' as const }]);
  const client = await addClient({ grants: Object.fromEntries(grants) });
  const issuer = await makeIssuer();
  const other = await makeIssuer({ env: { ISSUER: 'https://other.example.com/' } });
  const assertionKey = await makeAssertionKey();

  async function token(parameters: Record<string, string> = {}, from = issuer): Promise<string> {
    const response = await from.post(usualRequest(client, parameters));
    return ((await response.json()) as { access_token: string }).access_token;
  }

  return {
    section: 'The issuer of this project',
    documents: {},
    env: { ISSUER: { fetch: (url: string, init: RequestInit) => issuer.app.fetch(new Request(url, init)) } },
    passes: {
      'a client': {
        request,
        token: await token(),
        asked: [],
        forwarded: {
          'x-claim-iss': TOKEN_ISSUER,
          'x-claim-sub': `${client.id}@clients`,
          'x-claim-client-id': client.id,
          'x-claim-scope': 'read:timesheets batch:upload',
        },
      },
      'a client, in the dialect RFC 9068': {
        request,
        token: await token({ audience: RFC_9068 }),
        policy: ({ API_TIMESHEETS: api, ...vars }) => ({
          ...vars,
          API_TIMESHEETS: { ...(api as object), audience: RFC_9068 },
        }),
        asked: [],
        forwarded: { 'x-claim-client-id': client.id },
      },
    },
    refused: {
      'token for another API': { request, token: await token({ audience: PAYROLL }) },
      'token of the same software under another name': { request, token: await token({}, other) },
      "a client's assertion": { request, token: await makeAssertion(assertionKey, client.id) },
      'token with another scope of the API': { request, token: await token({ scope: 'read:timesheets' }) },
    },
  };
}
