/** The package as an outsider gets it: packed by npm, unpacked in a project that has what it declares, and no more. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Ran {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

export function run(
  cwd: string,
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const options = {
    cwd,
    env: { ...process.env, NO_COLOR: '1', CI: '1', WRANGLER_SEND_METRICS: 'false', ...env },
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((done) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, output: `${stdout}${stderr}${code === -1 ? error?.message : ''}` });
    });
  });
}

/** Copies what a clone has, with the changes of the working tree. */
export async function copyClone(to: string): Promise<void> {
  const { output } = await run('.', 'git', ['ls-files', '-co', '--exclude-standard', '-z']);
  for (const file of output.split('\0').filter((one) => one !== '' && existsSync(one))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(file, join(to, file));
  }
}

/**
 * Packs a copy of the repository: test files run at once, and each build begins by removing the one before.
 *
 * @returns the tarball's path, and the names of its files
 */
export async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const clone = join(folder, 'packed-clone');
  await copyClone(clone);
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
  const { code, output } = await run(clone, 'npm', [
    'pack',
    '--loglevel=error',
    '--pack-destination',
    folder,
  ]);
  if (code !== 0) throw new Error(`npm pack failed:\n${output}`);
  const tarball = join(folder, output.trim().split('\n').at(-1) ?? '');
  const list = await run('.', 'tar', ['-tzf', tarball]);
  const files = list.output.split('\n').filter((name) => name !== '');
  return { tarball, files: files.map((name) => name.replace(/^package\//, '')) };
}

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

/** What a project needs for its own types. */
const DEVELOPMENT = ['typescript', '@cloudflare/workers-types'];

/**
 * Makes a project that has the package installed. Its dependencies are links to those of this repository, so that no
 * registry is needed; what the package does not declare it does not find.
 */
export async function installInto(project: string, tarball: string): Promise<void> {
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'claimgate');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  await run(modules, 'tar', ['-xzf', tarball]);
  rmSync(installed, { recursive: true, force: true });
  await run(modules, 'mv', ['package', 'claimgate']);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest;
  const needed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  for (const name of [...needed, ...DEVELOPMENT]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  for (const name of ['wrangler', 'tsc'])
    symlinkSync(resolve('node_modules/.bin', name), join(modules, '.bin', name));
  const own = { name: 'outsider', private: true, type: 'module', dependencies: { claimgate: '*' } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(own, null, 2));
  // npm makes the command, as after an installation.
  const { code, output } = await run(project, 'npm', ['rebuild', 'claimgate', '--ignore-scripts']);
  if (code !== 0) throw new Error(`npm rebuild failed:\n${output}`);
}
