/**
 * The shape of access tokens: "Session tokens" of WorkOS's reference (workos.com/docs/reference/authkit/session-tokens).
 * The issuer with the client's id in it is as newer environments have it (workos/workos-ruby#552).
 */
import { EXP, IAT, type IssuerCase, jwk, rsaKey, tokenWith, X5C } from '../sample.ts';

const CLIENT = 'client_01HZXEXAMPLE';
const ISSUER = `https://api.workos.com/user_management/${CLIENT}`;
const JWKS = `https://api.workos.com/sso/jwks/${CLIENT}`;
const request = 'GET /timesheets';

export async function workos(): Promise<IssuerCase> {
  const key = await rsaKey(`sso_oidc_key_pair_01HZX`);
  const session = {
    entitlements: ['audit-logs'],
    exp: EXP,
    iat: IAT,
    iss: ISSUER,
    jti: '01HQSXZXPPFPKMDD32RKTFY6PV',
    org_id: 'org_01HRDMC6CM357W30QMHMQ96Q0S',
    permissions: ['timesheets:read', 'timesheets:write'],
    role: 'member',
    roles: ['member'],
    sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R',
    sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT',
  };
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims);
  return {
    section: 'WorkOS',
    documents: { [JWKS]: { keys: [jwk(key, { alg: 'RS256', use: 'sig', x5c: X5C })] } },
    passes: {
      'a member of an organization': {
        request,
        token: await token(session),
        asked: [JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': 'user_01HBEQKA6K4QJAS93VPE39W1JT',
          'x-claim-client-id': null,
          'x-claim-scope': 'timesheets:read timesheets:write',
          'x-org': 'org_01HRDMC6CM357W30QMHMQ96Q0S',
        },
      },
    },
    refused: {
      'token of another application': {
        request,
        token: await token({ ...session, iss: 'https://api.workos.com/user_management/client_01OTHER' }),
      },
      'token of a user without a role': {
        request,
        token: await token({ ...session, permissions: undefined, role: undefined, org_id: undefined }),
      },
    },
  };
}
