/** What is revoked or switched off is refused, whatever the policy; and nothing else changes. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { comparePolicies } from '../../cli/policy/diff/diff.ts';
import type { Difference } from '../../cli/policy/diff/difference.ts';
import { isAbout } from './support/about.ts';
import { type Answer, ask, authorizationOf, compile } from './support/ask.ts';
import { change, sketch } from './support/changes.ts';
import { askKnowing, askUnder, type List, lists } from './support/lists.ts';
import { clean, NOW_SECONDS, type Table, tablesOf, type World } from './support/model.ts';
import { worlds } from './support/policies.ts';
import { request } from './support/requests.ts';
import { broken, promise, TIMEOUT_MS } from './support/runs.ts';

const REQUESTS = 6;
const BY_LIST = ['token_revoked', 'closed', 'closed_to_all', 'client_blocked', 'key_blocked'];

const settings = fc.constantFrom<Table>({}, { blocked_clients: ['c1'] }, { blocked_clients: ['c2'] });
const cases = fc.record({
  world: worlds(),
  settings,
  list: lists,
  requests: fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS }),
});

const reasonOf = (answer: Answer) => (answer.kind === 'deny' ? answer.reason : answer.wouldDeny)?.code;

/** Routes that a switch names, by its words. */
const isClosed = ({ route, nearMisses = [] }: Answer, { switches }: List): boolean =>
  [...(route === undefined ? [] : [route]), ...nearMisses].some(({ api, key }) =>
    switches.some(
      ({ kind, target, until }) =>
        (until === undefined || until > NOW_SECONDS) &&
        ((kind === 'api' && target === api.name) || (kind === 'route' && target === `${api.name} ${key}`)),
    ),
  );

/** Tokens that the list names. Those of these tests have no date of issue, no jti and no sid. */
function isRevoked({ principal }: Answer, { groups }: List): boolean {
  if (principal === undefined) return false;
  const names = {
    subject: [principal.subject],
    client: principal.clientIds,
    issuer: [''],
    token: [],
    session: [],
  };
  return groups.some(
    ({ kind, issuer, ids }) =>
      issuer === principal.issuer.issuer && ids.some((id) => (names[kind] as unknown[]).includes(id)),
  );
}

describe('a list of revocations and switches', () => {
  it(
    'opens nothing that the policy closes, and closes what it names',
    async () => {
      const tally = await promise('revocation', 1_500, cases, async (drawn, counts) => {
        const world: World = { ...drawn.world, settings: drawn.settings };
        const tables = tablesOf(world);
        const policy = compile(tables);
        if (policy === undefined) return;
        const list = drawn.list(world);
        for (const make of drawn.requests) {
          const asked = make(world);
          const plain = await ask(policy, asked);
          const listed = await askUnder(policy, asked, authorizationOf(asked.token), list);
          const details = { tables, asked, list, reasons: [reasonOf(plain), reasonOf(listed)] };
          counts.add('requests');
          if (plain.kind === 'deny') {
            if (listed.kind !== 'deny') broken('the list opens it', details);
            continue;
          }
          counts.add('allowed');
          if (listed.kind === 'deny') {
            counts.add('refused by the list');
            if (!BY_LIST.includes(listed.reason.code)) broken('refused for something else', details);
            continue;
          }
          if (isClosed(plain, list)) broken('it is closed, and passes', details);
          if (listed.principal !== undefined && isRevoked(plain, list))
            broken('it is revoked, and passes as a caller', details);
          if (plain.wouldDeny !== undefined && listed.wouldDeny === undefined)
            broken('a trial no longer tells', details);
          if (listed.route !== plain.route || listed.sent !== plain.sent)
            broken('it goes elsewhere', details);
          if (listed.principal !== undefined && plain.principal === undefined)
            broken('it has a caller that it had not', details);
        }
      });
      tally.demand('allowed', 'requests', 0.2);
      tally.demand('refused by the list', 'allowed', 0.05);
    },
    TIMEOUT_MS,
  );
});

