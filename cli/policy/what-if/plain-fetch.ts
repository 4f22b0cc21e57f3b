/** Requests with the headers that a Worker sends: what a firewall says to them is what it says to the gateway. */
import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from '../../../src/keys/document.ts';

/** Statuses whose answers have no body (Fetch standard, "null body status"). */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Node's own `fetch` adds `accept-language`, `sec-fetch-mode` and others, which can make a firewall answer where it
 * would refuse the gateway. Redirects are not followed, and answers are not decompressed: none is asked for.
 */
export const fetchPlainly: Fetch = (url, { method = 'GET', headers, cache, signal }) => {
  const sent = new Headers(headers);
  // workerd adds these two.
  if (cache === 'no-store') for (const name of ['cache-control', 'pragma']) sent.set(name, 'no-cache');
  const ask = url.startsWith('https:') ? overTls : overHttp;
  return new Promise((resolve, reject) => {
    const options = { method, headers: Object.fromEntries(sent), ...(signal && { signal }) };
    const asked = ask(url, options, (answer) => {
      const { statusCode: status = 0, rawHeaders } = answer;
      const received = new Headers();
      for (let i = 0; i + 1 < rawHeaders.length; i += 2)
        received.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '');
      const isEmpty = method === 'HEAD' || WITHOUT_BODY.includes(status);
      if (isEmpty) answer.resume();
      const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
      try {
        resolve(new Response(body, { status, headers: received }));
      } catch (error) {
        answer.destroy();
        reject(error); // a status that no Response can have
      }
    });
    asked.on('error', reject).end();
  });
};
