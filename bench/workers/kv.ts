/** KV's protocol, as far as the issuer speaks it: the bulk read. */
interface Env {
  readonly RECORDS: Readonly<Record<string, string>>;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.method !== 'POST' || pathname !== '/bulk/get') return new Response(null, { status: 501 });
    const { keys } = (await request.json()) as { keys: string[] };
    return Response.json(Object.fromEntries(keys.map((key) => [key, env.RECORDS[key] ?? null])));
  },
};
