import type { ErrorLine } from '../../src/error-line.ts';
import { FAILURES, type Failure, type FailureCode } from './failure.ts';
import { isClientId } from './records.ts';
import { SECRET_PREFIX } from './secret-prefix.ts';

/** Written to the console as JSON, one line each. Never a secret, an assertion or a token. */
export type IssuerLogLine =
  | TokenLine
  | { readonly event: 'issuer_misconfigured'; readonly faults: readonly object[] }
  | { readonly event: 'record_invalid'; readonly key: string }
  | ErrorLine;

/** One token request. */
export interface TokenLine {
  readonly time: string;
  /** Auth0's log codes: success or failure of an exchange of client credentials. */
  readonly type: 'seccft' | 'feccft';
  readonly request_id: string;
  readonly ray?: string | undefined;
  readonly ip: string;
  readonly country?: string | undefined;
  readonly status: number;
  readonly error?: string | undefined;
  /** The code of the failure, more exact than what the client was told. */
  readonly reason?: FailureCode | undefined;
  readonly reason_detail?: string | undefined;
  readonly auth_method?: string | undefined;
  /** Only of a client that has authenticated. */
  readonly client_id?: string | undefined;
  readonly credential?: string | undefined;
  readonly audience?: string | undefined;
  readonly scope?: string | undefined;
  readonly kid?: string | undefined;
  readonly jti?: string | undefined;
  /** What actions wanted and did not get. */
  readonly ignored_claims?: readonly string[] | undefined;
  readonly dropped_scopes?: readonly string[] | undefined;
  /** What a client that did not authenticate said it was. */
  readonly unverified_client_id?: string | undefined;
}

/** What is known of a request at its end. Filled in on the way, so that a failure tells how far it came. */
export type Trace = {
  -readonly [K in Exclude<
    keyof TokenLine,
    'time' | 'type' | 'request_id' | 'ip' | 'status' | 'error' | 'reason' | 'reason_detail'
  >]: TokenLine[K];
};

const MAX_LOGGED_LENGTH = 128;
/** Ids that are made here, and Auth0's, have so many characters; secrets have more. */
const MAX_UNVERIFIED_ID_LENGTH = 32;

/**
 * The id that a client gave which has not authenticated. Left out if there can't be such a client: then it could be
 * id and secret together, or a token; or if it is a secret that was put into the wrong field.
 */
export function unverified(clientId: string): string | undefined {
  const plausible = isClientId(clientId) && clientId.length <= MAX_UNVERIFIED_ID_LENGTH;
  return plausible && hideSecrets(clientId) === clientId ? clientId : undefined;
}

/** Text of the request, also of a client that has authenticated: its secret may stand in the wrong field. */
const loggable = (text: string) => hideSecrets(text).slice(0, MAX_LOGGED_LENGTH);

const hideSecrets = (text: string) => text.replace(SECRET, `${SECRET_PREFIX}…`);
/** So many characters that nothing else looks like it. */
const SECRET = new RegExp(`${SECRET_PREFIX}\\w{32,}`, 'g');

/** The value that the failure's row names, without a secret that may be in it. */
export function reasonDetail(failure: Failure): string | undefined {
  const { logged } = FAILURES[failure.code];
  const value = logged == null ? undefined : (failure as Readonly<Record<string, unknown>>)[logged];
  if (value === undefined) return undefined;
  return loggable(Array.isArray(value) ? value.join(' ') : String(value));
}

/** The same line without a secret that the request presented, wherever a client put it besides. */
export function withoutSecret<T extends object>(line: T, secret: string | undefined): T {
  if (secret === undefined || secret.length < MIN_HIDDEN_LENGTH) return line;
  const text = JSON.stringify(line);
  const quoted = JSON.stringify(secret).slice(1, -1);
  return text.includes(quoted) ? (JSON.parse(text.replaceAll(quoted, '…')) as T) : line;
}
/** Nothing shorter is a secret; replacing it would only garble the line. */
const MIN_HIDDEN_LENGTH = 16;
