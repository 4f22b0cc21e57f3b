/**
 * Exports of made-up tenants, in the shapes that the real tools write. Seen in auth0/auth0-deploy-cli at a00a055:
 * examples/yaml/tenant.yaml, examples/directory, test/e2e/testdata/lots-of-configuration and keyword-replacements;
 * answers of the Management API as in its reference (auth0.com/docs/api/management/v2) and in node-auth0's types.
 */

export interface Fixture {
  readonly files: Readonly<Record<string, string>>;
  /** What is named on the command line. */
  readonly args: readonly string[];
  /** APIs, clients and grants that a reader counts in it. */
  readonly read: readonly [number, number, number];
  readonly taken: readonly [number, number, number];
}

/** With the client of the Deploy CLI itself, and everything that an export has beside it. */
const TENANT_YAML = `pages:
  - name: login
    html: ./pages/login.html
    enabled: false
rules: []
rulesConfigs: []
databases:
  - name: Username-Password-Authentication
    strategy: auth0
    enabled_clients: [Depot Console]
clients:
  - name: Deploy CLI
    allowed_clients: []
    app_type: non_interactive
    callbacks: []
    client_metadata: {}
    cross_origin_auth: false
    grant_types:
      - client_credentials
    is_first_party: true
    jwt_configuration:
      alg: RS256
      lifetime_in_seconds: 36000
      secret_encoded: false
    oidc_conformant: true
    sso_disabled: false
    token_endpoint_auth_method: client_secret_post
  - name: Night job
    app_type: non_interactive
    client_metadata:
      team: depot
    grant_types:
      - client_credentials
    token_endpoint_auth_method: client_secret_post
  - name: Depot Console
    app_type: spa
    callbacks: ['https://console.example.com/callback']
    grant_types: [authorization_code, refresh_token]
    token_endpoint_auth_method: none
  - name: Depot Site
    app_type: regular_web
    grant_types: [authorization_code, implicit, refresh_token]
resourceServers:
  - name: Depot
    identifier: https://depot.example.com
    allow_offline_access: false
    scopes:
      - value: depot:read
        description: Read the depot
      - value: depot:write
    signing_alg: RS256
    skip_consent_for_verifiable_first_party_clients: true
    token_dialect: access_token
    token_lifetime: 7200
    token_lifetime_for_web: 7200
clientGrants:
  - client_id: Deploy CLI
    audience: https://tenant.eu.auth0.com/api/v2/
    scope:
      - read:client_grants
      - create:client_grants
  - client_id: Night job
    audience: https://depot.example.com
    scope: [depot:read]
roles:
  - name: Admin
    description: App Admin
    permissions:
      - permission_name: depot:write
        resource_server_identifier: https://depot.example.com
actions:
  - name: stamp
    code: ../../../etc/passwd
    deployed: true
    supported_triggers: [{ id: credentials-exchange, version: v2 }]
triggers:
  credentials-exchange: [{ action_name: stamp, display_name: stamp }]
guardianFactorTemplates:
  - name: sms
    verification_message: '{{code}} is your verification code for {{tenant.friendly_name}}'
tenant:
  friendly_name: Depot
`;

const KEYWORDS_YAML = `tenant:
  friendly_name: '##ENV## tenant'
  enabled_locales: @@LANGUAGES@@
resourceServers:
  - name: Depot ##ENV##
    identifier: 'https://##ENV##.example.com/depot'
    token_lifetime: @@LIFETIME@@
    scopes: @@SCOPES@@
clients:
  - name: Night job
    app_type: non_interactive
    callbacks: @@CALLBACKS@@
    client_secret: ##NIGHT_JOB_CLIENT_SECRET_OF_PRODUCTION##
    client_metadata: { env: ##ENV##, team: depot }
    grant_types: [ "client_credentials", ##MORE_GRANT_TYPES## ]
clientGrants:
  - client_id: Night job
    audience: https://##ENV##.example.com/depot
    scope: [depot:read, '##EXTRA_SCOPE##']
`;

