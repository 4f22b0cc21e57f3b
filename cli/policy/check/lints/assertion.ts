/** What is wrong with assertions though it compiles. */
import { hostOfIssuer } from '../../../../src/policy/assertion.ts';
import { fault } from '../../../../src/policy/compile/fault.ts';
import { isMeant } from '../../../../src/policy/hosts.ts';
import type { Lint } from './subject.ts';

/** What servers take of headers in all, where they take least: Node.js. An assertion is four thirds of its claims. */
const MAX_HEADER_BYTES = 16_384;
const OTHER_HEADERS_BYTES = 2_048;

export const idleAssertion: Lint = {
  name: 'idle-assertion',
  finds: '`assertion` of `GATEWAY`, where no API asks for assertions',
  why: 'it reads as if origins could check requests, and none can',
  remedy: 'write `assertion = { audience = "…" }` into the tables of the APIs, or remove it',
  *find({ policy: { settings, apis } }) {
    // An API on trial may ask for them: it gets them once it is enforced.
    if (settings.assertion === undefined) return;
    if (apis.some(({ assertion, trial }) => assertion !== undefined || trial !== undefined)) return;
    yield fault(
      ['GATEWAY', 'assertion'],
      'no API asks for assertions',
      'add assertion = { audience = "…" } to an API, or remove this',
    );
  },
};

export const foreignAssertionIssuer: Lint = {
  name: 'foreign-assertion-issuer',
  finds: 'an issuer of assertions on a host that the policy does not serve',
  why: 'verifiers look for the keys there: the gateway publishes them on its own hosts only',
  remedy: 'write the public URL of the gateway',
  *find({ policy: { settings, apis } }) {
    const asserting = apis.filter(({ assertion }) => assertion !== undefined);
    if (settings.assertion === undefined || asserting.length === 0) return;
    const hosts = apis.flatMap((api) => api.hosts);
    const host = hostOfIssuer(settings.assertion);
    if (apis.some((api) => api.hosts.length === 0) || hosts.some((one) => isMeant(one, host))) return;
    yield fault(
      ['GATEWAY', 'assertion', 'issuer'],
      `${host} is not a host of this policy, so that nobody finds the keys there`,
      `write a URL on a host of the policy, such as "https://${hosts[0]}"`,
    );
  },
};

export const twiceSentClaims: Lint = {
  name: 'twice-sent-claims',
  finds: 'an API with an assertion that forwards lists or JSON without a limit that fits',
  why: 'the claims are in headers and in the assertion: together they may be more than the origin takes',
  remedy: 'choose values with `only`, or set `max_claims_bytes` to 6000 or less',
  *find({ policy }) {
    for (const { name, assertion, forward, maxClaimsBytes } of policy.apis) {
      const large = forward.find(({ as, only }) => as !== 'text' && only === undefined);
      const bytes = Math.ceil((maxClaimsBytes * 7) / 3) + OTHER_HEADERS_BYTES;
      if (assertion === undefined || large === undefined || bytes <= MAX_HEADER_BYTES) continue;
      yield fault(
        [name, 'forward', large.claim.text],
        `it travels in ${large.header} and in the assertion: ${bytes} bytes of headers at most, and Node.js takes ${MAX_HEADER_BYTES}`,
        'choose values with "only", or set max_claims_bytes = 6000',
      );
    }
  },
};
