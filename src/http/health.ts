/** `health_path` by its exact spelling, on any host. No header of the client takes part. */
export function isHealthRequest(request: Request, healthPath: string | undefined): boolean {
  if (healthPath === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  const { url } = request;
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3));
  return path === healthPath || path.startsWith(`${healthPath}?`);
}

/** The gateway is up, and its policy compiles: a broken one answers everything with 503. */
export function renderHealth(): Response {
  return Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } });
}