const CONFIG = {
  AUTH0_DOMAIN: 'tenant.eu.auth0.com',
  AUTH0_CLIENT_ID: 'deploy',
  AUTH0_KEYWORD_REPLACE_MAPPINGS: {
    ENV: 'dev',
    LANGUAGES: ['en'],
    LIFETIME: 600,
    SCOPES: [{ value: 'depot:read' }, { value: 'depot:$&' }],
    CALLBACKS: [],
    NIGHT_JOB_CLIENT_SECRET_OF_PRODUCTION: 'qK3vT8mZ1xW5nB7cR2yD9fG4hJ6kL0pSaEuViOxM',
    MORE_GRANT_TYPES: '"refresh_token"',
    EXTRA_SCOPE: 'depot:$&',
  },
};

const DIRECTORY: Readonly<Record<string, string>> = {
  'tenant/tenant.json': '{ "friendly_name": "Depot", "default_directory": "" }',
  'tenant/actions/stamp.json': '{ "name": "stamp", "code": "./actions/stamp/code.js" }',
  'tenant/actions/stamp/code.js': 'exports.onExecuteCredentialsExchange = async () => {};',
  'tenant/clients/Night job.json': `{
  "name": "Night job",
  "app_type": "non_interactive",
  "custom_login_page": "./../../../etc/passwd",
  "grant_types": ["client_credentials"]
}
`,
  'tenant/clients/Only a name.json': '{\n  "name": "Only a name"\n}\n',
  'tenant/clients/Night job_custom_login_page.html': '<html></html>',
  'tenant/clients/empty.json': '{}\n',
  'tenant/resource-servers/Depot.json': `{
  "name": "Depot",
  "identifier": "https://depot.example.com",
  "signing_alg": "PS256",
  "scopes": [{ "value": "depot:read", "description": "Read" }]
}
`,
  'tenant/resource-servers/Auth0 My Account API.json': `{
  "name": "Auth0 My Account API",
  "identifier": "https://##AUTH0_DOMAIN##/me/",
  "token_lifetime": 86400,
  "skip_consent_for_verifiable_first_party_clients": true
}
`,
  'tenant/grants/Night job-Depot.json': `{
  "client_id": "Night job",
  "audience": "https://depot.example.com",
  "scope": [
    "depot:read"
  ],
  "subject_type": "client"
}
`,
  'tenant/grants/Gone-Depot.json':
    '{ "client_id": "Gone", "audience": "https://depot.example.com", "scope": [] }',
};

/** Answers with `include_totals=true`, without, and by checkpoints. */
const ANSWERS: Readonly<Record<string, string>> = {
  'apis.json': JSON.stringify({
    total: 3,
    start: 0,
    limit: 50,
    resource_servers: [
      {
        id: '1',
        name: 'Auth0 Management API',
        identifier: 'https://tenant.eu.auth0.com/api/v2/',
        is_system: true,
        scopes: [{ value: 'read:clients', description: 'Read Clients' }],
      },
      {
        id: '2',
        name: 'Depot',
        identifier: 'https://depot.example.com/api/v2/',
        is_system: false,
        signing_alg: 'HS256',
        token_encryption: null,
        scopes: [{ value: 'depot:read' }, { description: 'no value' }, { value: 'depot:read' }],
        subject_type_authorization: {
          user: { policy: 'allow_all' },
          client: { policy: 'require_client_grant' },
        },
      },
      {
        id: '3',
        name: 'Users only',
        identifier: 'urn:users',
        signing_alg: 'RS256',
        subject_type_authorization: { user: { policy: 'allow_all' }, client: { policy: 'deny_all' } },
      },
    ],
  }),
  'clients.json': JSON.stringify([
    { tenant: 'tenant', global: true, name: 'All Applications', client_id: 'GlobalClient', callbacks: [] },
    {
      tenant: 'tenant',
      global: false,
      name: 'Night job',
      client_id: 'NightJob0123456789',
      client_secret: 'qK3vT8mZ1xW5nB7cR2yD9fG4hJ6kL0pSaEuViOxM',
      grant_types: ['client_credentials'],
      app_type: 'non_interactive',
    },
    { name: 'Twin', client_id: 'TwinA', app_type: 'non_interactive', grant_types: ['client_credentials'] },
    { name: 'Twin', client_id: 'TwinB', app_type: 'non_interactive', grant_types: ['client_credentials'] },
    {
      name: 'Signer',
      client_id: 'Signer',
      client_secret: 'qK3vT8mZ1xW5nB7cR2yD9fG4hJ6kL0pSaEuViOxM',
      app_type: 'non_interactive',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: null,
      client_authentication_methods: { private_key_jwt: { credentials: [{ id: 'cred_1' }] } },
    },
  ]),
  'grants.json': JSON.stringify({
    next: 'cgr_9',
    client_grants: [
      {
        id: 'cgr_1',
        client_id: 'NightJob0123456789',
        audience: 'https://depot.example.com/api/v2/',
        scope: ['depot:read', 'depot:drop'],
      },
      { id: 'cgr_2', client_id: 'NightJob0123456789', audience: 'urn:users', scope: [] },
      {
        id: 'cgr_3',
        client_id: 'NightJob0123456789',
        audience: 'https://depot.example.com/api/v2/',
        scope: [],
        subject_type: 'user',
      },
      { id: 'cgr_4', client_id: 'Twin', audience: 'https://depot.example.com/api/v2/', scope: [] },
      {
        id: 'cgr_5',
        client_id: 'TwinB',
        audience: 'https://depot.example.com/api/v2/',
        scope: [],
        allow_all_scopes: true,
        organization_usage: 'allow',
      },
      {
        id: 'cgr_6',
        client_id: 'TwinA',
        audience: 'https://depot.example.com/api/v2/',
        scope: [],
        organization_usage: 'require',
      },
      {
        id: 'cgr_7',
        audience: 'https://depot.example.com/api/v2/',
        scope: [],
        default_for: 'third_party_clients',
      },
      { id: 'cgr_8', client_id: 'TwinA', audience: 'https://elsewhere.example/', scope: [] },
      { id: 'cgr_9', client_id: 'GlobalClient', audience: 'https://depot.example.com/api/v2/', scope: [] },
    ],
  }),
};

