/** The Worker that Cloudflare calls. The policy is in wrangler.toml; nothing here needs to be edited. */
import { env } from 'cloudflare:workers';
import { createGateway, createKeyRefresh } from './gateway.ts';

export { RevocationAdmin } from './revocation/object/admin.ts';
export { Revocations } from './revocation/object/object.ts';

const options = { env };
const gateway = createGateway(options);
const refreshKeys = createKeyRefresh(options);

export default {
  fetch: gateway.fetch,
  scheduled: refreshKeys,
} satisfies ExportedHandler;
