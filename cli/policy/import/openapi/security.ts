/** Security schemes and requirements. Two schemes are one only where the description leaves no doubt. */
import { isTable, listOf, type Table, textOf } from '../../../text/json.ts';
import type { Access, Alternative, Scheme } from '../operations.ts';
import { type At, type Follow, isUnread, step } from './references.ts';
import { authorizerOf, foreignRules } from './vendors.ts';

/** More than any description has. */
const MAX_ALTERNATIVES = 100;
const MAX_SCHEMES = 20;
const MAX_SCOPES = 200;

export type FindScheme = (name: string) => Promise<Scheme>;

/** @param root the description; names are those of its components, wherever an operation stands */
export function createFindScheme(root: At, schemes: At, follow: Follow): FindScheme {
  const known = new Map<string, Promise<Scheme>>();
  const find = async (name: string): Promise<Scheme> => {
    let at = step(schemes, name);
    // 3.2: a name may be a reference.
    if (at.value === undefined && /[#/]/.test(name)) at = { ...root, value: { $ref: name } };
    if (at.value === undefined) return { kind: 'unknown', name, why: 'which is not defined' };
    const found = await follow(at);
    if (isUnread(found)) return { kind: 'unknown', name, why: `which was not read: ${found.unread}` };
    return readScheme(name, found.value);
  };
  return (name) => {
    const scheme = known.get(name) ?? find(name);
    known.set(name, scheme);
    return scheme;
  };
}

function readScheme(name: string, value: unknown): Scheme {
  if (!isTable(value)) return { kind: 'unknown', name, why: 'which is no scheme' };
  const other = (what: string): Scheme => ({ kind: 'other', name, what });
  const { type } = value;
  const kind = type === 'http' ? `${type} ${String(value['scheme']).toLowerCase()}` : String(type);
  const own = value['x-claimgate-issuer'];
  const authorizer = authorizerOf(value);
  if (authorizer !== undefined && 'custom' in authorizer)
    return { kind: 'unknown', name, why: authorizer.custom };
  const token = {
    kind: 'token',
    name,
    notes: foreignRules(value, `the scheme ${JSON.stringify(name)}`),
  } as const;
  const known = (issuer: string, audience: readonly string[], says: string): Scheme => ({
    ...token,
    key: `issuer ${issuer}`,
    issuer,
    says,
    audience,
  });
  if (authorizer !== undefined)
    return known(authorizer.issuer, authorizer.audience, 'its authorizer names it');
  if (typeof own === 'string' && /^(oauth2|openIdConnect|http bearer)$/.test(kind))
    return known(own, [], 'an export of claimgate names it');
  if (kind === 'openIdConnect') {
    const url = textOf(value['openIdConnectUrl']);
    const issuer = url && issuerOfMetadata(url);
    if (issuer) return known(issuer, [], 'openIdConnectUrl names it');
  }
  if (kind === 'oauth2') {
    const metadata = textOf(value['oauth2MetadataUrl']);
    const issuer = metadata && issuerOfMetadata(metadata);
    if (issuer) return known(issuer, [], 'oauth2MetadataUrl names it');
    const { key, says } = flowsOf(value);
    return {
      ...token,
      key: key === '' ? `scheme ${name}` : `oauth2 ${key}`,
      issuer: undefined,
      says,
      audience: [],
    };
  }
  if (kind === 'openIdConnect' || kind === 'http bearer')
    return {
      ...token,
      key: `scheme ${name}`,
      issuer: undefined,
      says: `${kind}, and no address`,
      audience: [],
    };
  if (kind === 'apiKey')
    return other(`apiKey in ${String(value['in'])} ${JSON.stringify(String(value['name']))}`);
  if (kind === 'mutualTLS' || kind.startsWith('http ')) return other(kind);
  return { kind: 'unknown', name, why: `whose type ${JSON.stringify(type)} is unknown` };
}

/** OpenID Connect Discovery §4 puts the well-known part last, RFC 8414 §3 behind the host. */
function issuerOfMetadata(url: string): string | undefined {
  const issuer = url
    .replace(/\.well-known\/openid-configuration\/?$/, '')
    .replace(/\/\.well-known\/(?:oauth-authorization-server|openid-configuration)(?=\/|$)/, '');
  return /^https?:\/\/[^\s/]+/.test(issuer) ? issuer : undefined;
}

/** The same flows at the same addresses are one scheme written twice; any other may be another kind of token. */
function flowsOf({ flows }: Table): { key: string; says: string } {
  const all = isTable(flows)
    ? Object.entries(flows).filter(([name, flow]) => isTable(flow) && !name.startsWith('x-'))
    : [];
  const addresses = all.map(([name, flow]) => {
    const { tokenUrl, authorizationUrl, deviceAuthorizationUrl } = flow as Table;
    return [name, tokenUrl, authorizationUrl, deviceAuthorizationUrl].map((one) => textOf(one) ?? '');
  });
  const tokenUrl = addresses.map((one) => one[1] || one[2]).find(Boolean);
  const hasAddress = addresses.some((one) => one.slice(1).some(Boolean));
  return {
    key: hasAddress ? JSON.stringify(addresses.sort()) : '',
    says: tokenUrl === undefined ? 'oauth2, and no address' : `oauth2, with tokens from ${tokenUrl}`,
  };
}

/**
 * Who may call an operation.
 *
 * @param security of the operation, else of the description
 */
export async function readAccess(security: unknown, find: FindScheme): Promise<Access> {
  if (security === undefined) return { kind: 'unsaid' };
  const unread = (text: string): Access => ({ kind: 'unread', note: { tag: 'security', text } });
  if (!Array.isArray(security)) return unread('its security is not a list, and was not understood');
  if (security.length === 0) return { kind: 'open' };
  if (security.length > MAX_ALTERNATIVES)
    return unread(`its security has more than ${MAX_ALTERNATIVES} alternatives`);
  const alternatives: Alternative[] = [];
  for (const one of security) {
    const alternative = await readAlternative(one, find);
    if (alternative === undefined) return unread('its security has something that was not understood');
    alternatives.push(alternative);
  }
  return alternatives.every((one) => one.length === 0) ? { kind: 'open' } : { kind: 'asked', alternatives };
}

async function readAlternative(value: unknown, find: FindScheme): Promise<Alternative | undefined> {
  if (!isTable(value)) return undefined;
  const all: Alternative[number][] = [];
  if (Object.keys(value).length > MAX_SCHEMES) return undefined;
  for (const [name, scopes] of Object.entries(value)) {
    // YAML writes `- login:` for an empty list.
    const list = scopes === null ? [] : scopes;
    if (!Array.isArray(list) || list.length > MAX_SCOPES || !list.every((one) => typeof one === 'string'))
      return undefined;
    all.push({ scheme: await find(name), scopes: [...new Set<string>(listOf(list) as string[])] });
  }
  return all;
}
