/**
 * Headers in which well-known gateways tell who is calling. An origin that stood behind one of them may still believe
 * them, and no client has a use for them. docs/origins.md lists them, and says which were left out.
 */

export interface IdentityHeaders {
  /** Who sets them. */
  readonly by: string;
  /** Normalised names; one that ends with `-` stands for all that begin so. */
  readonly names: readonly string[];
}

export const IDENTITY_HEADERS_OF_OTHERS: readonly IdentityHeaders[] = [
  { by: 'oauth2-proxy', names: ['x-auth-request-'] },
  {
    by: 'Kong, Apache APISIX',
    names: ['x-consumer-', 'x-credential-', 'x-anonymous-consumer', 'x-authenticated-', 'x-userinfo'],
  },
  { by: 'AWS ALB', names: ['x-amzn-oidc-', 'x-amzn-mtls-'] },
  {
    by: 'Google IAP, Endpoints, API Gateway',
    names: [
      'x-goog-authenticated-user-',
      'x-goog-iap-jwt-assertion',
      'x-endpoint-api-userinfo',
      'x-apigateway-api-userinfo',
    ],
  },
  {
    by: 'Azure App Service',
    names: ['x-ms-client-principal', 'x-ms-client-principal-', 'x-ms-token-', 'x-arr-clientcert'],
  },
  { by: 'Pomerium', names: ['x-pomerium-claim-', 'x-pomerium-jwt-assertion'] },
  { by: 'Authelia', names: ['remote-user', 'remote-groups', 'remote-name', 'remote-email'] },
  { by: 'authentik', names: ['x-authentik-'] },
  { by: 'Vouch Proxy', names: ['x-vouch-user', 'x-vouch-idp-'] },
  { by: 'Tailscale Serve', names: ['tailscale-user-'] },
  { by: 'Apache mod_auth_openidc', names: ['oidc-claim-'] },
  { by: 'SiteMinder', names: ['sm-user', 'sm-userdn', 'sm-universalid', 'smuser'] },
  { by: 'IBM WebSEAL', names: ['iv-user', 'iv-user-l', 'iv-groups', 'iv-creds'] },
  { by: 'Oracle Access Manager, WebLogic plug-ins', names: ['oam-remote-user', 'wl-proxy-'] },
  { by: 'Kubernetes, auth proxies of Grafana and others', names: ['x-remote-', 'x-webauth-'] },
  {
    by: 'servers that checked a client certificate (ingress-nginx, HAProxy, RFC 9440)',
    names: [
      'ssl-client-',
      'x-ssl-client-',
      'x-client-cert',
      'x-client-cert-',
      'client-cert',
      'client-cert-chain',
    ],
  },
];

const EXACT = new Set<string>();
const PREFIXES: string[] = [];
for (const name of IDENTITY_HEADERS_OF_OTHERS.flatMap(({ names }) => names)) {
  if (name.endsWith('-')) PREFIXES.push(name);
  else EXACT.add(name);
}

/** @param normalised a name as `normaliseHeaderName` gives it */
export const tellsIdentity = (normalised: string): boolean =>
  EXACT.has(normalised) || PREFIXES.some((prefix) => normalised.startsWith(prefix));
