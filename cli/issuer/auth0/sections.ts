/** The parts of an export, by the names that the Management API and the Deploy CLI have for them. */
import { isTable, type Table } from '../../text/json.ts';
import type { Kind } from './report.ts';

/** Of tenant.yaml, and of answers of the Management API with `include_totals`. */
export const SECTIONS: Readonly<Record<string, Kind>> = {
  resourceServers: 'api',
  resource_servers: 'api',
  clients: 'client',
  clientGrants: 'grant',
  client_grants: 'grant',
};

/** Folders of the Deploy CLI (seen in auth0-deploy-cli: src/tools/constants.ts), with the sections they stand for. */
export const FOLDERS: ReadonlyMap<string, { readonly kind: Kind; readonly section: string }> = new Map([
  ['resource-servers', { kind: 'api', section: 'resourceServers' }],
  ['clients', { kind: 'client', section: 'clients' }],
  ['grants', { kind: 'grant', section: 'clientGrants' }],
]);

/** Members of an answer of the Management API that only say which page it is. */
export const PAGE_MEMBERS = ['start', 'limit', 'length', 'total', 'next'];

/** Other sections of tenant.yaml, by which it is known where it has no API, client or grant. */
const OTHERS = [
  ...['actions', 'rules', 'rulesConfigs', 'hooks', 'triggers', 'connections', 'databases', 'tenant', 'pages'],
  ...['roles', 'organizations', 'emailTemplates', 'emailProvider', 'branding', 'prompts', 'themes', 'forms'],
  ...['flows', 'logStreams', 'customDomains', 'attackProtection', 'guardianFactors', 'guardianPolicies'],
];

export const hasSections = (document: Table) =>
  Object.keys(document).some((name) => name in SECTIONS || OTHERS.includes(name)) && !isOne(document);

/** A single object: it has a name or an audience, which no tenant.yaml has at its top. */
const isOne = (one: Table) =>
  ['name', 'identifier', 'audience', 'client_id'].some((name) => typeof one[name] === 'string');

/** Members that only clients have. */
const OF_CLIENTS = [
  ...['client_id', 'client_secret', 'client_metadata', 'app_type', 'grant_types', 'callbacks'],
  ...['token_endpoint_auth_method', 'is_first_party', 'oidc_conformant', 'jwt_configuration'],
];
/** Connections and actions have a name and members of these names, too. */
const NOT_OF_CLIENTS = ['strategy', 'supported_triggers', 'script', 'permissions'];

/** What a single object is, by its members. */
export function kindOf(one: unknown): Kind | undefined {
  if (!isTable(one)) return;
  if ('identifier' in one) return 'api';
  if ('audience' in one && ('client_id' in one || 'scope' in one)) return 'grant';
  const isClient =
    OF_CLIENTS.some((name) => name in one) && !NOT_OF_CLIENTS.some((name) => name in one) && 'name' in one;
  return isClient ? 'client' : undefined;
}
