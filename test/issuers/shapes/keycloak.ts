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

const ISSUER = 'https://id.example.com/realms/acme';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = `${ISSUER}/protocol/openid-connect/certs`;
const request = 'GET /timesheets';

export async function keycloak(): Promise<IssuerCase> {
  const key = await rsaKey('FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE');
  const encryption = await rsaKey('hP1Xj0vB2pCwZl9rK7nQ3sT5uV8yA4bD6eF0gH1iJ2k');
  const members = { use: 'sig', x5c: X5C, x5t: 'x5t', 'x5t#S256': 'x5tS256' };
  const user = {
    exp: EXP,
    iat: IAT,
    jti: 'f73a4a37-9550-4f88-97ef-2b45abee06f1',
    iss: ISSUER,
    aud: ['timesheets', 'account'],
    sub: '7ddaf89f-69eb-4ecf-a9ca-acba11211986',
    typ: 'Bearer',
    azp: 'frontend',
    sid: '3a1b0c2d',
    acr: '1',
    'allowed-origins': ['https://app.example.com'],
    realm_access: { roles: ['offline_access', 'default-roles-acme', 'uma_authorization'] },
    resource_access: { timesheets: { roles: ['reader'] }, account: { roles: ['manage-account'] } },
    scope: 'openid email profile',
    email_verified: false,
    preferred_username: 'jane',
  };
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims, { typ: 'JWT' });

  return {
    section: 'Keycloak',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS),
      [JWKS]: {
        keys: [
          jwk(encryption, { ...members, alg: 'RSA-OAEP', use: 'enc' }),
          jwk(key, { ...members, alg: 'RS256' }),
        ],
      },
    },
    passes: {
      'a user': {
        request,
        token: await token(user),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': user.sub,
          'x-claim-client-id': 'frontend',
          'x-claim-scope': 'openid email profile',
          'x-roles': 'offline_access,default-roles-acme,uma_authorization',
          'x-username': 'jane',
        },
      },
      'a service account': {
        request,
        token: await token({
          ...user,
          azp: 'import-job',
          client_id: 'import-job',
          clientHost: '192.0.2.1',
          clientAddress: '192.0.2.1',
          preferred_username: 'service-account-import-job',
          scope: 'email profile',
        }),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-client-id': 'import-job', 'x-username': 'service-account-import-job' },
      },
    },
    refused: {
      // The API is a client that users sign in to as well, and roles are mapped into its ID tokens.
      'ID token': {
        request,
        token: await token({
          ...user,
          typ: 'ID',
          aud: 'timesheets',
          azp: 'timesheets',
          at_hash: 'HK6E_P6Dh8Y93mRN',
        }),
        passesWithout: 'claims',
      },
      'refresh token': {
        request,
        token: await tokenWithSecret(
          'HS512',
          { ...user, typ: 'Refresh', aud: ISSUER },
          { typ: 'JWT', kid: '5a0c' },
        ),
      },
      'token without audience mapper': { request, token: await token({ ...user, aud: 'account' }) },
      'token of another realm': {
        request,
        token: await token({ ...user, iss: 'https://id.example.com/realms/master' }),
      },
      'token that was fetched under an internal host name': {
        request,
        token: await token({ ...user, iss: 'http://keycloak.internal:8080/realms/acme' }),
      },
      'token with the role of another client': {
        request,
        token: await token({ ...user, resource_access: { payroll: { roles: ['reader'] } } }),
      },
    },
  };
}
