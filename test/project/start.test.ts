/** `npm start` as npm runs it, with a script that stands for the Workers. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'claimgate-start-'));
let pid: number | undefined;
afterAll(() => {
  if (pid !== undefined && isRunning(pid)) process.kill(pid);
  rmSync(folder, { recursive: true });
});

function isRunning(one: number): boolean {
  try {
    return process.kill(one, 0);
  } catch {
    return false;
  }
}

/** npm hands a signal to the shell that it started, which does not hand it on: the shell must have become node. */
it('ends the Workers when npm alone is ended', { timeout: 60_000 }, async () => {
  mkdirSync(join(folder, 'scripts'));
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules/.bin/node'));
  writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{}');
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', scripts }));
  writeFileSync(
    join(folder, 'scripts/start.ts'),
    'console.log("pid %d.", process.pid);\nsetInterval(() => {}, 1000);\n',
  );
  const npm = spawn('npm', ['start'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  npm.stdout.on('data', (data) => {
    said += data;
  });
  await vi.waitFor(() => expect(said).toMatch(/pid \d+\./), 30_000);
  pid = Number(/pid (\d+)\./.exec(said)?.[1]);
  npm.kill('SIGTERM');
  await vi.waitFor(() => expect(isRunning(pid as number)).toBe(false), 10_000);
});
