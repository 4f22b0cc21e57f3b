import type { Settings } from './settings.ts';
import type { SourceEntry } from './source.ts';
import { TokenError, type TokenSource } from './token.ts';

/** What became of one attempt to upload an entry. */
export type Attempt =
  | { readonly kind: 'created' | 'already_there'; readonly timesheetId: number }
  /** The API does not want this entry. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Worth another try. */
  | { readonly kind: 'busy'; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** It would be the same for every entry. */
  | { readonly kind: 'shut_out'; readonly reason: string };

export type Upload = (entry: SourceEntry) => Promise<Attempt>;

export interface UploadOptions {
  readonly api: Settings['api'];
  readonly tokens: TokenSource;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const TIMEOUT_MS = 30_000;

/** With the entry's id as Idempotency-Key it does no harm to send an entry twice, so all of these may be tried again. */
const BUSY_STATUSES = [429, 502, 503, 504];

/** Uploads one entry. A token that is refused is replaced once: it may have been revoked, or its key. */
export function createUpload({ api, tokens, fetch, now }: UploadOptions): Upload {
  const url = new URL('timesheets/upload', api).href;

  async function send({ id, ...body }: SourceEntry, token: string): Promise<Response> {
    return fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': id,
      },
      body: JSON.stringify(body),
      redirect: 'manual', // the token is for this address only
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }

  async function sendWithToken(entry: SourceEntry): Promise<Response> {
    const token = await tokens.get();
    const response = await send(entry, token);
    if (response.status !== 401) return response;
    await response.body?.cancel();
    tokens.forget(token);
    return send(entry, await tokens.get());
  }

  return async (entry) => {
    let status: number;
    let headers: Headers;
    let text: string;
    try {
      const response = await sendWithToken(entry);
      ({ status, headers } = response);
      text = await response.text();
    } catch (error) {
      if (error instanceof TokenError) return { kind: 'shut_out', reason: error.message };
      return { kind: 'busy', reason: `No answer from ${url}.`, retryAfterMs: undefined };
    }
    const body = parseObject(text);
    if (status === 201 || status === 200) {
      const timesheetId = body['id'];
      if (typeof timesheetId === 'number')
        return { kind: status === 201 ? 'created' : 'already_there', timesheetId };
      return { kind: 'rejected', reason: `${status} without the id of a timesheet.` };
    }
    const reason = explain(status, body);
    if (status === 401 || status === 403) return { kind: 'shut_out', reason };
    if (!BUSY_STATUSES.includes(status)) return { kind: 'rejected', reason };
    return { kind: 'busy', reason, retryAfterMs: readRetryAfter(headers.get('retry-after'), now()) };
  };
}

/** Retry-After (RFC 9110 §10.2.3): seconds, or a date. */
function readRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^[0-9]+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The problem (RFC 9457) in one line. */
function explain(status: number, problem: Record<string, unknown>): string {
  const { title, detail, errors } = problem;
  const fields = Array.isArray(errors)
    ? errors.map((error: { pointer?: unknown; detail?: unknown }) => `${error?.pointer} ${error?.detail}`)
    : [];
  return [status, title, detail, ...fields].filter((part) => part !== undefined).join(' · ');
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
