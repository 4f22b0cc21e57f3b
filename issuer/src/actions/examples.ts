/**
 * Actions for common wishes, to be used in `hooks.ts` as they are, or as a start. Metadata of clients is set with
 * `claimgate client create --metadata NAME=VALUE`.
 */
import type { CredentialsExchangeAction } from './types.ts';

/** Adds a claim: the user that the client acts for, from its metadata `user_id`. */
export const addUserId: CredentialsExchangeAction = ({ client }, api) => {
  api.accessToken.setCustomClaim('https://api.example.com/user_id', client.metadata['user_id']);
};

/** Adds a claim: the tenant of the client, from its metadata `tenant`. No token without one. */
export const requireTenant: CredentialsExchangeAction = ({ client }, api) => {
  const tenant = client.metadata['tenant'];
  if (tenant === undefined) return api.access.deny('invalid_request', 'The client belongs to no tenant.');
  api.accessToken.setCustomClaim('https://api.example.com/tenant', tenant);
};

/** Narrows scopes: clients with the metadata `plan` = `free` only read. */
export const readOnlyOnFreePlan: CredentialsExchangeAction = ({ client, accessToken }, api) => {
  if (client.metadata['plan'] !== 'free') return;
  api.transaction.setTargetScopes(accessToken.scope.filter((scope) => scope.startsWith('read:')));
};

/** Denies by country: clients with the metadata `countries` (such as `DE,FR`) come from there only. */
export const onlyFromCountries: CredentialsExchangeAction = ({ client, request }, api) => {
  const allowed = client.metadata['countries']?.split(',');
  if (allowed === undefined) return;
  // An unknown country is no allowed one.
  if (!allowed.includes(request.geoip.countryCode ?? ''))
    api.access.deny('invalid_request', 'No tokens are issued to this country.');
};