export const EXPORTS = {
  'a tenant.yaml': {
    files: { 'tenant.yaml': TENANT_YAML },
    args: ['tenant.yaml'],
    read: [1, 4, 2],
    taken: [1, 2, 1],
  },
  'keywords without a mapping': {
    files: { 'tenant.yaml': KEYWORDS_YAML },
    args: ['tenant.yaml'],
    read: [1, 1, 1],
    taken: [0, 0, 0],
  },
  'keywords with a mapping': {
    files: { 'tenant.yaml': KEYWORDS_YAML, 'config.json': JSON.stringify(CONFIG) },
    args: ['tenant.yaml', '--keywords', 'config.json'],
    read: [1, 1, 1],
    taken: [1, 1, 1],
  },
  'a folder': { files: DIRECTORY, args: ['tenant'], read: [2, 3, 2], taken: [1, 1, 1] },
  'single files of a folder': {
    files: DIRECTORY,
    args: [
      'tenant/clients/Night job.json',
      'tenant/resource-servers/Depot.json',
      'tenant/grants/Night job-Depot.json',
    ],
    read: [1, 1, 1],
    taken: [1, 1, 1],
  },
  'answers of the Management API': {
    files: ANSWERS,
    args: ['apis.json', 'clients.json', 'grants.json'],
    read: [3, 5, 9],
    taken: [2, 4, 2],
  },
  'things twice, things of other kinds': {
    files: {
      'tenant.yaml': `resourceServers:
  - &api { name: Depot, identifier: urn:depot, signing_alg: RS256, scopes: [{ value: r }, { value: w }] }
  - *api
  - { name: 1.5, identifier: 2024, signing_alg: EdDSA, token_lifetime: 99999999 }
  - { name: Bad scopes, identifier: urn:bad, scopes: [a b, { value: 'x"y' }, ok] }
  - { name: nothing }
  - null
  - text
clients:
  - &base
    name: Night job
    client_id: night
    app_type: non_interactive
    callbacks: []
  - { <<: *base, client_id: night }
  - { <<: *base, client_id: 'day job', name: Day job }
  - { <<: *base, name: '' }
clientGrants:
  - { client_id: night, audience: urn:depot, scope: [r] }
  - { client_id: Night job, audience: urn:depot, scope: 'w r' }
  - { client_id: day job, audience: 2024, scope: [] }
  - { client_id: night, scope: [] }
  - []
`,
    },
    args: ['tenant.yaml'],
    read: [7, 4, 5],
    taken: [3, 2, 3],
  },
} satisfies Record<string, Fixture>;
