import { WorkerEntrypoint } from 'cloudflare:workers';
import * as z from 'zod/mini';
import { OBJECT_NAME } from '../access.ts';
import type { Revocations } from './object.ts';

const callSchema = z.strictObject({
  /** The binding of the object, as the policy names it. */
  object: z.string(),
  call: z.enum(['apply', 'page', 'content']),
  input: z.optional(z.unknown()),
});

/**
 * What `claimgate revoke` and its sisters talk to. A named entrypoint has no address on the internet: only a Worker of
 * the same account that is bound to it can ask, and wrangler lets only those make one who may change its Workers.
 */
export class RevocationAdmin extends WorkerEntrypoint {
  override async fetch(request: Request): Promise<Response> {
    try {
      const { object, call, input } = callSchema.parse(await request.json());
      const namespace = (this.env as Readonly<Record<string, unknown>>)[object];
      if (!isNamespace(namespace)) return failed(`the Worker has no Durable Object binding ${object}`);
      const stub = namespace.get(namespace.idFromName(OBJECT_NAME)) as DurableObjectStub<Revocations>;
      return Response.json({ result: await stub[call](input) });
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
}

const failed = (error: string) => Response.json({ error }, { status: 400 });

const isNamespace = (value: unknown): value is DurableObjectNamespace<Revocations> =>
  typeof value === 'object' && value !== null && 'idFromName' in value;
