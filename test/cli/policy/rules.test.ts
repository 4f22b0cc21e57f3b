/**
 * Every rule that a route can have, in every place that must know it. The example is the one of the rule's own text.
 * A rule that some tool forgets lets a change pass unseen.
 */
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { renderValue } from '../../../cli/formats/inline-toml.ts';
import { enforce } from '../../../cli/logs/trial/enforced.ts';
import { measureCoverage } from '../../../cli/policy/cases/coverage.ts';
import { initialCases } from '../../../cli/policy/cases/init.ts';
import { mutantsOf } from '../../../cli/policy/cases/mutants.ts';
import { checkPolicy } from '../../../cli/policy/check/check.ts';
import { comparePolicies } from '../../../cli/policy/diff/diff.ts';
import { explain } from '../../../cli/policy/explain/explain.ts';
import { parsePolicyFile } from '../../../cli/policy/file/config.ts';
import { renderDot } from '../../../cli/policy/routes/dot.ts';
import { renderJson } from '../../../cli/policy/routes/json.ts';
import { renderOpenApi } from '../../../cli/policy/routes/openapi.ts';
import { routeTable } from '../../../cli/policy/routes/table.ts';
import { renderMarkdown, renderText } from '../../../cli/policy/routes/text.ts';
import { RULE_TEXTS } from '../../../src/policy/compile/texts.ts';
import { match } from '../../../src/policy/match.ts';
import { parsePath } from '../../../src/policy/path.ts';
import type { Demand, Policy, Route, RuleName } from '../../../src/policy/policy.ts';
import { RULE_NAMES } from '../../../src/policy/rules/rules.ts';
import { faultsOf, policyWith, vars } from '../../support/policy.ts';
import { policyText } from '../support/policies.ts';

const NOW_SECONDS = 1_800_000_000;
/** Has a parameter for rules that look at the path. */
const PATH = '/orgs/:org/orders';
const GET = `GET ${PATH}`;

const exampleOf = (rule: keyof typeof RULE_TEXTS): unknown => {
  const [, example] = /Example: (.*)\.$/.exec(RULE_TEXTS[rule]) ?? [];
  return parse(`value = ${example}`)['value'];
};

/** The same rule in other words: a list with a member twice, a table with one more. */
const respelt = (value: unknown): unknown =>
  Array.isArray(value) ? [...value, value[0]] : { ...(value as object), another: 'value' };

/** Values and parameters that demands name. */
const namesIn = (demands: readonly Demand[]): string[] =>
  demands.flatMap(({ anyOf }) =>
    anyOf.map((one) =>
      one.of === 'param' ? one.param.name : 'value' in one ? String(one.value) : one.claim.text,
    ),
  );

const onlyRoute = (policy: Policy): Route => policy.apis[0]?.routes[0] as Route;

const FORMS: readonly (readonly [rule: RuleName, value: unknown])[] = [
  ...RULE_NAMES.map((rule) => [rule, exampleOf(rule)] as const),
  ['claims', { role: { present: true } }],
  ['claims', { role: { all: ['staff', 'finance'] } }],
  ['claims', { role: { not: ['guest', 7] } }],
  ['claims', { role: { all: ['staff'], not: 'guest' } }],
  ['claims', { org: { param: 'org', not: 'suspended' } }],
  ['claims', { '/orgs/:org/roles': 'admin' }],
  ['claims', { '/orgs/:org/roles': { not: 'guest' } }],
  ['any_of', [{ clients: ['web'] }, { claims: { org: { param: 'org' } }, scopes_all: ['admin'] }]],
  ['any_of', [{ claims: { '/orgs/:org/roles': { not: 'guest' } } }, { claims: { role: { present: true } } }]],
];

