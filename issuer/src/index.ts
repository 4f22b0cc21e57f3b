/** What Cloudflare calls. Hooks are in hooks.ts, the rest is configuration: nothing here needs to be edited. */
import { env } from 'cloudflare:workers';
import { actions } from './hooks.ts';
import { createIssuer } from './issuer.ts';

export { AssertionReplay } from './client/replay.ts';

const issuer = createIssuer({ env, actions });

export default { fetch: issuer.fetch } satisfies ExportedHandler;
