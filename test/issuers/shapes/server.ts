import { makeKey } from '../../support/issuer.ts';
import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith } from '../sample.ts';

const HOST = 'https://as.example.com';
const ISSUER = `${HOST}/tenant-1`;
const API = 'https://api.example.com/timesheets';
const OPENID = `${ISSUER}/.well-known/openid-configuration`;
const RFC_8414 = `${HOST}/.well-known/oauth-authorization-server/tenant-1`;
const JWKS = 'https://keys.example.net/tenant-1.json';
const ELSEWHERE = 'https://metadata.example.net/tenant-1';
const request = 'GET /timesheets';

/** A server by the book: RFC 8414 metadata, RFC 9068 tokens. */
export async function server(): Promise<IssuerCase> {
  const key = await makeKey('ES256', 'k1');
  const rsa = await rsaKey('k2');
  const claims = {
    iss: ISSUER,
    sub: '5ba552d67',
    aud: API,
    exp: EXP,
    iat: IAT,
    jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
    client_id: 's6BhdRkqt3',
    scope: 'openid profile read:timesheets',
  };
  const token = (more: Record<string, unknown> = {}, typ = 'at+jwt', signer = key) =>
    tokenWith(signer, { ...claims, ...more }, { typ });
  const document = metadata(ISSUER, JWKS);
  const forwarded = {
    'x-claim-iss': ISSUER,
    'x-claim-sub': '5ba552d67',
    'x-claim-client-id': 's6BhdRkqt3',
    'x-claim-scope': 'openid profile read:timesheets',
  };

  return {
    section: 'Any other server',
    documents: { [RFC_8414]: document, [JWKS]: { keys: [jwk(key, {}), jwk(rsa, { use: 'sig' })] } },
    passes: {
      'an RFC 8414 server': {
        request,
        token: await token(),
        asked: [OPENID, RFC_8414, JWKS],
        forwarded,
      },
      'an OpenID provider': {
        request,
        token: await token({}, 'application/at+JWT'),
        documents: { [OPENID]: document },
        asked: [OPENID, JWKS],
        forwarded,
      },
      'a server with its metadata elsewhere': {
        request,
        token: await token(),
        policy: (vars) => ({ ...vars, ISSUERS: { server: { issuer: ISSUER, metadata_uri: ELSEWHERE } } }),
        documents: { [ELSEWHERE]: document },
        asked: [ELSEWHERE, JWKS],
        forwarded,
      },
    },
    refused: {
      'ID token': { request, token: await token({ aud: 's6BhdRkqt3', nonce: 'n-0S6_WzA2Mj' }, 'JWT') },
      'logout token': {
        request,
        token: await token(
          { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
          'logout+jwt',
        ),
      },
      'token with RS256': { request, token: await token({}, 'at+jwt', rsa), passesWithout: 'algorithms' },
      'token of another tenant of the server': { request, token: await token({ iss: `${HOST}/tenant-2` }) },
      'token for another API': { request, token: await token({ aud: 'https://api.example.com/payroll' }) },
      'token bound to a certificate': {
        request,
        token: await token({ cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }),
      },
    },
  };
}
