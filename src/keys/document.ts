/** How a document of an issuer is fetched, whatever is in it. */
import { bodyWithin } from '../bytes.ts';
import { parseTrustedUri } from '../policy/uri.ts';
import { USER_AGENT } from '../version.ts';

/** How requests to an issuer are made: the network, or a service binding. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface FetchedDocument {
  readonly kind: 'document';
  readonly text: string;
  readonly headers: Headers;
}

export interface DocumentFault {
  readonly kind: 'fault';
  readonly fault: 'insecure_uri' | 'timeout' | 'network_error' | 'http_status' | 'redirect' | 'too_large';
  readonly url: string;
  /** The status of the answer, where that is the fault. */
  readonly status?: number | undefined;
}

const FETCH_TIMEOUT_MS = 5_000;

/** https only, redirects are refused, 5 s and `maxBytes` at most. Never throws. @param accept the type that is wanted */
export async function fetchDocument(
  url: string,
  fetch: Fetch,
  { accept, maxBytes }: { readonly accept: string; readonly maxBytes: number },
): Promise<FetchedDocument | DocumentFault> {
  const failed = (fault: DocumentFault['fault'], status?: number): DocumentFault => ({
    kind: 'fault',
    fault,
    url,
    status,
  });
  if (parseTrustedUri(url) === undefined) return failed('insecure_uri');
  const signal = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      headers: { accept, 'user-agent': USER_AGENT },
      redirect: 'manual',
      // Cloudflare's cache would answer with the document from before a change.
      cache: 'no-store',
      signal,
    });
    const { ok, status, headers } = response;
    if (!ok) {
      // An unread body would hold its connection, of which a Worker has six.
      await response.body?.cancel();
      return failed(status >= 300 && status < 400 ? 'redirect' : 'http_status', status);
    }
    const text = await readText(response, maxBytes);
    return text === undefined ? failed('too_large') : { kind: 'document', text, headers };
  } catch {
    return failed(signal.aborted ? 'timeout' : 'network_error');
  }
}

/** @returns `undefined` if the body is longer than `limit` bytes; the rest is then not read */
async function readText({ body }: Response, limit: number): Promise<string | undefined> {
  if (body === null) return '';
  const bytes = await bodyWithin(body, limit);
  return bytes && new TextDecoder().decode(bytes);
}
