/** The wrangler.toml that `claimgate init` writes: one API, and a Worker that can be deployed as it is. */
import { renderPair } from '../formats/inline-toml.ts';
import type { Answers } from './answers.ts';

/** The gateway was tested with this date. */
export const COMPATIBILITY_DATE = '2026-10-01';

/**
 * @param packagePath where the package is, as seen from the file
 * @param issuerWorker the issuer's Worker, where the project has its own
 */
export function renderPolicyFile(answers: Answers, packagePath: string, issuerWorker?: string): string {
  const { name, issuer, audience, origin, host } = answers;
  const topic = topicOf(answers);
  const api = apiName(answers);
  const [, service] = /^service:(.*)$/.exec(origin) ?? [];
  const binding = service?.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  const parts = [
    `#:schema ${packagePath}/docs/policy.schema.json
${renderPair('name', name)}
${renderPair('main', `${packagePath}/dist/worker.js`.replace(/^\.\//, ''))}
${renderPair('compatibility_date', COMPATIBILITY_DATE)}
minify = true
upload_source_maps = true
observability = { enabled = true }
`,
    host !== undefined &&
      `# Clients come by this host only, not by one of workers.dev.
${renderPair('routes', [{ pattern: host, custom_domain: true }])}
workers_dev = false
`,
    `[build]
command = "npx --no-install claimgate check" # stops \`wrangler deploy\` where the policy has errors
`,
    `[triggers]
crons = ["*/5 * * * *"] # fetches the issuer's keys into KV, so that no request waits for them
`,
    `# Without an id, \`wrangler deploy\` makes the namespace, or finds the one that it has made. To name one of your own:
# npx --no-install wrangler kv namespace create claimgate-keys --binding KEYS --update-config
[[kv_namespaces]]
binding = "KEYS" # whoever can write to it can mint tokens
`,
    `# Secrets that the policy names, such as those of origin_headers: while one is not set, wrangler does not deploy.
[secrets]
required = []
`,
    service !== undefined &&
      `[[services]]
${renderPair('binding', binding)}
${renderPair('service', service)}
`,
    issuerWorker !== undefined &&
      `[[services]]
binding = "ISSUER"
${renderPair('service', issuerWorker)} # issuer/wrangler.toml; deploy it first
`,
    `# --- The policy. Every field: ${packagePath}/docs/policy.md. Nothing passes that is not named here. ---

[vars.ISSUERS.main]
${renderPair('issuer', issuer)} # compared literally, slash included${issuerWorker === undefined ? '' : '\nservice = "ISSUER" # its keys come through the binding'}
`,
    `[vars.${api}]
${host === undefined ? '# hosts = ["api.example.com"]' : renderPair('hosts', [host])}
${renderPair('origin', binding === undefined ? origin : `service:${binding}`)}
${renderPair('audience', audience)} # a token for another API never passes
`,
    `# Replace these by your routes; the most specific path serves a request, whatever the order.
[vars.${api}.routes]
"GET /${topic}"                       = { scopes_all = ["read:${topic}"] }
"GET /${topic}/*"                     = { scopes_all = ["read:${topic}"] }
"POST /${topic}"                      = { scopes_all = ["write:${topic}"] }
"POST|PUT|PATCH|DELETE /${topic}/*"   = { scopes_all = ["write:${topic}"] }
`,
  ];
  return parts.filter((part) => part !== false).join('\n');
}

/** The name of the API's table. */
export const apiName = (answers: Answers): string =>
  `API_${topicOf(answers).toUpperCase().replaceAll('-', '_')}`;

/** Routes to begin with. */
export function firstRoutes(answers: Answers): Readonly<Record<string, object>> {
  const topic = topicOf(answers);
  return {
    [`GET /${topic}`]: { scopes_all: [`read:${topic}`] },
    [`GET /${topic}/*`]: { scopes_all: [`read:${topic}`] },
    [`POST /${topic}`]: { scopes_all: [`write:${topic}`] },
    [`POST|PUT|PATCH|DELETE /${topic}/*`]: { scopes_all: [`write:${topic}`] },
  };
}

/** The API's topic, for its name, paths and scopes: `orders-gateway` is about orders. */
export function topicOf({ name }: Answers): string {
  return name.replace(/-?(gateway|gw|api)\b/g, '').replace(/^-+|-+$/g, '') || 'items';
}
