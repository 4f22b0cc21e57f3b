/** What GitHub reads in `.github/`. Nothing here runs a workflow; a run of `actionlint` by hand is in RELEASING.md. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { releaseNotes } from '../../scripts/release-notes.ts';
import { renderSbom } from '../../scripts/sbom.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly 'timeout-minutes': number;
        readonly permissions?: Readonly<Record<string, string>>;
        readonly steps: readonly Step[];
      }
    >
  >;
}

const { scripts, dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'scripts' | 'dependencies',
  Record<string, string>
>;

/** The permissions that a job may have beyond reading the repository. */
const MAY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  publish: { 'id-token': 'write', attestations: 'write' },
  announce: { contents: 'write' },
};

const files = globSync('.github/**/*.yml').sort();
const workflows = files.filter((file) => file.startsWith('.github/workflows/'));

describe.each(workflows)('%s', (file) => {
  const text = readFileSync(file, 'utf8');
  const { permissions, jobs } = parse(text) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

  it('names each action by its commit, with the version beside it', () => {
    const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, used = '']) => used);
    expect(uses.length).toBeGreaterThan(0);
    for (const used of uses) expect(used).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('gives each job the permissions that it needs, and no others', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const [name, job] of Object.entries(jobs))
      expect(job.permissions ?? {}, name).toEqual(MAY[name] ?? {});
  });

  it('keeps no credentials of git, and ends what hangs', () => {
    for (const { uses, with: inputs } of steps.filter((step) => step.uses?.startsWith('actions/checkout@')))
      expect(inputs, uses).toMatchObject({ 'persist-credentials': false });
    for (const [name, job] of Object.entries(jobs)) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
  });

  it('runs scripts that package.json has', () => {
    const run = commands.flatMap((command) => [
      ...command.matchAll(/\bnpm (?:run (?:--\S+ )*([\w:]+)|(test|start)\b)/g),
    ]);
    expect(run.length).toBeGreaterThan(0);
    for (const [, script, short] of run) expect(scripts).toHaveProperty([script ?? short ?? '']);
  });

  it('has shell that a shell reads, and no expression in it that others could fill', () => {
    for (const command of commands) {
      expect(command).not.toContain('${{');
      expect(() => execFileSync('bash', ['-n'], { input: command })).not.toThrow();
    }
  });
});

describe('the other files of .github', () => {
  it.each(files.filter((file) => !workflows.includes(file)))('%s can be read', (file) => {
    expect(parse(readFileSync(file, 'utf8'))).toBeTypeOf('object');
  });

  it.each(['bug', 'idea'])('the form %s asks each thing once', (name) => {
    const form = parse(readFileSync(`.github/ISSUE_TEMPLATE/${name}.yml`, 'utf8')) as {
      readonly name: string;
      readonly description: string;
      readonly body: readonly { readonly type: string; readonly id?: string }[];
    };
    expect(form.name && form.description).toBeTruthy();
    const asked = form.body.filter(({ type }) => type !== 'markdown').map(({ id }) => id);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).not.toContain(undefined);
  });
});

describe('a release', () => {
  it('runs the two commands of the README in test.yml', () => {
    const text = readFileSync('.github/workflows/test.yml', 'utf8');
    expect(text).toMatch(/npm test/);
    expect(text).toMatch(/npm start/);
  });

  it('lists in its SBOM what the package brings along, and nothing of development', () => {
    const { components } = JSON.parse(renderSbom()) as { components: readonly { name: string }[] };
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
    expect(names).toContain('tldts-core'); // one that a package of ours needs
    expect(names).not.toContain('vitest');
    expect(names.length).toBeLessThan(20);
  });

  it.each([
    ['v0.2.0', '- Two.\n'],
    ['0.1.0', '- One.\n'],
  ])('of %s has the part of CHANGELOG.md about it', (tag, notes) => {
    const changelog =
      '# Changes\n\n## Unreleased\n\n- Three.\n\n## 0.2.0 (2026-02-02)\n\n- Two.\n\n## 0.1.0\n\n- One.\n';
    expect(releaseNotes(changelog, tag)).toBe(notes);
  });

  it.each([
    ['v0.3.0', 'CHANGELOG.md has no part "## 0.3.0": write it before the tag'],
    ['v0.2.0', 'the part "## 0.2.0" of CHANGELOG.md is empty: write what changes for whom'],
  ])('of %s stops where there is none', (tag, message) => {
    expect(() => releaseNotes('# Changes\n\n## 0.2.0\n\n## 0.1.0\n\n- One.\n', tag)).toThrow(message);
  });
});
