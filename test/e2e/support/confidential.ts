/** What no log may hold: secrets, assertions and tokens, as they went over the wire. */
export class Confidential {
  readonly #texts = new Set<string>();

  /** Of a JWT the signature counts too: it is what makes the rest worth stealing. */
  add(text: string): void {
    if (text === '') return; // it is in every line
    this.#texts.add(text);
    const signature = /^[\w-]+\.[\w-]+\.([\w-]+)$/.exec(text)?.[1];
    if (signature !== undefined) this.#texts.add(signature);
  }

  get size(): number {
    return this.#texts.size;
  }

  /** The lines that hold one of them. */
  leaks(lines: readonly string[]): string[] {
    const texts = [...this.#texts];
    return lines.filter((line) => texts.some((text) => line.includes(text)));
  }

  /** `fetch` that keeps what goes by: for clients that make their own assertions. */
  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const sent = new URLSearchParams(request.body === null ? '' : await request.clone().text());
    for (const name of ['client_secret', 'client_assertion']) {
      const value = sent.get(name);
      if (value !== null) this.add(value);
    }
    const response = await fetch(request);
    const received: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    const token = (received as { access_token?: unknown } | null | undefined)?.access_token;
    if (typeof token === 'string') this.add(token);
    return response;
  };
}
