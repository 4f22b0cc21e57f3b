/**
 * The two ways from a clone to a project: `npm pack`, and npm's own way from git. Both begin with a clone in which
 * nothing is installed, and end in an empty project. They need the npm registry, and are skipped without.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { copyClone, type Ran, run } from './support/package.ts';

const MAJORS = [22, 24] as const;
const TIMEOUT_MS = 600_000;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'claimgate-install-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is in the registry's cache of this machine need not be asked for again. */
const NPM = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };

/** The folder of a Node of this major version; `undefined`: it can't be had here. */
const nodes = new Map<number, string>();
let hasRegistry = false;

/** The path without this repository's programs: a newcomer has none of them. */
const PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((one) => !one.includes('node_modules'))
  .join(delimiter);

const runOn = (node: string | undefined, cwd: string, command: string, ...args: string[]): Promise<Ran> =>
  run(cwd, command, args, { ...NPM, PATH: node === undefined ? PATH : `${node}${delimiter}${PATH}` });

beforeAll(async () => {
  hasRegistry = (await runOn(undefined, folder, 'npm', 'ping')).code === 0;
  for (const major of MAJORS) {
    const found = await findNode(major);
    if (found !== undefined) nodes.set(major, found);
  }
}, TIMEOUT_MS);

/** From the npm package `node`, which is kept for the next run. */
async function findNode(major: number): Promise<string | undefined> {
  const own = resolve('node_modules/node/bin');
  if (await isMajor(own, major)) return own;
  const kept = resolve(`node_modules/.cache/node-${major}`);
  const bin = join(kept, 'node_modules/node/bin');
  if (await isMajor(bin, major)) return bin;
  if (!hasRegistry) return undefined;
  mkdirSync(kept, { recursive: true });
  const manifest = { private: true, dependencies: { node: `^${major}` }, allowScripts: { node: true } };
  writeFileSync(join(kept, 'package.json'), JSON.stringify(manifest));
  await runOn(undefined, kept, 'npm', 'install', '--no-package-lock');
  return (await isMajor(bin, major)) ? bin : undefined;
}

async function isMajor(bin: string, major: number): Promise<boolean> {
  if (!existsSync(join(bin, 'node'))) return false;
  return (await run('.', join(bin, 'node'), ['--version'])).output.startsWith(`v${major}.`);
}

function demand(context: TestContext, major: number): string {
  if (!hasRegistry) context.skip('the npm registry can not be reached');
  const node = nodes.get(major);
  if (node === undefined) context.skip(`there is no Node ${major} here`);
  return node as string;
}

/** A clone as it is after `git clone`, with the changes of the working tree. */
async function freshClone(name: string): Promise<string> {
  const clone = join(folder, name);
  await copyClone(clone);
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...identity, 'commit', '-qm', 'as it is'],
  ])
    expect(await run(clone, 'git', args)).toMatchObject({ code: 0 });
  return clone;
}

async function emptyProject(name: string): Promise<string> {
  const project = join(folder, name);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  return project;
}

/** What a newcomer does first, on each Node. */
async function useIt(project: string): Promise<void> {
  for (const [major, node] of nodes) {
    const site = join(project, `on-${major}`);
    mkdirSync(site);
    const claimgate = (...args: string[]) => runOn(node, site, 'npx', '--no-install', 'claimgate', ...args);
    const init = await claimgate('init', '--issuer', '--yes');
    expect(init.code, init.output).toBe(0);
    expect(await claimgate('check', '--strict'), `Node ${major}`).toMatchObject({ code: 0 });
    expect(await claimgate('test', '--min-coverage', '100'), `Node ${major}`).toMatchObject({ code: 0 });
  }
  const worker = join(project, 'node_modules/claimgate/dist');
  for (const name of ['worker.js', 'index.js', 'issuer.js', 'create-issuer.js', 'types/gateway.d.ts'])
    expect(existsSync(join(worker, name)), name).toBe(true);
  expect(existsSync(join(project, 'node_modules/claimgate/src'))).toBe(false);
}

describe('from a clone in which nothing is installed', () => {
  it('npm pack makes a package that works', { timeout: TIMEOUT_MS }, async (context) => {
    const node = demand(context, 22);
    const clone = await freshClone('clone');
    // By the Node of this machine, whatever it is: the clone brings its own.
    const packed = await runOn(undefined, clone, 'npm', 'pack', '--loglevel=error');
    expect(packed.code, packed.output).toBe(0);
    const [tarball = ''] = readdirSync(clone).filter((name) => name.endsWith('.tgz'));
    const project = await emptyProject('by-pack');
    const installed = await runOn(node, project, 'npm', 'install', '--save-dev', join(clone, tarball));
    expect(installed.code, installed.output).toBe(0);
    expect(installed.output).not.toContain('EBADENGINE');
    await useIt(project);
  });

  it('npm installs it from git', { timeout: TIMEOUT_MS }, async (context) => {
    const node = demand(context, 24);
    const clone = await freshClone('origin');
    const project = await emptyProject('by-git');
    const url = `git+${pathToFileURL(clone)}`;
    const installed = await runOn(node, project, 'npm', 'install', '--save-dev', url);
    expect(installed.code, installed.output).toBe(0);
    await useIt(project);
  });
});
