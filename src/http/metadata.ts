import { valuesOf } from '../policy/demands.ts';
import type { Api, Policy } from '../policy/policy.ts';
import { METADATA_PATH, metadataUrl, normaliseHost } from '../policy/uri.ts';

const MAX_AGE_SECONDS = 300;

/** The protected resource metadata (RFC 9728 §2) of every API that has a resource identifier, by host and path. */
export interface MetadataIndex {
  /** The document at a URL, as JSON. */
  find(url: string): string | undefined;
  /** The URL to name in challenges (RFC 9728 §5.1). */
  urlFor(api: Api): string | undefined;
}

/** Built once: APIs that share a resource identifier share its document. */
export function indexMetadata(policy: Policy): MetadataIndex {
  const documents = new Map<string, string>();
  const urls = new Map<Api, string>();
  for (const [resource, apis] of groupByResource(policy.apis)) {
    const url = metadataUrl(resource);
    documents.set(documentKey(url.host, url.pathname), JSON.stringify(describe(resource, apis)));
    for (const api of apis) urls.set(api, url.href);
  }
  return {
    find(url) {
      // Most requests end here. Folding by the URL parser does no harm: the document is public.
      if (!url.includes(METADATA_PATH) || !URL.canParse(url)) return undefined;
      const { host, pathname } = new URL(url);
      return documents.get(documentKey(host, pathname));
    },
    urlFor: (api) => urls.get(api),
  };
}

const documentKey = (host: string, path: string) => `${normaliseHost(host)} ${path}`;

export function renderMetadata(document: string): Response {
  return new Response(document, {
    headers: {
      'content-type': 'application/json',
      'cache-control': `max-age=${MAX_AGE_SECONDS}`,
      // Public by nature, and read by clients in browsers too.
      'access-control-allow-origin': '*',
    },
  });
}

function describe(resource: string, apis: readonly Api[]) {
  const issuers = new Set(apis.flatMap((api) => api.issuers.map(({ issuer }) => issuer)));
  const scopes = [...new Set(apis.flatMap(scopesOf))];
  return {
    resource,
    authorization_servers: [...issuers],
    ...(scopes.length > 0 && { scopes_supported: scopes.sort() }),
    // An empty list: none of those that RFC 6750 has.
    bearer_methods_supported: apis.some(({ tokenFrom }) => tokenFrom.kind === 'authorization')
      ? ['header']
      : [],
  };
}

/** As clients ask for them: the names that the policy lists, else those of the routes. */
const scopesOf = ({ scopesSupported, scopePrefix, routes }: Api): readonly string[] =>
  scopesSupported ??
  valuesOf(
    routes.flatMap((route) => route.demands),
    'scope',
  ).map((one) => `${scopePrefix}${one}`);

function groupByResource(apis: readonly Api[]): Map<string, Api[]> {
  const groups = new Map<string, Api[]>();
  for (const api of apis) {
    if (api.resource === undefined) continue;
    groups.set(api.resource, [...(groups.get(api.resource) ?? []), api]);
  }
  return groups;
}
