/** Members of an export's objects that are not taken: those that change who gets what have a note each. */
import { isTable, type Table } from '../../text/json.ts';
import type { Kind, Report } from './report.ts';

/** What is taken, or answered with a note of its own elsewhere. */
const TAKEN: Readonly<Record<Kind, readonly string[]>> = {
  api: [
    ...['identifier', 'name', 'scopes', 'token_lifetime', 'signing_alg', 'token_dialect', 'id', 'is_system'],
    'subject_type_authorization',
  ],
  client: [
    ...[
      'client_id',
      'name',
      'client_secret',
      'client_metadata',
      'grant_types',
      'app_type',
      'global',
      'tenant',
    ],
    'token_endpoint_auth_method',
  ],
  grant: ['client_id', 'audience', 'scope', 'allow_all_scopes', 'subject_type', 'id', 'organization_usage'],
};

/** Members of weight, and what it means here that they are gone. */
const WEIGHTY: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  api: {
    token_encryption: 'tokens are not encrypted here',
    proof_of_possession: 'tokens are not bound to keys here',
    authorization_details: 'there are no authorization_details here',
    authorization_policy: 'its authorization_policy is not taken',
    consent_policy: 'there is no consent here, so its consent_policy is not taken',
  },
  client: {
    require_proof_of_possession: 'tokens are not bound to keys here',
    token_quota: 'there are no quotas here',
    default_organization: 'there are no organizations here',
    organization_require_behavior: 'there are no organizations here',
    client_authentication_methods:
      'its public keys are not in the export; add each with: claimgate client key add',
    signing_keys: 'its signing_keys are not taken',
  },
  grant: {
    authorization_details_types: 'there are no authorization_details here',
    allow_any_organization: 'there are no organizations here',
  },
};

export function noteMembers(kind: Kind, one: Table, note: (text: string) => void, { members }: Report): void {
  for (const [name, value] of Object.entries(one)) {
    if (TAKEN[kind].includes(name) || isNothing(value)) continue;
    const text = Object.hasOwn(WEIGHTY[kind], name) ? WEIGHTY[kind][name] : undefined;
    if (text === undefined) members[kind].add(name);
    else note(text);
  }
}

const isNothing = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  value === 'no_prompt' ||
  (Array.isArray(value) && value.length === 0) ||
  (isTable(value) && Object.keys(value).length === 0);