/** Asked for on a side, and strict on some of its routes. */
const asking = fc.record({
  isOn: fc.constantFrom(true, true, false),
  strict: fc.array(fc.nat(6), { maxLength: 3 }),
});

function withRevocation(world: World, { isOn, strict }: { isOn: boolean; strict: readonly number[] }): World {
  const issuers = Object.entries(world.issuers).map(([name, issuer]) => [
    name,
    { max_token_age: 1_000, ...(issuer as Table) },
  ]);
  let i = 0;
  return {
    ...world,
    issuers: Object.fromEntries(issuers),
    settings: clean({ ...world.settings, revocation: isOn ? 'REVOCATIONS' : undefined }),
    apis: world.apis.map((api) => ({
      ...api,
      entries: api.entries.map((entry) => {
        const isStrict = isOn && strict.includes(i++);
        return isStrict ? { ...entry, rule: { ...entry.rule, revocation: 'strict' } } : entry;
      }),
    })),
  };
}

/** What is told of revocation as a whole, or of those of one issuer. */
const isOfRevocation = ({ place, routes }: Difference, answer: Answer): boolean =>
  place === 'GATEWAY.revocation' ||
  (routes.length === 0 &&
    answer.principal !== undefined &&
    ['clock_tolerance', 'client_claim'].some(
      (field) => place === `ISSUERS.${answer.principal?.issuer.name}.${field}`,
    ));

const pairs = fc.record({
  change: fc.oneof(
    change,
    worlds({ most: 3 }).map((world) => ({ old: world, now: world })),
  ),
  sides: fc.tuple(asking, asking),
  list: lists,
  isYoung: fc.boolean(),
  requests: fc.array(fc.tuple(request, sketch), { minLength: REQUESTS, maxLength: REQUESTS }),
});

describe('diff', () => {
  it(
    'tells of every request that only one of two policies lets in, whatever is revoked',
    async () => {
      const tally = await promise('diff of revocation', 500, pairs, async (drawn, counts) => {
        const [before, after] = drawn.sides;
        const worldsOf = {
          old: withRevocation(drawn.change.old, before),
          now: withRevocation(drawn.change.now, after),
        };
        const tables = { old: tablesOf(worldsOf.old), now: tablesOf(worldsOf.now) };
        const [old, now] = [compile(tables.old), compile(tables.now)];
        counts.add('changes');
        if (old === undefined || now === undefined || old.apis.length * now.apis.length === 0) return;
        counts.add('compiled');
        const list = drawn.list(worldsOf.now);
        const { findings } = await comparePolicies(old, now, NOW_SECONDS);
        for (const [make, token] of drawn.requests) {
          const { token: _, ...asked } = make(worldsOf.now);
          const [was, is] = [
            await askKnowing(old, asked, token, list, drawn.isYoung),
            await askKnowing(now, asked, token, list, drawn.isYoung),
          ];
          counts.add('requests');
          if (was.kind === is.kind) continue;
          const isGain = is.kind === 'allow';
          counts.add(isGain ? 'gains' : 'losses');
          const refusal = [was, is].find((one) => one.kind === 'deny');
          if (refusal?.kind === 'deny' && BY_LIST.includes(refusal.reason.code)) counts.add('by the list');
          const wanted = isGain ? ['opened', 'widened'] : ['narrowed', 'closed'];
          const isTold = findings.some(
            (one) =>
              wanted.includes(one.change) &&
              (isOfRevocation(one, was) ||
                isOfRevocation(one, is) ||
                isAbout(one, { asked, old: was, now: is })),
          );
          if (isTold) continue;
          broken(`diff does not say: ${wanted.join(' or ')}`, {
            tables,
            asked,
            token,
            list,
            isYoung: drawn.isYoung,
            reasons: [reasonOf(was), reasonOf(is)],
            findings: findings.map(({ example: _example, ...rest }) => rest),
          });
        }
      });
      tally.demand('compiled', 'changes', 0.3);
      tally.demand('by the list', 'requests', 0.005);
    },
    TIMEOUT_MS,
  );
});
