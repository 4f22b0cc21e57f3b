/** What gateways write into descriptions: rules that are read, and others that are named. */
import { isTable, listOf, type Table, textOf } from '../../../text/json.ts';
import type { Note } from '../operations.ts';

type Authorizer =
  | { readonly issuer: string; readonly audience: readonly string[] }
  | { readonly custom: string };

/** Who issues the tokens of a scheme, as its gateway's extension says. */
export function authorizerOf(scheme: Table): Authorizer | undefined {
  return amazonAuthorizer(scheme) ?? googleIssuer(scheme);
}

/** JWT authorizers of HTTP APIs, Cognito authorizers of REST APIs; Lambda authorizers are code. */
function amazonAuthorizer(scheme: Table): Authorizer | undefined {
  const authorizer = scheme['x-amazon-apigateway-authorizer'];
  const kind = textOf(scheme['x-amazon-apigateway-authtype']);
  if (!isTable(authorizer)) {
    return kind === undefined || kind === 'oauth2'
      ? undefined
      : { custom: `whose calls are checked by ${kind}` };
  }
  const { type, jwtConfiguration: jwt } = authorizer;
  const issuer = isTable(jwt) ? textOf(jwt['issuer']) : undefined;
  if (type === 'jwt' && isTable(jwt) && issuer !== undefined)
    return { issuer, audience: textsOf(jwt['audience']) };
  const pools = textsOf(authorizer['providerARNs']).map((arn) =>
    /^arn:aws[\w-]*:cognito-idp:([\w-]+):\d*:userpool\/([\w-]+)$/.exec(arn),
  );
  const [pool] = pools;
  if (type === 'cognito_user_pools' && pools.length === 1 && pool)
    return { issuer: `https://cognito-idp.${pool[1]}.amazonaws.com/${pool[2]}`, audience: [] };
  return { custom: `whose ${String(type)} authorizer decides by code that the description does not have` };
}

/** Cloud Endpoints, API Gateway and ESPv2. */
function googleIssuer(scheme: Table): Authorizer | undefined {
  const issuer = textOf(scheme['x-google-issuer']);
  if (issuer === undefined) return undefined;
  return { issuer, audience: (textOf(scheme['x-google-audiences']) ?? '').split(/[\s,]+/).filter(Boolean) };
}

const textsOf = (value: unknown): string[] =>
  (typeof value === 'string' ? [value] : listOf(value)).filter(
    (one): one is string => typeof one === 'string',
  );

/** Plugins and policies that decide who gets in. */
const WHO =
  /acl|auth|jwt|key|oidc|openid|saml|ldap|mtls|opa|session|ip-?(restriction|filter|whitelist|allow)|bot-detection|token|permission|role|scope|policy|introspection/i;

/**
 * Rules in an extension that nobody reads here: whatever has some must not be open to others.
 *
 * @param what the table is of, for people
 */
export function foreignRules(table: Table, what: string): Note[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const rules = rulesOf(name, value);
    return rules === undefined
      ? []
      : [
          {
            tag: name,
            text: `${what} has rules that are not read: ${rules}; say them in the policy's words`,
          },
        ];
  });
}

function rulesOf(name: string, value: unknown): string | undefined {
  const isOff = value === null || value === false || (isTable(value) && value['enabled'] === false);
  if (isOff || !/^x-/i.test(name)) return undefined;
  const kong = /^x-kong-(plugin|security)-(.+)$/i.exec(name)?.[2];
  if (kong !== undefined) return WHO.test(kong) ? name : undefined;
  if (/^x-zuplo-route$/i.test(name)) {
    const { policies } = isTable(value) ? value : {};
    const inbound = isTable(policies) ? textsOf(policies['inbound']) : [];
    return inbound.length === 0 ? undefined : `${name}, with the policies ${inbound.join(', ')}`;
  }
  if (/^x-amazon-apigateway-policy$/i.test(name)) return name;
  if (/^x-amazon-apigateway-auth$/i.test(name))
    return isTable(value) && String(value['type']).toUpperCase() === 'NONE' ? undefined : name;
  if (name === 'x-amazon-apigateway-api-key-required' || name === 'x-google-api-key-required')
    return value === true ? name : undefined;
  return undefined;
}

/** Families of extensions that change what a gateway does, beyond those above. */
const FAMILIES =
  /^x-(amazon-apigateway|kong|zuplo|google|azure|apim|ms-apim|tyk|gravitee|apigee|wso2|auth0|envoy|traefik|krakend|apisix|express-gateway)/i;
const NO_RULES =
  /^x-(amazon-apigateway-(any-method|integration|integrations|importexport-version|importexport-type|authtype|authorizer|tag-value|documentation|request-validator|request-validators|gateway-responses|binary-media-types)|zuplo-path|google-(issuer|audiences|jwks_uri)|kong-name|kong-tags)$/i;

/** Whether the summary names an extension: it may say something of limits, CORS or back ends. */
export const isWorthNaming = (name: string): boolean => FAMILIES.test(name) && !NO_RULES.test(name);

/** `:id` in paths: Zuplo's URLPattern, where the path says so. */
export function isColonStyle(item: Table): boolean {
  const mode = item['x-zuplo-path'];
  return isTable(mode) && mode['pathMode'] === 'url-pattern';
}
