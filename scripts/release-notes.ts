/** `npm run release:notes -- v0.1.0`: the part of CHANGELOG.md about a version, as the text of its release. */
import { readFileSync } from 'node:fs';

const CHANGELOG = 'CHANGELOG.md';

/**
 * The lines under the heading of a version.
 *
 * @param tag with or without its `v`
 * @throws where the version has no part of its own, or an empty one
 */
export function releaseNotes(changelog: string, tag: string): string {
  const version = tag.replace(/^v/, '');
  const part = changelog
    .split(/^## /m)
    .slice(1)
    .find((text) => text.split(/\s/)[0] === version);
  if (part === undefined)
    throw new Error(`${CHANGELOG} has no part "## ${version}": write it before the tag`);
  const notes = part.slice(part.indexOf('\n')).trim();
  if (notes === '')
    throw new Error(`the part "## ${version}" of ${CHANGELOG} is empty: write what changes for whom`);
  return `${notes}\n`;
}

if (import.meta.main) {
  const [tag] = process.argv.slice(2);
  if (tag === undefined) {
    console.error('name the version: npm run release:notes -- v0.1.0');
    process.exit(2);
  }
  try {
    process.stdout.write(releaseNotes(readFileSync(CHANGELOG, 'utf8'), tag));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
