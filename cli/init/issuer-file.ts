/** The issuer's folder that `claimgate init --issuer` writes: the package's Worker, with keys and records of its own. */
import { renderPair } from '../formats/inline-toml.ts';
import { quoteWord } from '../text/shell.ts';
import { workerName } from './answers.ts';
import type { AskedPolicy } from './asked-policy.ts';
import { COMPATIBILITY_DATE } from './policy-file.ts';
import type { NewFile } from './project.ts';

/** The binding by which the gateway asks the issuer: two Workers of one zone can't always reach each other by URL. */
const ISSUER_BINDING = 'ISSUER';

export const issuerWorkerName = (gateway: string): string => workerName(`${gateway.slice(0, 47)}-issuer`);

/** A sibling of the API's host, unless a flag names one. */
export function issuerHostOf(named: string | undefined, apiHost: string | undefined): string {
  if (named !== undefined) return named;
  const labels = (apiHost ?? 'example.com').split('.');
  return `auth.${labels.slice(labels.length > 2 ? 1 : 0).join('.')}`;
}

/** @param packagePath where the package is, as seen from the issuer's folder */
export function issuerFiles(name: string, host: string, packagePath: string): NewFile[] {
  return [
    { path: 'issuer/wrangler.toml', text: renderIssuerFile(name, host, packagePath) },
    {
      path: 'issuer/.gitignore',
      text: '# Private keys of this machine, and its state.\n.dev.vars*\n.wrangler/\n',
    },
  ];
}

function renderIssuerFile(name: string, host: string, packagePath: string): string {
  return `# The issuer: access tokens for clients that are programs. ${packagePath}/docs/issuer.md has all of it.
${renderPair('name', name)}
# For hooks of your own: main = "src/index.ts", as docs/hooks.md of the package shows.
${renderPair('main', `${packagePath}/dist/issuer.js`)}
${renderPair('compatibility_date', COMPATIBILITY_DATE)}
minify = true
upload_source_maps = true
observability = { enabled = true }
# One address only: the one that stands in tokens.
${renderPair('routes', [{ pattern: host, custom_domain: true }])}
workers_dev = false

[vars]
${renderPair('ISSUER', `https://${host}/`)} # stands in every token as \`iss\`; compared literally, slash included

[dev]
port = 8788

[[kv_namespaces]] # APIs, clients and grants. Whoever can write to it can grant; not the gateway's namespace
binding = "ISSUER_KV"

[[durable_objects.bindings]] # remembers used client assertions; without it, one can be used again until it expires
name = "ASSERTIONS"
class_name = "AssertionReplay"

[[migrations]]
tag = "v1"
new_sqlite_classes = ["AssertionReplay"]

[[ratelimits]] # tokens for one client, at one Cloudflare location
name = "CLIENT_LIMIT"
namespace_id = "9401"
simple = { limit = 300, period = 60 }

[[ratelimits]] # failures to authenticate, for one client from one address
name = "FAILURE_LIMIT"
namespace_id = "9402"
simple = { limit = 10, period = 60 }
`;
}

/** What comes next, on this machine. */
export function issuerSteps(
  wanted: string,
  scopes: readonly string[],
): readonly (readonly [command: string, what: string])[] {
  const audience = quoteWord(wanted);
  const flags = scopes.map((scope) => `--scope ${quoteWord(scope)}`).join(' ');
  return [
    ['npx claimgate issuer init', 'keys that sign, for this machine'],
    [`npx claimgate api create ${audience} ${flags} --lifetime 1h`, 'the API that tokens are for'],
    ['npx claimgate client create "My Job"', 'a client; its secret is printed once'],
    [`npx claimgate client grant "My Job" ${audience} --all-scopes`, 'what it may have tokens for'],
    ['npx wrangler dev --config issuer/wrangler.toml', 'the issuer, on http://localhost:8788'],
    [
      `CLIENT_SECRET=… npx claimgate token CLIENT_ID ${audience} --at http://localhost:8788`,
      'a token, and what the policy says of it',
    ],
  ];
}

/** The lines that a policy which is there already needs. @param asked what it has, as far as it can be read */
export const policyLines = (host: string, worker: string, asked: AskedPolicy | undefined): string[] => [
  '[[services]]',
  renderPair('binding', ISSUER_BINDING),
  renderPair('service', worker),
  '',
  '[vars.ISSUERS.own]',
  renderPair('issuer', `https://${host}/`),
  renderPair('service', ISSUER_BINDING),
  ...(asked === undefined || asked.issuers.length === 0
    ? []
    : [
        '',
        `[vars.${asked.api}] # and each other API that takes tokens of both`,
        renderPair('issuer', [...asked.issuers, 'own']),
      ]),
];
