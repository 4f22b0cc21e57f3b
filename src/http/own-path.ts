/** A path that the gateway answers itself, by its exact spelling, on any host. No header of the client takes part. */
export function asksFor(request: Pick<Request, 'url' | 'method'>, path: string | undefined): boolean {
  if (path === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
  const { url } = request;
  const asked = url.slice(url.indexOf('/', url.indexOf('://') + 3));
  return asked === path || asked.startsWith(`${path}?`);
}
