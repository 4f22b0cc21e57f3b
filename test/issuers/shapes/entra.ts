import type { SigningKey } from '../../support/issuer.ts';
import { base64url } from '../../support/issuer.ts';
import { EXP, IAT, type IssuerCase, jwk, metadata, rsaKey, tokenWith, X5C } from '../sample.ts';

type Tables = Record<string, unknown>;

const LOGIN = 'https://login.microsoftonline.com';
const TENANT = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490';
const OTHER_TENANT = '82229342-1101-4ab6-817b-70c0747630f3';
const API = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const CLIENT = '75dbe77f-10a3-4e59-85fd-8c127544f17c';
const GRAPH = '00000003-0000-0000-c000-000000000000';
const OID = '690222be-ff1a-4d56-abd1-7e4f7d38e474';

const v2 = (tenant: string) => `${LOGIN}/${tenant}/v2.0`;
const v1 = (tenant: string) => `https://sts.windows.net/${tenant}/`;
const v2Metadata = (tenant: string) => `${v2(tenant)}/.well-known/openid-configuration`;
const v1Metadata = (tenant: string) => `${LOGIN}/${tenant}/.well-known/openid-configuration`;
const v2Jwks = (tenant: string) => `${LOGIN}/${tenant}/discovery/v2.0/keys`;
const v1Jwks = (tenant: string) => `${LOGIN}/${tenant}/discovery/keys`;

const key = await rsaKey('jS1Xo1OWDj_52vbwGNgvQO2VzMc');
/** No `alg`; the issuer is a template, as the documentation shows it. */
const published = {
  keys: [jwk(key, { use: 'sig', x5t: key.kid, x5c: X5C, issuer: `${LOGIN}/{tenantid}/v2.0` })],
};
const describeServer = (issuer: string, jwksUri: string) =>
  metadata(issuer, jwksUri, {
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    cloud_instance_name: 'microsoftonline.com',
  });

const usual = {
  iat: IAT,
  nbf: IAT,
  exp: EXP,
  aio: 'AXQAi/8IAAAA',
  oid: OID,
  rh: 'I',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
};

const v2User = (tenant = TENANT) => ({
  ...usual,
  aud: API,
  iss: v2(tenant),
  azp: CLIENT,
  azpacr: '0',
  name: 'Abe Lincoln',
  preferred_username: 'abeli@example.com',
  scp: 'Timesheets.Read Timesheets.Write',
  tid: tenant,
  ver: '2.0',
});

function v2Program(roles: string[]): Tables {
  const { scp: _scp, name: _name, preferred_username: _username, ...rest } = v2User();
  return { ...rest, azpacr: '1', sub: OID, ...(roles.length > 0 && { roles }) };
}

function v2IdToken(): Tables {
  const { azp: _azp, azpacr: _azpacr, scp: _scp, ...rest } = v2User();
  // The front end has the API's registration, and the user a role of it.
  return { ...rest, nonce: '678910', roles: ['Timesheets.Upload.All'] };
}

const v1User = (tenant = TENANT) => ({
  ...usual,
  aud: 'api://timesheets',
  iss: v1(tenant),
  acr: '1',
  amr: ['pwd'],
  appid: CLIENT,
  appidacr: '0',
  ipaddr: '192.0.2.1',
  name: 'abeli',
  scp: 'user_impersonation',
  tid: tenant,
  unique_name: 'abeli@example.com',
  ver: '1.0',
});

const token = (claims: Tables, header: Tables = {}) => tokenWith(key, claims, { typ: 'JWT', ...header });
const v1Token = (claims: Tables) => token(claims, { x5t: key.kid });

/** Signed with the hash of the nonce in its header, and sent with the nonce. */
async function graphToken(signer: SigningKey): Promise<string> {
  const nonce = 'QltrBofYb5am7UJ8mCmOJjlNOXqr1bAu2h_H2s3ARpk';
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(nonce));
  const claims = { ...v1User(), aud: GRAPH, scp: 'User.Read profile openid email' };
  const signed = await v1TokenWithNonce(base64url(new Uint8Array(hash)));
  const [header = ''] = (await v1TokenWithNonce(nonce)).split('.');
  return [header, ...signed.split('.').slice(1)].join('.');

  function v1TokenWithNonce(value: string) {
    return tokenWith(signer, claims, { typ: 'JWT', nonce: value, x5t: signer.kid });
  }
}

