import type { FailureLimit } from './client/failure-limit.ts';
import type { Issuer } from './environment.ts';
import type { Trace } from './log.ts';

/** One token request on its way, and what is learnt of it. */
export interface Exchange {
  readonly request: Request;
  readonly requestId: string;
  readonly issuer: Issuer;
  readonly failures: FailureLimit;
  /** What the log is to say, filled in on the way: a failure tells how far it came. */
  readonly trace: Partial<Trace>;
  /** The secret or assertion that the client sent: in no log line, wherever else the client put it. */
  presented: string | undefined;
}

/** The address that the platform saw. */
export function readAddress(request: Request): string {
  return request.headers.get('cf-connecting-ip') ?? '';
}
