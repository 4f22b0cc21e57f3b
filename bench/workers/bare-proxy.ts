/** The least that a proxy can do: what every other variant is compared with. */
export default {
  fetch(request: Request, env: { readonly ORIGIN: string }): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    return fetch(env.ORIGIN + pathname + search, request);
  },
};
