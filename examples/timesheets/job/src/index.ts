import { env } from 'cloudflare:workers';
import hours from '../hours.csv';
import { csvSource } from './csv-source.ts';
import { createImportJob } from './job.ts';

// Made once, so that the next run in this isolate finds the token of the last one.
const runImport = createImportJob({ env, source: csvSource(hours, 'hours.csv') });

export default {
  async scheduled() {
    await runImport();
  },
} satisfies ExportedHandler;
