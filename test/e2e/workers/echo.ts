/** An origin that answers with what reached it: method, target and headers, as the gateway sent them. */
export default {
  fetch(request: Request): Response {
    const url = new URL(request.url);
    return Response.json({
      method: request.method,
      target: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
    });
  },
};
