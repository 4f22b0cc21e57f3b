import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith } from '../sample.ts';

const ISSUER = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE';
const CLIENT = '1example23456789';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = `${ISSUER}/.well-known/jwks.json`;
const SUB = 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee';
const request = 'GET /timesheets';

export async function cognito(): Promise<IssuerCase> {
  const key = await rsaKey('1234example=');
  const idKey = await rsaKey('5678example=');
  const members = { alg: 'RS256', use: 'sig' };
  const user = {
    sub: SUB,
    device_key: SUB,
    'cognito:groups': ['testers', 'eu'],
    iss: ISSUER,
    version: 2,
    client_id: CLIENT,
    origin_jti: SUB,
    event_id: SUB,
    token_use: 'access',
    scope: 'openid timesheets/read',
    auth_time: IAT,
    exp: EXP,
    iat: IAT,
    jti: SUB,
    username: 'jane',
  };
  const program = {
    sub: '2example23456789',
    token_use: 'access',
    scope: 'timesheets/read',
    auth_time: IAT,
    iss: ISSUER,
    exp: EXP,
    iat: IAT,
    version: 2,
    jti: SUB,
    client_id: '2example23456789',
  };
  const idToken = {
    sub: SUB,
    'cognito:groups': ['testers', 'eu'],
    email_verified: true,
    iss: ISSUER,
    'cognito:username': 'jane',
    origin_jti: SUB,
    aud: CLIENT,
    event_id: SUB,
    token_use: 'id',
    auth_time: IAT,
    exp: EXP,
    iat: IAT,
    jti: SUB,
    email: 'jane@example.com',
  };
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims);

  return {
    section: 'Amazon Cognito',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS),
      [JWKS]: { keys: [jwk(idKey, members), jwk(key, members)] },
    },
    passes: {
      'a user': {
        request,
        token: await token(user),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': SUB,
          'x-claim-client-id': CLIENT,
          'x-claim-scope': 'openid timesheets/read',
          'x-username': 'jane',
          'x-groups': 'testers,eu',
        },
      },
      'a program': {
        request,
        token: await token(program),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-sub': '2example23456789',
          'x-claim-client-id': '2example23456789',
          'x-username': null,
        },
      },
      'a user whose client asked with a resource, by its aud': {
        request,
        token: await token({ ...user, aud: 'https://api.example.com/timesheets' }),
        policy: ({ API_TIMESHEETS: api }) => ({
          ISSUERS: { cognito: { issuer: ISSUER, claims: { token_use: 'access' } } },
          API_TIMESHEETS: { ...(api as object), audience: 'https://api.example.com/timesheets' },
        }),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-client-id': CLIENT },
      },
    },
    refused: {
      'ID token': { request, token: await tokenWith(idKey, idToken) },
      'token of another app client of the pool': {
        request,
        token: await token({ ...user, client_id: '3example23456789' }),
      },
      'token of another pool': {
        request,
        token: await token({ ...user, iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER' }),
      },
      'token of an identity pool': {
        request,
        token: await tokenWith(
          key,
          {
            sub: `eu-west-1:${SUB}`,
            aud: `eu-west-1:${SUB}`,
            amr: ['authenticated'],
            iss: 'https://cognito-identity.amazonaws.com',
            exp: EXP,
            iat: IAT,
          },
          { typ: 'JWS', alg: 'RS256' },
        ),
      },
      'token of a sign-in through the SDK': {
        request,
        token: await token({ ...user, scope: 'aws.cognito.signin.user.admin' }),
      },
    },
  };
}
