import { fault } from '../../../../src/policy/compile/fault.ts';
import { isRead, type Lint } from './subject.ts';

const DAY_SECONDS = 86_400;
/** Access tokens mostly live for minutes or hours. */
const MAX_USUAL_DAYS = 7;

export const longRevocation: Lint = {
  name: 'long-revocation',
  finds: 'an issuer whose tokens may be older than 7 days, in a policy with `revocation`',
  why: 'every isolate keeps a revocation until no token is alive that it could match: the list grows for so long',
  remedy: 'lower `max_token_age` to the longest lifetime of its access tokens',
  *find({ policy: { settings, issuers } }) {
    if (settings.revocation === undefined) return;
    for (const { variable, name, maxTokenAgeSeconds: age = 0 } of issuers)
      if (age > MAX_USUAL_DAYS * DAY_SECONDS)
        yield fault(
          [variable, name, 'max_token_age'],
          `each revocation is kept for ${Math.round(age / DAY_SECONDS)} days, in the memory of every isolate`,
          'lower it to the longest lifetime of its access tokens, such as 86400',
        );
  },
};

export const strictRead: Lint = {
  name: 'strict-read',
  finds: '`revocation = "strict"` on a route that only reads',
  why: 'each request waits for the one object that knows, in one place of the world; while it is away, they are answered with 503',
  remedy: 'leave it out: what is revoked is refused within a minute. Keep it for what nobody can undo',
  *find({ routes }) {
    for (const { route, key, place } of routes)
      if (route.isStrict && key.methods.every(isRead))
        yield fault(
          [...place, 'revocation'],
          'every read waits for the one object that writes revocations down',
          'leave it out, or accept the warning where a minute is too long',
        );
  },
};
