import type { GatewayReasons } from './explained.ts';
import { REQUEST } from './gateway/request.ts';
import { REVOCATION } from './gateway/revocation.ts';
import { ROUTE } from './gateway/route.ts';
import { SERVICE } from './gateway/service.ts';
import { TOKEN } from './gateway/token.ts';

/** Every reason of the gateway, in the order in which requests meet them. */
export const GATEWAY_REASONS: GatewayReasons = { ...REQUEST, ...TOKEN, ...REVOCATION, ...ROUTE, ...SERVICE };
