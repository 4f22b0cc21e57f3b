/** Cloudflare Access puts its token into a header of its own. The gateway reads `Authorization`. */
import { env } from 'cloudflare:workers';
import { createGateway, createKeyRefresh } from 'claimgate';

const gateway = createGateway({ env });

export default {
  fetch(request, bindings, context) {
    const token = request.headers.get('cf-access-jwt-assertion');
    const headers = new Headers(request.headers);
    // A client that made up this header has no token that Access has signed.
    if (token !== null) headers.set('authorization', `Bearer ${token}`);
    return gateway.fetch(new Request(request, { headers }), bindings, context);
  },
  scheduled: createKeyRefresh({ env }),
} satisfies ExportedHandler;