describe.each(FORMS)('the rule %s: %j', (rule, value) => {
  const config = { [rule]: value };
  const ruled = policyWith({ [GET]: config });
  const open = policyWith({ [GET]: {} });

  it('has an example that compiles, and asks for something', () => {
    expect(onlyRoute(ruled).demands.length).toBeGreaterThan(0);
    for (const demand of onlyRoute(ruled).demands) expect(demand).toMatchObject({ rule, refusal: {} });
  });

  it('makes a route another one to a near miss', () => {
    expect(onlyRoute(ruled).ruleKey).not.toBe(onlyRoute(open).ruleKey);
    const path = parsePath('/ORGS/acme/orders');
    if (typeof path === 'string') throw new Error(path);
    const found = match(policyWith({ [GET]: config, 'GET /*': {} }), 'x.example', 'GET', path);
    expect(found).toMatchObject({ kind: 'match', route: { key: 'GET /*' }, nearMisses: [{ key: GET }] });
    expect(faultsOf(vars({ [GET]: config, 'GET /Orgs/:org/orders': {} }))).toEqual([
      expect.stringContaining('the rules differ'),
    ]);
  });

  it('is an error beside auth = "none" and "optional", where nothing would look at it', () => {
    for (const auth of ['none', 'optional'])
      expect(faultsOf(vars({ [GET]: { auth, ...config } }))).toEqual([
        `API_ORDERS.routes."${GET}".${rule}: a rule has no effect beside auth = "${auth}"; remove the rule, or auth`,
      ]);
  });

  it('widens the policy where it is removed, and narrows it where it is added', async () => {
    const changes = async (old: Policy, now: Policy) =>
      (await comparePolicies(old, now, NOW_SECONDS)).findings.map(({ change, example }) => [
        change,
        example?.before?.letIn,
        example?.now?.letIn,
      ]);
    expect(await changes(ruled, open)).toEqual([['widened', false, true]]);
    expect(await changes(open, ruled)).toEqual([['narrowed', true, false]]);
  });

  it('is seen by the lints that compare routes', () => {
    const text = policyText({
      routes: `"GET ${PATH}" = ${renderValue({ ...config, issuer: 'main' })}\n"PUT ${PATH}" = {}`,
    });
    const warnings = checkPolicy(parsePolicyFile('wrangler.toml', text)).flatMap((one) => one.warnings);
    expect(warnings.map((one) => one.rule)).toContain('weaker-write');
  });

  it('is to be shown by cases, and has mutants', () => {
    const items = (policy: Policy) => measureCoverage(policy, []).missing.map(({ what }) => what);
    expect(items(ruled).length).toBeGreaterThan(items(open).length);
    const mutants = [...mutantsOf(vars({ [GET]: config }), [])];
    const isGone = (one: (typeof mutants)[number]) =>
      one.kind === 'route' && one.changed?.key === GET && !Object.hasOwn(one.changed.config, rule);
    expect(mutants.filter(isGone).map(({ what }) => what)).toContainEqual(expect.stringContaining('without'));
  });

  it('gets a first case that passes, and those that are refused', async () => {
    const drafted = await initialCases(ruled, NOW_SECONDS * 1000);
    expect(drafted).not.toContain('no request was found');
    expect(drafted.match(/^expect = .*/gm)).toEqual([
      'expect = "allow"',
      'expect = 403',
      'expect = 401', // without a token
      'expect = 401', // for another audience
    ]);
  });

  it.each<[format: string, render: (policy: Policy) => unknown]>([
    ['table', (policy) => renderText(routeTable(policy))],
    ['markdown', (policy) => renderMarkdown(routeTable(policy))],
    ['dot', (policy) => renderDot(routeTable(policy))],
    ['openapi', (policy) => renderOpenApi(routeTable(policy), 'x')],
    ['json', (policy) => renderJson(routeTable(policy)).map((one) => (one as { rules: object }).rules)],
  ])('is shown by routes as %s, with all that it names', (_format, render) => {
    const shown = JSON.stringify(render(ruled));
    expect(shown).not.toBe(JSON.stringify(render(open)));
    for (const name of namesIn(onlyRoute(ruled).demands)) expect(shown).toContain(name);
  });

  it('is explained, with what the token lacks', async () => {
    const question = { method: 'GET', url: 'https://x.example/orgs/acme/orders', headers: new Headers() };
    const options = { policy: ruled, signature: 'unsigned', claims: {}, nowMs: NOW_SECONDS * 1000 } as const;
    const { steps, result } = await explain(question, options);
    expect(result).toBe('refused');
    expect(steps.at(-1)).toMatchObject({ step: 'rules', verdict: 'refused' });
    expect(steps.at(-1)?.decided).toMatch(/^refused: the (token|client|claim) /);
    expect(steps.at(-1)?.checks.map(({ check, saw }) => check !== '' && saw !== '')).not.toContain(false);
  });

  it('can be tried, and enforced from there', () => {
    const { report } = onlyRoute(policyWith({ [GET]: { report: config } }));
    expect(report?.demands).toEqual(onlyRoute(ruled).demands);
    expect(enforce({ report: config })).toEqual({ ok: true, route: config });
    // Written otherwise, the same rule still says both.
    const again = { [rule]: respelt(config[rule]) };
    expect(enforce({ ...config, report: again })).toMatchObject({
      ok: true,
      route: { [rule]: expect.anything() },
    });
  });
});
