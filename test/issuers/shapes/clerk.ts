/** The shape of session tokens: "Session tokens" of Clerk's documentation (clerk.com/docs/guides/sessions/session-tokens). */
import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith } from '../sample.ts';

const ISSUER = 'https://clerk.example.com';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = `${ISSUER}/.well-known/jwks.json`;
const APP = 'https://app.example.com';
const request = 'GET /timesheets';

export async function clerk(): Promise<IssuerCase> {
  const key = await rsaKey('ins_2c3d4e5f');
  const session = {
    azp: APP,
    exp: EXP,
    fva: [0, -1],
    iat: IAT,
    iss: ISSUER,
    jti: '3fd5e1b7a09c8d2e4f6a',
    nbf: IAT - 10,
    o: { id: 'org_2b3c', rol: 'admin', slg: 'acme' },
    sid: 'sess_2f3g4h5j',
    sts: 'active',
    sub: 'user_2a3b4c5d',
    v: 2,
  };
  const { azp: _azp, sid: _sid, ...template } = session;
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims, { typ: 'JWT' });
  return {
    section: 'Clerk',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS),
      [JWKS]: { keys: [jwk(key, { use: 'sig', alg: 'RS256' })] },
    },
    passes: {
      'a session token': {
        request,
        token: await token(session),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': 'user_2a3b4c5d',
          'x-claim-client-id': APP,
          'x-claim-scope': null,
          'x-org': 'org_2b3c',
        },
      },
    },
    refused: {
      'session token of another site of the same instance': {
        request,
        token: await token({ ...session, azp: 'https://marketing.example.com' }),
      },
      'token of a JWT template, which names no site': { request, token: await token(template) },
      'token of another instance': {
        request,
        token: await token({ ...session, iss: 'https://clerk.other.example' }),
      },
      'session token of a user who has tasks left': {
        request,
        token: await token({ ...session, sts: 'pending' }),
        passesWithout: 'claims',
      },
    },
  };
}
