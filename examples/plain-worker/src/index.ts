/** A Worker with paths of its own. All others are the gateway's. */
import { env } from 'cloudflare:workers';
import { createGateway, createKeyRefresh } from 'claimgate';

const gateway = createGateway({ env });

export default {
  fetch(request, bindings, context) {
    const { pathname } = new URL(request.url);
    if (pathname === '/version') return new Response('1.0.0');
    return gateway.fetch(request, bindings, context);
  },
  scheduled: createKeyRefresh({ env }),
} satisfies ExportedHandler;
