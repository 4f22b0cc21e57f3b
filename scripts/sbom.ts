/**
 * `npm run sbom`: the packages that the package brings along, as a CycloneDX document, by the versions of the lock file.
 *
 * `npm sbom --omit dev` leaves out each package that something of development needs as well, such as hono and jose. So it
 * is asked about a copy of the two files without what users don't get.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  devDependencies?: unknown;
  peerDependencies?: unknown;
  peerDependenciesMeta?: unknown;
  scripts?: unknown;
}
interface Lock {
  packages: Record<string, Manifest & { dev?: boolean; devOptional?: boolean; peer?: boolean }>;
}

const ARGUMENTS = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

function withoutDevelopment<T extends Manifest>(manifest: T): T {
  const {
    devDependencies: _dev,
    peerDependencies: _peer,
    peerDependenciesMeta: _meta,
    scripts: _,
    ...rest
  } = manifest;
  return rest as T;
}

/** The document as JSON text. */
export function renderSbom(): string {
  const folder = mkdtempSync(join(tmpdir(), 'claimgate-sbom-'));
  try {
    const lock = readJson('package-lock.json') as Lock;
    const kept = Object.entries(lock.packages).filter(([, one]) => !one.dev && !one.devOptional && !one.peer);
    const packages = Object.fromEntries(
      kept.map(([path, one]) => [path, path === '' ? withoutDevelopment(one) : one]),
    );
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify(withoutDevelopment(readJson('package.json') as Manifest)),
    );
    return execFileSync('npm', ARGUMENTS, { cwd: folder, encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.main) process.stdout.write(renderSbom());
