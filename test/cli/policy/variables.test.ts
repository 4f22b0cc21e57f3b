/** Variables that are no policy, and issuers in several tables: what the tools make of them. */
import { describe, expect, it } from 'vitest';
import { FORMATS } from '../../../cli/formats/formats.ts';
import { mutantsOf } from '../../../cli/policy/cases/mutants.ts';
import { type CheckOptions, checkPolicy } from '../../../cli/policy/check/check.ts';
import { comparePolicies } from '../../../cli/policy/diff/diff.ts';
import { parsePolicyFile, policyOf } from '../../../cli/policy/file/config.ts';
import { readSource } from '../../../cli/policy/file/source.ts';
import { policyText } from '../support/policies.ts';

const read = (text: string) => parsePolicyFile('wrangler.toml', text);
const check = (text: string, options?: CheckOptions) => checkPolicy(read(text), options);
const findings = (text: string, options?: CheckOptions) =>
  check(text, options).flatMap(({ faults, warnings }) =>
    [...faults, ...warnings].map(({ at, problem, remedy, region }) => ({ at, problem, remedy, region })),
  );

const NOW = 1_800_000_000;

const OTHERS = `[vars]
FEATURES = ["search"]
LIMITS = { per = { seconds = 60 }, origin_headers = { x = "LIMITS_TEXT" } }
LIMITS_TEXT = "text"
`;
/** Behind the policy, so that line numbers stay. */
const SECOND = '[vars.ISSUERS_2.second]\nissuer = "http://localhost:8788/"\nmax_token_age = 60';
const API = 'origin = "service:X"\nissuer = ["main", "second"]';

describe('variables that are no policy', () => {
  it('are nothing to find', () => {
    expect(findings(policyText({ top: OTHERS }))).toEqual([]);
  });

  it('make no environment one with a policy', () => {
    const more = '[env.docs.vars]\nFEATURES = ["search"]\nLIMITS = { per = { seconds = 60 } }';
    expect(check(policyText({ more })).map(({ policy, faults }) => [policy, faults])).toEqual([
      [true, []],
      [false, []],
    ]);
    const slip = '[env.docs.vars.GATWAY]\nblocked_kids = ["a"]';
    expect(check(policyText({ more: slip }))[1]?.faults.map(({ at }) => at)).toEqual([
      'GATWAY',
      'ISSUERS',
      'vars',
    ]);
  });

  it('are covered where lines are shown, at any depth', () => {
    const text = '[vars]\nTENANTS = { a = { key = "s3cret" } }\n[vars.API_X]\naudience = "x"';
    const { lines } = readSource({ text, format: FORMATS.toml });
    expect(lines.join('\n')).not.toContain('s3cret');
    expect(lines[3]).toBe('audience = "x"');
  });
});

describe('issuers in several tables', () => {
  it('are shown where they stand', () => {
    const text = policyText({ api: API, more: SECOND });
    const line = text.split('\n').indexOf('issuer = "http://localhost:8788/"') + 1;
    expect(findings(text, { facts: { deployed: 'yes' } })).toMatchObject([
      { at: 'ISSUERS_2.second.issuer', region: { line } },
    ]);
  });

  it('unused ones too', () => {
    const text = policyText({ api: 'origin = "service:X"\nissuer = "main"', more: SECOND });
    expect(findings(text).map(({ at }) => at)).toEqual(['ISSUERS_2.second']);
  });

  it('fit, forty of them, where one variable is too small; the check says how to split', () => {
    const issuers = (table: string, from: number, to: number) =>
      Array.from(
        { length: to - from },
        (_, i) =>
          `[vars.${table}.t${from + i}]\nissuer = "https://login.example/${'0'.repeat(80)}${from + i}/v2.0"\nclaims = { azpacr = ["1"] }\n`,
      ).join('');
    const policy = (tables: string) =>
      policyText({
        api: `origin = "service:X"\nissuer = [${['main', ...Array.from({ length: 40 }, (_, i) => `t${i}`)].map((name) => `"${name}"`)}]`,
        more: tables,
      });
    expect(findings(policy(issuers('ISSUERS', 0, 40)))).toMatchObject([
      {
        at: 'ISSUERS',
        remedy: 'move issuers into another table, such as [vars.ISSUERS_2]: it continues ISSUERS',
      },
    ]);
    expect(findings(policy(issuers('ISSUERS', 0, 20) + issuers('ISSUERS_2', 20, 40)))).toEqual([]);
  });

  it('have mutants each', () => {
    const { vars = {} } = read(policyText({ api: API, more: SECOND })).config;
    const shared = [...mutantsOf(vars, [])].filter(({ kind }) => kind === 'shared');
    expect(shared.map(({ table, what }) => `${table} ${what}`)).toContain(
      'ISSUERS_2.second without max_token_age',
    );
    const narrow = read(policyText({ api: 'origin = "service:X"\nissuer = "main"', more: SECOND }));
    expect([...mutantsOf(narrow.config.vars ?? {}, [])].map(({ what }) => what)).toContain(
      'takes tokens of all issuers',
    );
  });

  it('can move from one table to another without a difference, and have their place in one', async () => {
    const policy = (more: string) => policyOf(read(policyText({ api: API, more })), undefined);
    const moved = SECOND.replace('ISSUERS_2', 'ISSUERS');
    expect((await comparePolicies(policy(moved), policy(SECOND), NOW)).findings).toEqual([]);
    const wider = await comparePolicies(policy(SECOND), policy(SECOND.replace('60', '600')), NOW);
    expect(wider.findings.map(({ place }) => place)).toEqual(['ISSUERS_2.second.max_token_age']);
  });
});
