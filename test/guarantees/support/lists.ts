/** Lists of what is revoked and switched, about the callers and routes that there are. */
import fc from 'fast-check';
import { encodeUnsigned, type TokenSketch } from '../../../cli/policy/what-if/token.ts';
import { withoutSignature } from '../../../cli/policy/what-if/without-signature.ts';
import { decide, isStrict } from '../../../src/decide.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { type RevokedGroup, SWITCH_KINDS, type Switch } from '../../../src/revocation/content.ts';
import { REVOCATION_KINDS } from '../../../src/revocation/revocation.ts';
import { createStanding, indexRevocations, type Standing } from '../../../src/revocation/standing.ts';
import { bearer } from '../../../src/token/bearer.ts';
import type { Answer } from './ask.ts';
import { ISSUERS, keyOf, NOW_SECONDS, type World } from './model.ts';

export interface List {
  readonly groups: readonly RevokedGroup[];
  readonly switches: readonly Switch[];
}

const some = fc.record({
  revoked: fc.array(
    fc.record({
      kind: fc.constantFrom(...REVOCATION_KINDS),
      issuer: fc.constantFrom(ISSUERS.one, ISSUERS.one, ISSUERS.two),
      id: fc.constantFrom('someone', 'c1', 'c2', 'nobody'),
      before: fc.constantFrom(NOW_SECONDS, NOW_SECONDS - 40, NOW_SECONDS - 100),
    }),
    { maxLength: 3 },
  ),
  switched: fc.array(
    fc.record({
      kind: fc.constantFrom(...SWITCH_KINDS),
      pick: fc.nat(20),
      status: fc.constantFrom(403 as const, 503 as const),
      until: fc.constantFrom(undefined, undefined, NOW_SECONDS, NOW_SECONDS + 1),
    }),
    { maxLength: 2 },
  ),
});

/** About a policy, once there is one. */
export const lists: fc.Arbitrary<(world: World) => List> = some.map(({ revoked, switched }) =>
  Object.assign(
    ({ apis }: World): List => {
      const targets = {
        api: apis.map(({ name }) => name),
        route: apis.flatMap(({ name, entries }) => entries.map((entry) => `${name} ${keyOf(entry)}`)),
        client: ['c1', 'c2', 'someone'],
        key: ['k1', 'k2'],
      };
      return {
        groups: revoked.map(({ kind, issuer, id, before }, i) => ({
          kind,
          issuer,
          ids: [kind === 'issuer' ? '' : id],
          before: [before],
          numbers: [i],
        })),
        switches: switched.map(({ kind, pick, ...rest }, i) => ({
          ...rest,
          kind,
          target: targets[kind][pick % targets[kind].length] ?? '',
          number: 100 + i,
          why: '',
        })),
      };
    },
    { [fc.toStringMethod]: () => JSON.stringify({ revoked, switched }) },
  ),
);

const NOTHING: List = { groups: [], switches: [] };

export const standingOf = (policy: Policy, { groups, switches }: List): Standing =>
  createStanding({ switches }, indexRevocations(groups), policy.settings, NOW_SECONDS);

interface Asked {
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

/** As the gateway decides once it has read the list. */
export function askUnder(
  policy: Policy,
  { method, host, path }: Asked,
  authorization: string | null,
  list: List,
): Promise<Answer> {
  const standing = standingOf(policy, list);
  const verify = withoutSignature({ ...policy, settings: standing.settings }, () => NOW_SECONDS * 1000);
  const credentials = () => bearer(authorization);
  const url = `https://${host}${path}`;
  return decide({ url, method, headers: new Headers(), credentials, standing }, policy, verify);
}

/**
 * The same for a gateway that reads what its policy tells it to.
 *
 * @param isYoung only the object has the list yet: no isolate has read it
 */
export async function askKnowing(
  policy: Policy,
  asked: Asked,
  token: TokenSketch | undefined,
  list: List,
  isYoung: boolean,
): Promise<Answer> {
  const authorization = token === undefined ? null : `Bearer ${encodeUnsigned(token)}`;
  const isOn = policy.settings.revocation !== undefined;
  const answer = await askUnder(policy, asked, authorization, isOn && !isYoung ? list : NOTHING);
  return isOn && isStrict(answer) ? askUnder(policy, asked, authorization, list) : answer;
}
