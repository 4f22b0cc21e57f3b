import { fail, ok, type Read } from './problem.ts';

/** Who asks, as the gateway has verified. */
export interface Caller {
  /** Whose entries the caller's own are: the user that the client acts for, else the token's subject. */
  readonly owner: string;
  /** Whose idempotency keys these are: the client, else the token's subject. */
  readonly client: string;
}

/**
 * Reads the caller from the gateway's headers; no token comes here. Without a subject, or with a header that the gateway
 * would not write, nobody is let in: such a request has come another way.
 */
export function readCaller(headers: Headers): Read<Caller> {
  const subject = readText(headers, 'x-claim-sub');
  const client = readText(headers, 'x-claim-client-id');
  const user = readText(headers, 'x-claim-user-id');
  if (typeof subject !== 'string' || client === MALFORMED || user === MALFORMED) return fail(NOT_BY_GATEWAY);
  return ok({ owner: user ?? subject, client: client ?? subject });
}

const NOT_BY_GATEWAY = {
  status: 401,
  title: 'Not through the gateway',
  detail:
    'Requests must come through the gateway, with an access token: it tells this service who is calling.',
} as const;

const MALFORMED = Symbol('malformed');

/** A claim header of kind text. A plain comma means that there were two of them: the gateway encodes commas. */
function readText(headers: Headers, name: string): string | undefined | typeof MALFORMED {
  const value = headers.get(name);
  if (value === null) return undefined;
  if (value === '' || value.includes(',')) return MALFORMED;
  try {
    return decodeURIComponent(value);
  } catch {
    return MALFORMED;
  }
}
