/** Reasons that ops and security events make, without a deployment. */
import type { GatewayReasons } from '../explained.ts';

export const REVOCATION = {
  token_revoked: {
    example: { code: 'token_revoked', by: 'subject', entry: 17 },
    log: 'says by what: `token`, `subject`, `session`, `client` or `issuer`. `entry` has the number of the revocation.',
    causes: [
      'Ops revoked the token, its user, its session, its client, or all tokens of its issuer up to a moment.',
      'A security event of the identity provider did: a session ended, a credential changed, an account was disabled.',
      'The token was issued within seconds after the revocation: clocks may differ by the `clock_tolerance` of the issuer.',
    ],
    client:
      'Get a new token, and half a minute later one more, if that is refused too: clocks differ. Then the user has to sign in again; a program without users asks the operator.',
    operator:
      'Run `npx claimgate switches`: the entry of that number says who revoked it, when and why. An entry that was taken back or has ended is in `npx claimgate switches --record` alone. `npx claimgate unrevoke` takes it back: [revocation](revocation.md).',
  },
  closed: {
    example: { code: 'closed', why: 'the database is restored', entry: 18, retryAfterSeconds: 60 },
    log: 'has the reason that was given with `--why`. `entry` has the number of the switch.',
    causes: ['Ops closed the route or its API with `claimgate close`, for a while.'],
    client:
      'Wait as long as `Retry-After` says, then repeat the request: that is the time until it opens, an hour at most, or a minute where nobody has said an end.',
    operator:
      'Run `npx claimgate switches` to see who closed it and until when; `npx claimgate open` opens it again.',
  },
  closed_to_all: {
    example: { code: 'closed_to_all', why: 'taken out of service', entry: 19 },
    log: 'has the reason that was given with `--why`. `entry` has the number of the switch.',
    causes: ['Ops closed the route or its API with `claimgate close --status 403`.'],
    client: "Don't repeat the request. Ask the operator what to use instead.",
    operator: 'Run `npx claimgate switches` to see who closed it; `npx claimgate open` opens it again.',
  },
  revocations_unavailable: {
    example: { code: 'revocations_unavailable' },
    causes: [
      'Neither KV nor the Durable Object has answered this isolate for 10 minutes, or ever.',
      'The route has `revocation = "strict"`, and the Durable Object does not answer.',
      'The Durable Object was never deployed: the Worker has the binding, but no migration with its class.',
    ],
    client: 'Keep the token: it may be good. Wait as long as `Retry-After` says, then repeat the request.',
    operator:
      'Read `revocations_read_failed` in the log: it says who did not answer, and how. Then see [when something fails](revocation.md#when-something-fails).',
  },
} as const satisfies Partial<GatewayReasons>;
