/** Findings for people, pipelines and code scanning. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../../../cli/policy/check/check.ts';
import { RULES } from '../../../../cli/policy/check/kinds.ts';
import { renderGithub } from '../../../../cli/policy/check/reports/github.ts';
import { renderJson } from '../../../../cli/policy/check/reports/json.ts';
import type { Report } from '../../../../cli/policy/check/reports/report.ts';
import { renderSarif } from '../../../../cli/policy/check/reports/sarif.ts';
import { renderText } from '../../../../cli/policy/check/reports/text.ts';
import { parsePolicyFile } from '../../../../cli/policy/file/config.ts';
import { readSource } from '../../../../cli/policy/file/source.ts';
import { policyText } from '../../support/policies.ts';

function report(text: string, path = 'some folder/wrangler.toml'): Report {
  const file = parsePolicyFile(path, text);
  return { file, results: checkPolicy(file), source: () => readSource(file) };
}

const BAD = policyText({ routes: '"GET /a,b%3A:c" = { scope_all = ["x"] }\n"GET /y" = { scopes_all = [] }' });
const WARNED = policyText({
  routes: '"GET /x" = { report_only = true }\n"DELETE /y" = { scopes_all = ["read:y"] }',
});

describe('github', () => {
  it('is one workflow command a line, with what it reads as syntax escaped', () => {
    expect(renderGithub(report(BAD)).split('\n')).toEqual([
      '::error file=some folder/wrangler.toml,line=16,endLine=16,col=21,endColumn=38,title=policy%3A API_X.routes."GET /a%2Cb%253A%3Ac".scope_all::there is no field "scope_all"; did you mean "scopes_all"?%0AWhy: the gateway would answer 503 to every request',
      '::error file=some folder/wrangler.toml,line=17,endLine=17,col=14,endColumn=29,title=policy%3A API_X.routes."GET /y".scopes_all::scopes_all is empty; name at least one scope, or leave the field out%0AWhy: the gateway would answer 503 to every request',
    ]);
    expect(renderGithub(report(WARNED))).toMatch(/^::warning .*\n::warning [^\n]*$/);
    expect(renderGithub(report(policyText()))).toBe('');
  });

  it('names files from where it runs', () => {
    expect(renderGithub(report(BAD, join(process.cwd(), 'a/wrangler.toml')))).toMatch(
      /^::error file=a\/wrangler.toml,/,
    );
    expect(renderGithub(report(BAD, '/elsewhere/w.toml'))).toMatch(/^::error file=\/elsewhere\/w.toml,/);
  });
});

describe('sarif', () => {
  const log = JSON.parse(renderSarif(report(WARNED), '1.2.3'));
  const [run] = log.runs;

  it('has what SARIF 2.1.0 demands of a log, a run and a tool', () => {
    expect(Object.keys(log).sort()).toEqual(['$schema', 'runs', 'version']);
    expect(log.version).toBe('2.1.0');
    expect(run.tool.driver).toMatchObject({ name: 'claimgate', version: '1.2.3' });
    expect(run.columnKind).toBe('utf16CodeUnits');
    expect(run.tool.driver.rules).toHaveLength(RULES.length);
    for (const rule of run.tool.driver.rules) {
      expect(rule).toEqual({
        id: expect.stringMatching(/^[a-z-]+$/),
        shortDescription: { text: expect.stringMatching(/\.$/) },
        fullDescription: { text: expect.stringMatching(/\.$/) },
        help: { text: expect.stringMatching(/\.$/) },
        defaultConfiguration: { level: expect.stringMatching(/^(error|warning)$/) },
      });
    }
  });

  it('has results with rule, level, message and region', () => {
    expect(run.results).toHaveLength(2);
    for (const result of run.results) {
      expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
      expect(result).toMatchObject({ level: 'warning', message: { text: expect.stringContaining('API_X') } });
      const [{ physicalLocation }] = result.locations;
      expect(physicalLocation.artifactLocation).toEqual({ uri: 'some%20folder/wrangler.toml' });
    }
    expect(run.results[0]).toMatchObject({
      ruleId: 'read-scope',
      locations: [
        { physicalLocation: { region: { startLine: 17, startColumn: 17, endLine: 17, endColumn: 40 } } },
      ],
    });
  });

  it('names a file elsewhere by its whole URI, and is complete without findings', () => {
    const elsewhere = JSON.parse(renderSarif(report(WARNED, '/else where/w.toml'), '1'));
    expect(elsewhere.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(
      pathToFileURL('/else where/w.toml').href,
    );
    expect(JSON.parse(renderSarif(report(policyText()), '1')).runs[0].results).toEqual([]);
  });
});

describe('text', () => {
  it('fits 80 columns', () => {
    const wide = `"GET /${'x'.repeat(100)}" = { report_only = true, forward_authorization = true }`;
    for (const text of [BAD, WARNED, policyText({ routes: wide })]) {
      const lines = renderText(report(text)).split('\n');
      // A place is never cut: it is what people search for.
      const free = lines.filter((line) => !/^\s+API_X\.routes/.test(line));
      expect(Math.max(...free.map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it('tells of errors and warnings how many', () => {
    expect(renderText(report(BAD))).toContain('error  some folder/wrangler.toml: 2 errors\n');
    expect(renderText(report(WARNED))).toContain('ok     some folder/wrangler.toml: 2 routes, 2 warnings\n');
  });
});

describe('what is secret', () => {
  it('is in no report', () => {
    const text = policyText({
      top: 'vars.S = "hunter2"',
      api: 'origin = "https://me:hunter2@x.example"\norigin_headers = { x-s = "hunter2", x-t = "secret:S" }',
    });
    const one = report(text);
    const reports = [renderText, renderJson, renderGithub].map((render) => render(one));
    for (const rendered of [...reports, renderSarif(one, '1')]) {
      expect(rendered).toContain('API_X.origin');
      expect(rendered).not.toContain('hunter2');
    }
  });
});
