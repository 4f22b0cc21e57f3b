import { fault } from '../../../../src/policy/compile/fault.ts';
import type { Demand, Issuer, Policy } from '../../../../src/policy/policy.ts';
import { shown } from '../../../text/words.ts';
import type { Lint, Subject } from './subject.ts';

/**
 * Claims that are the same in every token of an issuer, or in all of a kind: the issuer itself, its tenant, and what a
 * token is. None of them says for whom it is.
 */
const SAME_FOR_ALL = ['iss', 'tid', 'ver', 'typ', 'type', 'token_type', 'token_use'];

export const anyAudience: Lint = {
  name: 'any-audience',
  finds:
    'an `audience_claim` that is the same in every token of the issuer, such as `iss`, where nothing else narrows them',
  why: 'a token that any app of the issuer got, for whatever API, passes here too',
  remedy:
    'name in `clients`, or in `claims` of the issuer, whose tokens may pass: [issuers](issuers.md#tokens-without-aud)',
  *find(subject) {
    for (const issuer of subject.policy.issuers) {
      const { audienceClaim } = issuer;
      const [name = '', ...below] = audienceClaim?.path ?? [];
      if (audienceClaim === undefined || below.length > 0 || !SAME_FOR_ALL.includes(name)) continue;
      if (isNarrowed(issuer, subject)) continue;
      yield fault(
        [issuer.variable, issuer.name, 'audience_claim'],
        `${name} is the same in every token of this issuer, whatever API it was issued for`,
        'name whose tokens may pass: clients of each route, or claims of the issuer',
      );
    }
  },
};

export const issuerAsAudience: Lint = {
  name: 'issuer-as-audience',
  finds: '`audience_claim = "iss"`, and no audience that is the issuer',
  why: 'such a claim has one value only, so that every token of the issuer is refused',
  remedy: 'write `audience` as `issuer`, or name another claim',
  *find({ policy }) {
    for (const issuer of policy.issuers) {
      if (issuer.audienceClaim?.path.join('/') !== 'iss') continue;
      const wanted = routesOf(issuer, policy).flatMap(({ audiences }) => audiences);
      if (wanted.length === 0 || wanted.includes(issuer.issuer)) continue;
      yield fault(
        [issuer.variable, issuer.name, 'audience_claim'],
        `iss is always ${shown(issuer.issuer)}, and no API has that as its audience`,
        `write audience = ${shown(issuer.issuer)} at the API, or name another claim`,
      );
    }
  },
};

const routesOf = (issuer: Issuer, { apis }: Policy) =>
  apis.flatMap((api) => api.routes).filter((route) => route.issuers.has(issuer.issuer));

/** Whether every route that takes its tokens asks whose they are. */
function isNarrowed(issuer: Issuer, { policy }: Subject): boolean {
  if (issuer.requiredClaims.some(saysWhose)) return true;
  return routesOf(issuer, policy).every(({ demands }) =>
    demands.some((one) => one.rule === 'clients' || saysWhose(one)),
  );
}

const saysWhose = ({ rule, anyOf }: Demand): boolean =>
  rule === 'claims' &&
  anyOf.every((one) => one.of === 'claim' && !SAME_FOR_ALL.includes(String(one.claim.path[0])));
