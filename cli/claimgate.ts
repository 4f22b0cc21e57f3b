#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Compiling what a command loads takes longer than most commands; the second time it is there at once.
enableCompileCache();
const { main } = await import('./program.ts');

// A reader that has seen enough (`| head`) is no failure of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await main(process.argv.slice(2), process);
