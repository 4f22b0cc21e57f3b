/** An origin that answers with what a binding brought: the request's `cf`, its entrypoint and the binding's props. */
import { WorkerEntrypoint } from 'cloudflare:workers';

export class Named extends WorkerEntrypoint {
  fetch(request) {
    return Response.json({ entrypoint: 'Named', cf: request.cf, props: this.ctx.props });
  }
}

export default {
  fetch: (request) => Response.json({ entrypoint: 'default', cf: request.cf }),
};
