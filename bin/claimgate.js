#!/usr/bin/env node
// The package has the command as JavaScript, since Node runs no TypeScript under node_modules. A clone has its source.
import { existsSync } from 'node:fs';

const source = new URL('../cli/claimgate.ts', import.meta.url);
await import(existsSync(source) ? source.href : new URL('../dist/cli/claimgate.js', import.meta.url).href);
