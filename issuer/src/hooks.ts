/**
 * Yours to edit: what runs before a token is signed. Actions run in order; docs/hooks.md tells what they can do, and
 * actions/examples.ts has some to start from. An old Auth0 hook goes in as it is: `fromHook(hook)`.
 */
import type { CredentialsExchangeAction } from './actions/types.ts';

export const actions: readonly CredentialsExchangeAction[] = [];
