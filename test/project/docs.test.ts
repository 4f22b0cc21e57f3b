import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { RESTRICTED } from '../../issuer/src/actions/restricted.ts';
import {
  renderConformancePage,
  renderIssuerLogSchema,
  renderLogSchema,
  renderPolicyPage,
  renderReasonsPage,
  renderSchema,
} from '../../scripts/docs.ts';
import { GATEWAY_REASONS } from '../../scripts/reasons/gateway.ts';
import type { ReasonCode } from '../../src/decision.ts';
import { PROBLEMS, problemType } from '../../src/http/problem.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';
import { claimgate } from '../cli/support/claimgate.ts';

const read = (file: string) => readFileSync(file, 'utf8');

/** As GitHub names them in links. */
const headingsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );

describe('docs', () => {
  it('the JSON Schema is what the schema says (npm run docs)', () => {
    expect(read('docs/policy.schema.json')).toBe(renderSchema());
  });

  it.each([
    ['docs/log.schema.json', renderLogSchema],
    ['docs/issuer-log.schema.json', renderIssuerLogSchema],
  ])('%s is what the types of the log say (npm run docs)', (file, render) => {
    expect(read(file)).toBe(render());
  });

  it('the tables of docs/policy.md are what the schema says (npm run docs)', () => {
    expect(read('docs/policy.md')).toBe(renderPolicyPage(read('docs/policy.md')));
  });

  it('docs/reasons.md is what the tables of reasons say (npm run docs)', () => {
    expect(read('docs/reasons.md')).toBe(renderReasonsPage());
  });

  it('docs/conformance.md is what the names of the tests say (npm run docs)', () => {
    expect(read('docs/conformance.md')).toBe(renderConformancePage());
  });

  it('docs/reasons.md has the heading that a problem type links to', () => {
    const anchors = headingsOf(read('docs/reasons.md'));
    expect(new Set(anchors).size).toBe(anchors.length);
    for (const code of Object.keys(GATEWAY_REASONS) as ReasonCode[]) {
      const { hash } = new URL(problemType(code, 'https://docs.example.com/reasons'));
      expect(anchors).toContain(hash.slice(1));
    }
  });

  it('the README has every status that a refusal can have', () => {
    const [, table = ''] = /## What a client sees\n([\s\S]*?)\n## /.exec(read('README.md')) ?? [];
    const statuses = new Set(table.match(/\b[45]\d\d\b/g));
    statuses.add('500'); // a bug is no situation to prepare for
    const answered = Object.values(PROBLEMS).map(({ status }) => String(status));
    expect([...statuses].sort()).toEqual([...new Set(answered)].sort());
  });

  it('docs/reasons.md fits its lines: prose in 100 columns, cells in 120', () => {
    for (const line of read('docs/reasons.md').split('\n')) {
      const isOneWord = /^ *`[^`]*`$/.test(line);
      if (!line.startsWith('|')) expect(line.length <= 100 || isOneWord, line).toBe(true);
      else for (const cell of line.split(' | ')) expect(cell.length, line).toBeLessThanOrEqual(120);
    }
  });

  it.each(['README.md', 'docs/policy.md', 'docs/hono.md'])('the policy in %s compiles', (file) => {
    const [, toml = ''] = /```toml\n([\s\S]*?)```/.exec(read(file)) ?? [];
    const { vars } = parse(toml) as { vars: Record<string, unknown> };
    expect(compilePolicy(vars)).toMatchObject({ ok: true });
  });

  it('docs/hooks.md lists the claims that hooks can not set', () => {
    const [, section = ''] = /## Reserved claims\n([\s\S]*?)\n## /.exec(read('docs/hooks.md')) ?? [];
    const listed = section
      .split('\n\n')
      .at(-1)
      ?.match(/[^`\s,.]+/g);
    expect(listed).toEqual([...RESTRICTED]);
  });

  it('the policy in docs/hono.md answers on this machine as the page says, and has no warning', async () => {
    const page = read('docs/hono.md');
    const [, toml = ''] = /```toml\n([\s\S]*?)```/.exec(page) ?? [];
    const folder = mkdtempSync('.claimgate-page-');
    try {
      const head = 'name = "orders"\nmain = "src/index.ts"\n';
      writeFileSync(`${folder}/wrangler.toml`, `${head}${toml.replace(/^ {3}/gm, '')}`);
      const asked = [...page.matchAll(/curl .*(http:\S+) +# (\d+)/g)];
      expect(asked.map(([, , status]) => status)).toEqual(['401', '200']);
      for (const [, url = '', status] of asked) {
        const { stdout } = await claimgate(['explain', 'GET', url, '--json'], { cwd: folder });
        expect(JSON.parse(stdout).answer.status ?? 200).toBe(Number(status));
      }
      const { code, stdout } = await claimgate(['check', '--strict'], { cwd: folder });
      expect([code, stdout]).toEqual([0, 'ok     wrangler.toml: 2 routes\n']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['README.md', 1],
    ['docs/hono.md', 4],
  ])('the code in %s compiles', { timeout: 60_000 }, async (page, blocks) => {
    const found = [...read(page).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);
    expect(found).toHaveLength(blocks);
    const folder = mkdtempSync('.claimgate-page-');
    try {
      for (const [i, code] of found.entries()) {
        const here = code
          .replace("'claimgate'", "'../src/gateway.ts'")
          .replace("'claimgate/hono'", "'../src/hono.ts'");
        writeFileSync(`${folder}/${i}.ts`, here);
      }
      writeFileSync(
        `${folder}/tsconfig.json`,
        JSON.stringify({ extends: '../tsconfig.json', include: ['*.ts'] }),
      );
      const run = promisify(execFile)('tsc', ['-p', folder]);
      await expect(
        run.catch((error: { stdout: string }) => Promise.reject(new Error(error.stdout))),
      ).resolves.toBeDefined();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('the examples in docs/hooks.md are those that are tested', () => {
    const [, section = ''] = read('docs/hooks.md').split(/^## Examples$/m);
    const blocks = [...(section.split(/^## /m)[0]?.matchAll(/```ts\n([\s\S]*?)```/g) ?? [])];
    expect(blocks).toHaveLength(4);
    for (const [, code = ''] of blocks) expect(read('issuer/src/actions/examples.ts')).toContain(code.trim());
  });

  it.each(readdirSync('docs').filter((file) => file.endsWith('.md') && file !== 'README.md'))(
    'the index has a row for %s',
    (file) => {
      expect(read('docs/README.md')).toMatch(new RegExp(`^[^#]*\\]\\(${file}\\)`, 'm'));
    },
  );

  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'RELEASING.md',
    'CHANGELOG.md',
    ...globSync('examples/*/README.md'),
    ...readdirSync('docs')
      .filter((f) => f.endsWith('.md'))
      .map((f) => `docs/${f}`),
  ];
  it.each(pages)('the links of %s lead somewhere', (page) => {
    for (const [, link = ''] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https:/.test(link)) continue; // no network in tests
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page : join(dirname(page), file);
      expect(existsSync(target), link).toBe(true);
      if (anchor === undefined) continue;
      expect(headingsOf(read(target)), link).toContain(anchor);
    }
  });
});
