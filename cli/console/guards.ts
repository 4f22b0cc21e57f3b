/** Whom the console answers: the page that it served itself, opened by the person who started it, and nobody else. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Refusal {
  readonly status: number;
  readonly error: string;
}

export interface Guarded {
  readonly port: number;
  readonly token: string;
}

/** What every request must meet, that for the page itself, too. @returns `undefined`: it may be answered */
export function refusePlace({ headers }: IncomingMessage, port: number): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = headers;
  // A page whose name was made to mean this machine (DNS rebinding) sends that name.
  if (host === undefined || !hosts.includes(host))
    return { status: 403, error: `The console answers on http://${hosts[0]} only.` };
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, error: 'Another page asked: the console answers its own only.' };
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return {
      status: 403,
      error: 'Another page led here: paste the address that the command printed into a new tab.',
    };
  return undefined;
}

/** What requests for anything but the page must meet as well. */
export function refuseApi(request: IncomingMessage, { port, token }: Guarded): Refusal | undefined {
  const given = request.headers['x-console-token'];
  const place = refusePlace(request, port);
  if (place !== undefined) return place;
  if (typeof given !== 'string' || !equal(given, token))
    return {
      status: 401,
      error: 'The token is not of this console: open the address that the command printed last.',
    };
  return undefined;
}

/** The time that it takes does not tell how much of a token is right. */
function equal(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