export async function entraV2(): Promise<IssuerCase> {
  const read = 'GET /timesheets';
  const upload = 'POST /timesheets/upload';
  const asked = [v2Metadata(TENANT), v2Jwks(TENANT)];
  return {
    section: 'Microsoft Entra ID, v2',
    documents: {
      [v2Metadata(TENANT)]: describeServer(v2(TENANT), v2Jwks(TENANT)),
      [v2Jwks(TENANT)]: published,
    },
    passes: {
      'a user': {
        request: read,
        token: await token(v2User()),
        asked,
        forwarded: {
          'x-claim-iss': v2(TENANT),
          'x-claim-sub': 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
          'x-claim-client-id': CLIENT,
          'x-claim-scope': 'Timesheets.Read Timesheets.Write',
          'x-user-id': OID,
          'x-roles': null,
        },
      },
      'a program': {
        request: upload,
        token: await token(v2Program(['Timesheets.Upload.All'])),
        asked,
        forwarded: { 'x-claim-sub': OID, 'x-claim-scope': null, 'x-roles': 'Timesheets.Upload.All' },
      },
    },
    refused: {
      "ID token of a front end that shares the API's registration": {
        request: upload,
        token: await token(v2IdToken()),
        passesWithout: 'claims',
      },
      'token of another tenant': { request: read, token: await token(v2User(OTHER_TENANT)) },
      'v1 token of the same tenant': { request: read, token: await v1Token({ ...v1User(), aud: API }) },
      'token for another API of the tenant': {
        request: read,
        token: await token({ ...v2User(), aud: 'ef1da9d4-ff77-4c3e-a005-840c3f830745' }),
      },
      'token of a program without a role': { request: upload, token: await token(v2Program([])) },
      'token of a program on a route for users': {
        request: read,
        token: await token(v2Program(['Timesheets.Upload.All'])),
      },
    },
  };
}

export async function entraV1(): Promise<IssuerCase> {
  const request = 'GET /timesheets';
  const asked = [v1Metadata(TENANT), v1Jwks(TENANT)];
  const { appid: _appid, appidacr: _appidacr, scp: _scp, ...idToken } = { ...v1User(), aud: API };
  return {
    section: 'Microsoft Entra ID, v1',
    documents: {
      [v1Metadata(TENANT)]: describeServer(v1(TENANT), v1Jwks(TENANT)),
      [v1Jwks(TENANT)]: published,
    },
    passes: {
      "a user, for the API's URI": {
        request,
        token: await v1Token(v1User()),
        asked,
        forwarded: {
          'x-claim-iss': v1(TENANT),
          'x-claim-client-id': CLIENT,
          'x-claim-scope': 'user_impersonation',
          'x-user-id': OID,
        },
      },
      "a user, for the API's id": {
        request,
        token: await v1Token({ ...v1User(), aud: API }),
        asked,
        forwarded: { 'x-claim-client-id': CLIENT },
      },
    },
    refused: {
      "ID token of a front end that shares the API's registration": {
        request,
        token: await v1Token(idToken),
      },
      'token for Microsoft Graph': { request, token: await graphToken(key) },
      'token for Microsoft Graph, though its audience is configured': {
        request,
        token: await graphToken(key),
        policy: ({ API_TIMESHEETS: api, ...vars }) => ({
          ...vars,
          API_TIMESHEETS: { ...(api as object), audience: GRAPH, routes: { [request]: {} } },
        }),
      },
      'v2 token of the same tenant': { request, token: await token(v2User()) },
      'token of another tenant': { request, token: await v1Token(v1User(OTHER_TENANT)) },
    },
  };
}

export async function entraTenants(): Promise<IssuerCase> {
  const path = (tenant: string) => `GET /tenants/${tenant}/timesheets`;
  const pass = async (tenant: string) => ({
    request: path(tenant),
    token: await token(v2User(tenant)),
    asked: [v2Metadata(tenant), v2Jwks(tenant)],
    forwarded: { 'x-claim-iss': v2(tenant), 'x-tenant': tenant },
  });
  return {
    section: 'Microsoft Entra ID, many tenants',
    documents: Object.fromEntries(
      [TENANT, OTHER_TENANT].flatMap((tenant) => [
        [v2Metadata(tenant), describeServer(v2(tenant), v2Jwks(tenant))],
        [v2Jwks(tenant), published],
      ]),
    ),
    passes: { 'a user of one tenant': await pass(TENANT), 'a user of the other': await pass(OTHER_TENANT) },
    refused: {
      'token of a tenant that is no customer': {
        request: path(TENANT),
        token: await token(v2User('9188040d-6c67-4c5b-b112-36a304b66dad')),
      },
      'token of one tenant for the path of another': {
        request: path(TENANT),
        token: await token(v2User(OTHER_TENANT)),
      },
      'any token, where the issuer has the metadata of `common`': {
        request: path(TENANT),
        token: await token(v2User()),
        policy: (vars) => ({
          ...vars,
          ISSUERS: {
            ...(vars['ISSUERS'] as object),
            contoso: { issuer: v2(TENANT), metadata_uri: v2Metadata('common') },
          },
        }),
        documents: {
          [v2Metadata('common')]: describeServer(v2('{tenantid}'), v2Jwks('common')),
          [v2Jwks('common')]: published,
        },
      },
    },
  };
}
