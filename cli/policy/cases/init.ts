/** Cases for a policy, found by trying: as many as show each route and rule letting through, and refusing. */
import { isStrict } from '../../../src/decide.ts';
import { forPlace } from '../../../src/policy/demands.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Demand, Policy, Route } from '../../../src/policy/policy.ts';
import { renderTable } from '../../formats/inline-toml.ts';
import { demandWords, ruleParts } from '../rule-words.ts';
import { put } from '../what-if/put-claims.ts';
import { exampleTarget, hostOf } from '../what-if/targets.ts';
import { audiencePlace, claimsFor } from '../what-if/token.ts';
import { routeName, writtenKey } from '../words.ts';
import { createMeter } from './coverage.ts';
import type { Case, CaseFile } from './read.ts';
import { createJudge, type Judge, prepareCase } from './run.ts';
import type { CaseConfig } from './schema.ts';

/** Texts for parameters and wildcards: the first that no other route takes is used. */
const FILLERS = ['x', '1', 'example', 'any-value'];

const HEAD = `# What the policy lets in, and what it refuses. "claimgate test" runs this; every field is in docs/policy-tests.md.
`;
const BEGIN =
  '# --- Made by "claimgate test --init", which makes them anew. Cases of your own go above this line. ---';
const END = '# --- End of what "claimgate test --init" makes. ---';

/** The text of a file of cases without those that were made. */
export function withoutMade(text: string): string {
  const begin = text.indexOf(BEGIN);
  if (begin === -1) return text;
  const end = text.indexOf(END, begin);
  return text.slice(0, begin) + (end === -1 ? '' : text.slice(end + END.length).replace(/^\r?\n/, ''));
}

/** A file's text with one more case of a person's own: above those that were made. @param one a `[[case]]` */
export function withCase(text: string, one: string): string {
  const begin = text.indexOf(BEGIN);
  const [own, made] = begin === -1 ? [text, ''] : [text.slice(0, begin), text.slice(begin)];
  const head = own.trim() === '' ? HEAD : `${own.trimEnd()}\n`;
  return `${head}\n${one.trim()}\n${made === '' ? '' : `\n${made}`}`;
}

/**
 * A file of cases that show all of the policy.
 *
 * @param written the text of those that a person has written; empty: none
 * @param own the same, read
 */
export async function initialCases(
  policy: Policy,
  nowMs: number,
  written = '',
  own: readonly Case[] = [],
): Promise<string> {
  const judge = createJudge(policy);
  const meter = createMeter(policy);
  for (const one of own) meter.add(await judge(prepareCase(policy, one, nowMs)));
  const parts: string[] = [];
  for (const route of policy.apis.flatMap((api) => api.routes)) {
    const cases = await casesOf(policy, route, judge, meter, nowMs);
    if (cases === undefined)
      parts.push(`# ${routeName(route)}: no request was found that it serves; write a case by hand.\n`);
    else parts.push(...cases.map((one) => renderTable('[[case]]', one)));
  }
  const head = written.trim() === '' ? HEAD : `${written.trimEnd()}\n`;
  return parts.length === 0 ? head : [head, `${BEGIN}\n`, ...parts, `${END}\n`].join('\n');
}

type Draft = Omit<CaseConfig, 'expect' | 'request' | 'name'> & {
  readonly request: string;
  /** What the token lacks, in words. */
  readonly lacks?: string;
};

type Meter = ReturnType<typeof createMeter>;

/** Those of a route that show something new. @returns `undefined` where no request is served by it */
async function casesOf(
  policy: Policy,
  route: Route,
  judge: Judge,
  meter: Meter,
  nowMs: number,
): Promise<CaseConfig[] | undefined> {
  const asCase = ({ lacks: _, ...draft }: Draft, expect: Case['expect'], more: object = {}): Case => ({
    ...draft,
    expect,
    ...more,
    file: NO_FILE,
    index: 0,
    title: '',
  });
  for (const filler of FILLERS) {
    const request = requestFor(policy, route, filler);
    const plain = draftsOf(policy, route, request);
    const drafts = [...plain, ...revokedDrafts(policy, route, plain)];
    const [first] = drafts;
    if (first === undefined) return [];
    const tried = await judge(prepareCase(policy, asCase(first, 'allow'), nowMs));
    if (tried.simulated.kind !== 'allow' || tried.simulated.decision?.route !== route) continue;
    const cases: CaseConfig[] = [];
    for (const draft of drafts) {
      const { simulated } = await judge(prepareCase(policy, asCase(draft, 'allow'), nowMs));
      const { kind, decision, reason, answer } = simulated;
      if (kind === 'self') continue;
      const wouldDeny = decision?.kind === 'allow' ? decision.wouldDeny?.code : undefined;
      const outcome =
        kind === 'allow'
          ? {
              expect: 'allow' as const,
              ...(wouldDeny !== undefined && { would_deny: wouldDeny }),
              ...(decision !== undefined && isStrict(decision) && { strict: true }),
            }
          : { expect: answer.status, ...(reason !== undefined && { reason: reason.code }) };
      const { expect, ...more } = outcome;
      if (!meter.add(await judge(prepareCase(policy, asCase(draft, expect, more), nowMs)))) continue;
      const { lacks, ...fields } = draft;
      cases.push({ name: nameOf(route, lacks, kind, wouldDeny), ...fields, ...outcome });
    }
    return cases;
  }
  return undefined;
}

