import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { renderPolicyPage, renderSchema } from '../../scripts/docs.ts';
import { compilePolicy } from '../../src/policy/compile/compile.ts';

const read = (file: string) => readFileSync(file, 'utf8');

describe('docs', () => {
  it('the JSON Schema is what the schema says (npm run docs)', () => {
    expect(read('docs/policy.schema.json')).toBe(renderSchema());
  });

  it('the tables of docs/policy.md are what the schema says (npm run docs)', () => {
    expect(read('docs/policy.md')).toBe(renderPolicyPage(read('docs/policy.md')));
  });

  it.each(['README.md', 'docs/policy.md'])('the policy in %s compiles', (file) => {
    const [, toml = ''] = /```toml\n([\s\S]*?)```/.exec(read(file)) ?? [];
    const { vars } = parse(toml) as { vars: Record<string, unknown> };
    expect(compilePolicy(vars)).toMatchObject({ ok: true });
  });

  it('the Worker in the README compiles', { timeout: 60_000 }, async () => {
    const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
    expect(code).toContain('createGateway');
    const folder = mkdtempSync('.claimgate-readme-');
    try {
      writeFileSync(`${folder}/index.ts`, code.replace("'claimgate'", "'../src/gateway.ts'"));
      writeFileSync(
        `${folder}/tsconfig.json`,
        JSON.stringify({ extends: '../tsconfig.json', include: ['index.ts'] }),
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

  it('the README stays short', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(200);
  });

  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'examples/timesheets/README.md',
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
      const text = read(target);
      const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replace(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings, link).toContain(anchor);
    }
  });
});
