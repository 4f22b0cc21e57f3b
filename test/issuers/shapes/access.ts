import { EXP, IAT, type IssuerCase, jwk, rsaKey, tokenWith } from '../sample.ts';

const ISSUER = 'https://yourteam.cloudflareaccess.com';
const JWKS = `${ISSUER}/cdn-cgi/access/certs`;
const AUD = '32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228';
const SERVICE = 'e367826f93b8d71185e03fe518aff3b4.access';
/** Where Access puts it: developers.cloudflare.com, "Validate JWTs". */
const HEADER = 'cf-access-jwt-assertion';
const read = 'GET /timesheets';
const upload = 'POST /timesheets/upload';

export async function access(): Promise<IssuerCase> {
  const key = await rsaKey('6c3bffef71bb0a90c9cbef3b7c0d4a1c7b4b8b76b80292a623afd9dac45d1c65');
  const previous = await rsaKey('1a1c3986a44ce6390be42ec772b031df8f433fdc71716db821dc0c39af3bce49');
  const members = { alg: 'RS256', use: 'sig' };
  const certificate = { kid: key.kid, cert: '-----BEGIN CERTIFICATE----- ... -----END CERTIFICATE----- ' };
  const person = {
    aud: [AUD],
    email: 'user@example.com',
    exp: EXP,
    iat: IAT,
    nbf: IAT,
    iss: ISSUER,
    type: 'app',
    identity_nonce: '6ei69kawdKzMIAPF',
    sub: '7335d417-61da-459d-899c-0a01c76a2f94',
    country: 'US',
  };
  const service = {
    type: 'app',
    aud: [AUD],
    exp: EXP,
    iss: ISSUER,
    common_name: SERVICE,
    iat: IAT,
    sub: '',
  };
  const token = (claims: Record<string, unknown>) => tokenWith(key, claims, { typ: 'JWT' });

  return {
    section: 'Cloudflare Access',
    documents: {
      [JWKS]: {
        keys: [jwk(previous, members), jwk(key, members)],
        public_cert: certificate,
        public_certs: [certificate],
      },
    },
    passes: {
      'a person': {
        request: read,
        header: HEADER,
        token: await token(person),
        asked: [JWKS],
        forwarded: {
          'x-claim-iss': ISSUER,
          'x-claim-sub': '7335d417-61da-459d-899c-0a01c76a2f94',
          'x-claim-client-id': null,
          'x-claim-scope': null,
          'x-email': 'user@example.com',
        },
      },
      'a service token': {
        request: upload,
        header: HEADER,
        token: await token(service),
        asked: [JWKS],
        forwarded: { 'x-claim-sub': null, 'x-claim-client-id': SERVICE, 'x-email': null },
      },
    },
    refused: {
      'token of another application': {
        request: read,
        header: HEADER,
        token: await token({ ...person, aud: ['97e2aae120121f90'] }),
      },
      'token of the session (`type` is `org`)': {
        request: read,
        header: HEADER,
        token: await token({ ...person, type: 'org' }),
        passesWithout: 'claims',
      },
      'token of another team': {
        request: read,
        header: HEADER,
        token: await token({ ...person, iss: 'https://otherteam.cloudflareaccess.com' }),
      },
      'token of a person on a route for a service token': {
        request: upload,
        header: HEADER,
        token: await token(person),
      },
      'another service token': {
        request: upload,
        header: HEADER,
        token: await token({ ...service, common_name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.access' }),
      },
      'token in `Authorization` only': { request: read, token: await token(person) },
    },
  };
}
