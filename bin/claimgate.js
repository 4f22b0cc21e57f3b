#!/usr/bin/env node
// The package has the command as JavaScript, since Node runs no TypeScript under node_modules. A clone has its source.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`error  claimgate needs Node 22.12 or newer, and this is ${process.versions.node}\n`);
  process.exit(3);
}
const source = new URL('../cli/claimgate.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/claimgate.js', import.meta.url).href);
