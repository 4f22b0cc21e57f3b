/** A gateway whose rate limits, L1 and L2, tell what is counted. */
import { NOW_SECONDS } from './model.ts';

/**
 * One program can't have the types of Workers beside those of Node: what is needed of the gateway is written here, and
 * the compiler does not see where it comes from.
 */
interface GatewayModule {
  createGateway(options: object): { fetch(request: Request): Response | Promise<Response> };
}
const GATEWAY: string = '../../../src/gateway.ts';
const { createGateway } = (await import(GATEWAY)) as GatewayModule;

export interface Counted {
  readonly status: number;
  /** In the order in which the platform was asked. */
  readonly counted: readonly (readonly [limit: string, counter: string])[];
}

export function gatewayFor(policy: Readonly<Record<string, unknown>>) {
  const counted: (readonly [string, string])[] = [];
  const binding = (name: string) => ({
    limit: async ({ key }: { key: string }) => {
      counted.push([name, key]);
      return { success: true };
    },
  });
  const app = createGateway({
    env: { L1: binding('L1'), L2: binding('L2') },
    policy,
    log: () => {},
    now: () => NOW_SECONDS * 1000,
    fetch: async () => new Response('from the origin'),
  });
  return async (method: string, url: string): Promise<Counted> => {
    counted.length = 0;
    const asked = new Request('https://any.example/', { method });
    // The platform hands over targets as they came; `new Request()` would fold them.
    Object.defineProperty(asked, 'url', { value: url });
    const { status } = await app.fetch(asked);
    return { status, counted: [...counted] };
  };
}
