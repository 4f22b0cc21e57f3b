/**
 * Compiles a policy once, as a Worker does when it starts, and tells how long that took: the first time in a process,
 * with code that was never run. Not in a Worker, whose clock stands still meanwhile; in the same engine, under the
 * same rule that strings become no code.
 */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { compilePolicy } from '../src/policy/compile/compile.ts';

const [script = '', policyFile = ''] = process.argv.slice(2);
const module = (await import(pathToFileURL(script).href)) as { compilePolicy: typeof compilePolicy };
const policy = JSON.parse(readFileSync(policyFile, 'utf8')) as Record<string, unknown>;

const before = performance.now();
const compiled = module.compilePolicy(policy);
const milliseconds = performance.now() - before;

if (!compiled.ok) throw new Error(`the policy has errors: ${JSON.stringify(compiled.faults)}`);
process.send?.(milliseconds);
process.once('disconnect', () => process.exit());
