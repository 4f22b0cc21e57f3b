import { EncryptJWT } from 'jose';
import {
  EXP,
  IAT,
  type IssuerCase,
  jwk,
  metadata,
  rsaKey,
  tokenWith,
  tokenWithSecret,
  X5C,
} from '../sample.ts';

const ISSUER = 'https://example.eu.auth0.com/';
const API = 'https://api.example.com/timesheets';
const CLIENT = 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja';
const METADATA = `${ISSUER}.well-known/openid-configuration`;
const JWKS = `${ISSUER}.well-known/jwks.json`;
const request = 'GET /timesheets';

export async function auth0(): Promise<IssuerCase> {
  const key = await rsaKey('NEE1QURBOTM4MzI5RkFDNTYxOTU1MDg2ODgwQ0UzMTk1QjYyRkRFQw');
  const next = await rsaKey('next');
  const members = { alg: 'RS256', use: 'sig', x5c: X5C };
  const user = {
    iss: ISSUER,
    sub: 'auth0|6553da60a54af58e29493993',
    aud: [API, `${ISSUER}userinfo`],
    iat: IAT,
    exp: EXP,
    scope: 'openid profile read:timesheets',
    azp: CLIENT,
  };
  const { azp: _azp, ...rfc9068 } = { ...user, client_id: CLIENT, jti: '73WakrfVbNJBaAmhQtEeDv' };
  const program = {
    ...user,
    sub: `${CLIENT}@clients`,
    aud: API,
    scope: 'read:timesheets',
    gty: 'client-credentials',
  };
  const token = (claims: Record<string, unknown>, typ = 'JWT') => tokenWith(key, claims, { typ });
  const encrypted = new EncryptJWT(user).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', iss: ISSUER });

  return {
    section: 'Auth0',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS, { scopes_supported: ['openid', 'profile'] }),
      [JWKS]: { keys: [jwk(key, { ...members, x5t: key.kid }), jwk(next, { ...members, x5t: next.kid })] },
    },
    passes: {
      'a user': {
        request,
        token: await token({ ...user, org_id: 'org_9ybsU1dN2dKfDkBi', 'https://example.com/tenant': 'acme' }),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': 'auth0|6553da60a54af58e29493993',
          'x-claim-client-id': CLIENT,
          'x-claim-scope': 'openid profile read:timesheets',
          'x-tenant': 'acme',
          'x-org': 'org_9ybsU1dN2dKfDkBi',
        },
      },
      'a program': {
        request,
        token: await token(program),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-sub': `${CLIENT}@clients`, 'x-claim-client-id': CLIENT, 'x-org': null },
      },
      'a user, in the profile RFC 9068': {
        request,
        token: await token(rfc9068, 'at+jwt'),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-client-id': CLIENT, 'x-claim-scope': 'openid profile read:timesheets' },
      },
      'the permissions of a user who asked for no scope, with scope_claim': {
        request,
        token: await token({ ...user, scope: 'openid profile', permissions: ['read:timesheets'] }),
        policy: (vars) => ({ ...vars, ISSUERS: { auth0: { issuer: ISSUER, scope_claim: 'permissions' } } }),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-scope': 'read:timesheets' },
      },
    },
    refused: {
      'ID token': {
        request,
        token: await token({
          iss: ISSUER,
          sub: user.sub,
          aud: CLIENT,
          iat: IAT,
          exp: EXP,
          nonce: 'n-0S6',
          sid: 's',
        }),
      },
      'token for the Management API': {
        request,
        token: await token({ ...program, aud: `${ISSUER}api/v2/` }),
      },
      'token of another tenant': {
        request,
        token: await token({ ...user, iss: 'https://other.eu.auth0.com/' }),
      },
      'token for no audience (encrypted)': {
        request,
        token: await encrypted.encrypt(new Uint8Array(32).fill(7)),
      },
      'token of an API that signs with HS256': {
        request,
        token: await tokenWithSecret('HS256', user, { typ: 'JWT' }),
      },
      'token of a client that was granted another scope': {
        request,
        token: await token({ ...program, scope: 'batch:upload' }),
      },
    },
  };
}
