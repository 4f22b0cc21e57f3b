/** The Worker that Cloudflare calls. The policy is in wrangler.toml; nothing here needs to be edited. */
import { env } from 'cloudflare:workers';
import { createFetch, createKeyRefresh } from './handler.ts';

export { RevocationAdmin } from './revocation/object/admin.ts';
export { Revocations } from './revocation/object/object.ts';

const options = { env };

export default {
  fetch: createFetch(options),
  scheduled: createKeyRefresh(options),
} satisfies ExportedHandler;
