import type { VerifiedRequest } from 'claimgate/origin';
import { fail, ok, type Read } from './problem.ts';

/** Who asks, as the gateway has verified. */
export interface Caller {
  /** Whose entries the caller's own are: the user that the client acts for, else the token's subject. */
  readonly owner: string;
  /** Whose idempotency keys these are: the client, else the token's subject. */
  readonly client: string;
}

const USER_CLAIM = 'https://api.example.com/user_id';

/** Reads the caller out of the gateway's assertion; no token comes here. Without a subject, nobody is let in. */
export function readCaller({ caller }: VerifiedRequest): Read<Caller> {
  const { subject, client, claims = {} } = caller ?? {};
  const user = claims[USER_CLAIM];
  if (subject === undefined || (user !== undefined && (typeof user !== 'string' || user === '')))
    return fail(NO_CALLER);
  return ok({ owner: user ?? subject, client: client ?? subject });
}

const NO_CALLER = {
  status: 401,
  title: 'No caller',
  detail: 'The gateway vouches for this request, but names nobody: a token with a subject is needed.',
} as const;
