import type { AssertionSettings } from './assertion.ts';

/** What the policy says of the gateway as a whole. */
export interface Settings {
  readonly logSubject: 'none' | 'hash' | 'plain';
  /** Share of allowed requests that are logged, 0 to 1. Denials always are. */
  readonly logSample: number;
  /** Which lines of the log have the fields that trace a request. */
  readonly logRequests: 'denied' | 'all' | 'none';
  readonly blockedClients: ReadonlySet<string>;
  readonly blockedKids: ReadonlySet<string>;
  /** The path that the gateway answers itself, on every host. */
  readonly healthPath: string | undefined;
  /** The page that problem types link to, without fragment. */
  readonly problemBase: string | undefined;
  /** The binding of the object that writes revocations and switches down, where the policy asks for them. */
  readonly revocation: string | undefined;
  /** Who signs assertions, where some API asks for them. */
  readonly assertion: AssertionSettings | undefined;
}
