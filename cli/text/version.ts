import { createRequire } from 'node:module';

/** The package's own: it finds itself in a clone, and where it is installed. */
export const { version: VERSION } = createRequire(import.meta.url)('claimgate/package.json') as {
  version: string;
};
