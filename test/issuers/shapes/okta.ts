import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith } from '../sample.ts';

const ORG = 'https://example.okta.com';
const ISSUER = `${ORG}/oauth2/default`;
const CLIENT = '0oabv6kx4qq6h1U5l0h7';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = `${ISSUER}/v1/keys`;
const request = 'GET /timesheets';

export async function okta(): Promise<IssuerCase> {
  const key = await rsaKey('RQ8DuhdxCczyMvy7GNJb4Ka3lQ99vrSo3oFBUiZjzzc');
  const published = { keys: [jwk(key, { alg: 'RS256', use: 'sig' })] };
  const user = {
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    iss: ISSUER,
    aud: 'api://default',
    sub: 'john.doe@example.com',
    iat: IAT,
    exp: EXP,
    cid: CLIENT,
    uid: '00uid4BxXw6I6TV4m0g3',
    scp: ['openid', 'timesheets.read'],
    auth_time: IAT,
  };
  const { uid: _uid, auth_time: _time, ...service } = { ...user, sub: CLIENT, scp: ['timesheets.read'] };
  const org = { ...user, iss: ORG, aud: ORG, scp: ['openid', 'profile'] };
  const idToken = {
    ver: 1,
    jti: 'ID.4eAWJOCMB3SX8XewDfVR',
    iss: ISSUER,
    aud: CLIENT,
    sub: '00uid4BxXw6I6TV4m0g3',
    iat: IAT,
    exp: EXP,
    amr: ['pwd'],
    idp: '00ok1u7AsAkrwdZL3z0g3',
    at_hash: 'preview_at_hash',
  };
  const token = (claims: Record<string, unknown>, header = {}) => tokenWith(key, claims, header);
  const ofOrg = await token(org, { typ: 'application/okta-internal-at+jwt' });

  return {
    section: 'Okta',
    documents: { [METADATA]: metadata(ISSUER, JWKS), [JWKS]: published },
    passes: {
      'a user': {
        request,
        token: await token({ ...user, groups: ['Everyone', 'Payroll, Berlin'] }),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': 'john.doe@example.com',
          'x-claim-client-id': CLIENT,
          'x-claim-scope': 'openid timesheets.read',
          'x-user-id': '00uid4BxXw6I6TV4m0g3',
          'x-groups': 'Everyone,Payroll%2C Berlin',
        },
      },
      'a program': {
        request,
        token: await token(service),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-sub': CLIENT, 'x-claim-client-id': CLIENT, 'x-user-id': null },
      },
    },
    refused: {
      'ID token': { request, token: await token(idToken) },
      'token of the org server': { request, token: ofOrg },
      'token of the org server, though it is configured': {
        request,
        token: ofOrg,
        policy: ({ API_TIMESHEETS: api, ...vars }) => ({
          ...vars,
          ISSUERS: { org: { issuer: ORG } },
          API_TIMESHEETS: { ...(api as object), audience: ORG, routes: { [request]: {} } },
        }),
        documents: {
          [`${ORG}/.well-known/openid-configuration`]: metadata(ORG, `${ORG}/oauth2/v1/keys`),
          [`${ORG}/oauth2/v1/keys`]: published,
        },
      },
      'token of another custom server': {
        request,
        token: await token({ ...user, iss: `${ORG}/oauth2/aus9o8wzkhckw9TLa0h7z` }),
      },
      'token bound to a key (DPoP)': {
        request,
        token: await token({ ...user, cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' } }),
      },
      'token for another API behind the server': {
        request,
        token: await token({ ...service, scp: ['payroll.read'] }),
      },
    },
  };
}
