import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith } from '../sample.ts';

const ISSUER = 'https://accounts.google.com';
const API = 'https://api.example.com/timesheets';
const METADATA = `${ISSUER}/.well-known/openid-configuration`;
const JWKS = 'https://www.googleapis.com/oauth2/v3/certs';
const ACCOUNT = '113774264463038321964';
const EMAIL = 'import-job@example-project.iam.gserviceaccount.com';
const WEB_CLIENT = '1008719970978-hb24n2dstb40o45d4feuo2ukqmcc6381.apps.googleusercontent.com';
const request = 'POST /timesheets/upload';

export async function google(): Promise<IssuerCase> {
  const key = await rsaKey('7c0b6913fe13820a333399ace426e70535a9a0bf');
  const previous = await rsaKey('a0ab');
  const members = { alg: 'RS256', use: 'sig' };
  const account = {
    aud: API,
    azp: ACCOUNT,
    email: EMAIL,
    email_verified: true,
    exp: EXP,
    iat: IAT,
    iss: ISSUER,
    sub: ACCOUNT,
  };
  const { email: _email, email_verified: _verified, ...withoutEmail } = account;
  const user = {
    ...account,
    azp: WEB_CLIENT,
    aud: WEB_CLIENT,
    sub: '110169484474386276334',
    email: 'jane@gmail.com',
    at_hash: 'tWcFxj2f-6z5BwWL-Uh0fw',
  };
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims, { typ: 'JWT' });

  return {
    section: 'Google',
    documents: {
      [METADATA]: metadata(ISSUER, JWKS, { token_endpoint: 'https://oauth2.googleapis.com/token' }),
      [JWKS]: { keys: [jwk(previous, members), jwk(key, members)] },
    },
    passes: {
      'a service account': {
        request,
        token: await token(account),
        asked: [METADATA, JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': ACCOUNT,
          'x-claim-client-id': ACCOUNT,
          'x-claim-scope': null,
          'x-email': EMAIL,
        },
      },
      'a service account, without email': {
        request,
        token: await token(withoutEmail),
        asked: [METADATA, JWKS],
        forwarded: { 'x-claim-sub': ACCOUNT, 'x-email': null },
      },
    },
    refused: {
      'token of a service account of somebody else, for the same audience': {
        request,
        token: await token({
          ...account,
          azp: '102665400000000000000',
          sub: '102665400000000000000',
          email: 'import-job@other-project.iam.gserviceaccount.com',
        }),
        passesWithout: 'claims',
      },
      'token of the right account for another audience': {
        request,
        token: await token({ ...account, aud: 'https://other.example.com/' }),
      },
      'ID token of a user who signed in': { request, token: await token(user) },
      'access token': { request, token: 'ya29.c.c0AZ4bNpZexampleexampleexample' },
      'token that a service account signed itself': {
        request,
        token: await token({ iss: EMAIL, sub: EMAIL, aud: API, iat: IAT, exp: EXP }),
      },
      'token with the old issuer name, without `https://`': {
        request,
        token: await token({ ...account, iss: 'accounts.google.com' }),
      },
    },
  };
}
