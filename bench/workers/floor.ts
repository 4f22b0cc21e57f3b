/**
 * The floor: the whole contract with origins, and no decision. A proxy by hand that copies headers, looks at every
 * name, sets the same ones as claimgate, and has its time limit. What claimgate takes more is its own.
 */
const LIMIT_MS = 15_000;

/** Who calls, as if somebody had verified it. */
const CALLER = Object.entries({
  'x-claim-iss': 'https://issuer.example/',
  'x-claim-sub': 'auth0|5f7c8ec7c33c6c004bbafe82',
  'x-claim-client-id': 'bench-client',
  'x-claim-scope': 'openid read:bench write:bench',
});

const DROPPED: ReadonlySet<string> = new Set([
  ...['authorization', 'connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['forwarded', 'x-real-ip', 'true-client-ip', 'x-client-ip', 'x-request-id', 'x-client-request-id'],
]);
const isDropped = (name: string) =>
  DROPPED.has(name) || name.startsWith('x-claim-') || name.startsWith('x-forwarded-');

export default {
  async fetch(request: Request, env: { readonly ORIGIN: string }): Promise<Response> {
    const { url, method, body, headers: inbound } = request;
    const { protocol, host, pathname, search } = new URL(url);
    const headers = new Headers(inbound);
    for (const name of inbound.keys()) if (isDropped(name)) headers.delete(name);
    if (pathname !== '/public') for (const [name, value] of CALLER) headers.set(name, value);
    const address = inbound.get('cf-connecting-ip');
    if (address !== null) headers.set('x-forwarded-for', address);
    headers.set('x-forwarded-host', host);
    headers.set('x-forwarded-proto', protocol.slice(0, -1));
    headers.set('x-request-id', crypto.randomUUID());
    const init = { method, headers, body, redirect: 'manual', cache: 'no-store' } as const;
    const answer = await within(LIMIT_MS, fetch(env.ORIGIN + pathname + search, init));
    return answer ?? new Response(null, { status: 504 });
  },
};

function within(limitMs: number, call: Promise<Response>): Promise<Response | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), limitMs);
    call.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
