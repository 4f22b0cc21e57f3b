#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { main } from './program.ts';

// What commands load when they need it is large; the second time it is there at once.
enableCompileCache();

// A reader that has seen enough (`| head`) is no failure of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await main(process.argv.slice(2), process);
