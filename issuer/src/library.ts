/**
 * What a Worker of one's own imports as `claimgate/issuer`, to run hooks that are in its own files:
 *
 *     export { AssertionReplay } from 'claimgate/issuer';
 *     export default createIssuer({ env, actions: [mine] });
 */

export {
  fromHook,
  InvalidRequestError,
  InvalidScopeError,
  type LegacyHook,
  ServerError,
} from './actions/legacy.ts';
export type {
  CredentialsExchangeAction,
  CredentialsExchangeApi,
  CredentialsExchangeEvent,
} from './actions/types.ts';
export { AssertionReplay } from './client/replay.ts';
export { createIssuer, type IssuerOptions } from './issuer.ts';
export type { IssuerLogLine } from './log.ts';