function nameOf(route: Route, lacks = '', kind: 'allow' | 'deny', wouldDeny: string | undefined): string {
  const key = writtenKey(route.key);
  if (kind === 'allow')
    return wouldDeny === undefined ? `${key} lets through who may` : `${key} tries ${wouldDeny}`;
  return `${key} refuses ${lacks}`.trim();
}

const NO_FILE: CaseFile = { path: '', lineOf: () => 0 };

/** A path is enough where there is one host to be asked. */
function requestFor(policy: Policy, route: Route, filler: string): string {
  const { method, path } = exampleTarget(route, filler);
  const url = `https://${hostOf(route.api)}${path}`;
  return `${method} ${new Set(policy.apis.map(hostOf)).size === 1 ? path : url}`;
}

/** One of them is enough for the whole policy. */
function revokedDrafts({ settings }: Policy, { auth, api }: Route, [passing]: readonly Draft[]): Draft[] {
  if (settings.revocation === undefined || passing === undefined) return [];
  if (auth === 'none')
    return [{ ...passing, closed: [api.name], lacks: 'everybody while its API is closed' }];
  const claims = { sub: 'somebody', ...passing.claims };
  return [{ ...passing, claims, revoked: ['subject'], lacks: 'a token whose subject is revoked' }];
}

/** The first one should pass; the others each lack something. */
function draftsOf(policy: Policy, route: Route, request: string): Draft[] {
  if (route.auth === 'none') return [{ request }];
  const [issuer] = route.issuers.values();
  const path = parsePath(request.replace(/^\S+ (https:\/\/[^/]*)?/, ''));
  const place = { segments: typeof path === 'string' ? [] : path.segments, host: hostOf(route.api) };
  const claimsOf = (demands: readonly Demand[]) =>
    claimsFor(
      issuer,
      demands.map((demand) => forPlace(demand, place)),
    );
  const tried = route.report?.demands ?? [];
  const all = [...route.demands, ...tried];
  const withAudience = (audience: string, demands: readonly Demand[] = all) => {
    const claims = claimsOf(demands);
    if (issuer !== undefined) put(claims, audiencePlace(issuer).path, [audience]);
    return claims;
  };
  // One that the rules on trial accept, too.
  const [audience = ''] = route.report?.audiences ?? route.audiences;
  const others = policy.issuers.filter((one) => !route.issuers.has(one.issuer));
  return [
    { request, claims: audience === route.audiences[0] ? claimsOf(all) : withAudience(audience) },
    { request, claims: claimsOf(all) },
    { request, claims: {}, lacks: 'a token that has nothing' },
    { request, lacks: 'who has no token' },
    { request, token: 'no.token', lacks: 'what is no token' },
    ...ruleParts(route.demands).map(({ demands }) => ({
      request,
      claims: claimsOf(all.filter((one) => !demands.includes(one))),
      lacks: `a token without ${demandWords(demands)}`,
    })),
    { request, claims: claimsOf(route.demands) },
    ...ruleParts(tried).map(({ demands }) => ({
      request,
      claims: withAudience(
        audience,
        all.filter((one) => !demands.includes(one)),
      ),
    })),
    { request, claims: withAudience('urn:another-api'), lacks: 'a token for another API' },
    ...route.api.routes.flatMap(({ audiences }) =>
      audiences
        .filter((one) => !route.audiences.includes(one))
        .map((one) => ({ request, claims: withAudience(one), lacks: 'a token for another audience' })),
    ),
    ...others.map(({ issuer: iss }) => ({
      request,
      claims: { ...claimsOf(all), iss },
      lacks: 'a token of another issuer',
    })),
  ];
}
