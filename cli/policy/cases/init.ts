/** First cases for a policy: of each route one that passes and one that is refused, found by trying. */
import { forPath } from '../../../src/policy/demands.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Policy, Route } from '../../../src/policy/policy.ts';
import { renderTable } from '../../formats/inline-toml.ts';
import type { Simulated } from '../what-if/simulate.ts';
import { exampleTarget, hostOf } from '../what-if/targets.ts';
import { claimsFor } from '../what-if/token.ts';
import { routeName, writtenKey } from '../words.ts';
import type { Case, CaseFile } from './read.ts';
import { createJudge, type Judge, prepareCase } from './run.ts';
import type { CaseConfig } from './schema.ts';

/** Texts for parameters and wildcards: the first that no other route takes is used. */
const FILLERS = ['x', '1', 'example', 'any-value'];

const HEAD = `# What the policy lets in, and what it refuses. "claimgate test" runs this; every field is in docs/policy-tests.md.
`;

export async function initialCases(policy: Policy, nowMs: number): Promise<string> {
  const judge = createJudge(policy);
  const parts: string[] = [HEAD];
  for (const route of policy.apis.flatMap((api) => api.routes)) {
    const cases = await casesOf(policy, route, judge, nowMs);
    if (cases.length === 0)
      parts.push(`# ${routeName(route)}: no request was found that it serves; write a case by hand.\n`);
    parts.push(...cases.map((one) => renderTable('[[case]]', one)));
  }
  return parts.join('\n');
}

type Draft = Omit<CaseConfig, 'expect' | 'request'> & { readonly request: string };

async function casesOf(policy: Policy, route: Route, judge: Judge, nowMs: number): Promise<CaseConfig[]> {
  const judged = async (draft: Draft): Promise<Simulated> => {
    const one: Case = { ...draft, expect: 'allow', file: NO_FILE, index: 0, title: '' };
    return (await judge(prepareCase(policy, one, nowMs))).simulated;
  };
  for (const filler of FILLERS) {
    const request = requestFor(policy, route, filler);
    const passing: Draft = {
      request,
      ...(route.auth === 'none' ? {} : { claims: claimsOf(route, request) }),
    };
    const passed = await judged(passing);
    if (passed.kind !== 'allow' || passed.decision?.route !== route) continue;
    const cases: CaseConfig[] = [
      { name: `${writtenKey(route.key)} lets through who may`, ...passing, expect: 'allow' },
    ];
    for (const draft of refusals(route, request)) {
      const { kind, reason, answer } = await judged(draft);
      if (kind !== 'deny' || reason === undefined) continue;
      cases.push({
        name: `${writtenKey(route.key)} refuses`,
        ...draft,
        expect: answer.status,
        reason: reason.code,
      });
      break;
    }
    return cases;
  }
  return [];
}

const NO_FILE: CaseFile = { path: '', lineOf: () => 0 };

/** A path is enough where there is one host to be asked. */
function requestFor(policy: Policy, route: Route, filler: string): string {
  const { method, path } = exampleTarget(route, filler);
  const url = `https://${hostOf(route.api)}${path}`;
  return `${method} ${new Set(policy.apis.map(hostOf)).size === 1 ? path : url}`;
}

/** The first that is refused is taken: a token that has nothing, no token, none at all. */
function refusals(route: Route, request: string): Draft[] {
  if (route.auth === 'none') return [];
  const bad = { request, token: 'no.token' };
  if (route.auth === 'optional') return [bad];
  return [{ request, claims: {} }, { request }, bad];
}

/** Claims that satisfy the rules for this request. */
function claimsOf(route: Route, request: string): Record<string, unknown> {
  const [issuer] = route.issuers.values();
  const path = parsePath(request.replace(/^\S+ (https:\/\/[^/]*)?/, ''));
  const segments = typeof path === 'string' ? [] : path.segments;
  return claimsFor(
    issuer,
    route.demands.map((demand) => forPath(demand, segments)),
  );
}
