/** Where keys come from: fetched once, kept, and fetched anew behind the requests. Times are in milliseconds. */
import { type JwkSet, type KeysById, readKeys } from './keys.ts';
import { refuse } from './refusal.ts';

const KEY_TIMES = {
  /** Older keys are fetched anew, behind the request that finds out. */
  freshMs: 5 * 60_000,
  /** Keys that are older still are fetched before they are used: nobody called, and one may have been withdrawn. */
  idleMs: 10 * 60_000,
  /** Keys are used for so long after they were seen last, while they can't be fetched. */
  staleLimitMs: 24 * 3_600_000,
  /** At most one fetch in this time, whatever kids are asked for. */
  coolDownMs: 30_000,
  /** The same while there are no keys at all. */
  emptyCoolDownMs: 1_000,
  /** How long a fetch may take. */
  fetchMs: 5_000,
} as const;

const MAX_BYTES = 65_536;

export type FetchKeys = (url: string, init: RequestInit) => Promise<Response>;

/** Keys for one assertion. */
export interface KeySource {
  /**
   * @param kid where the keys at hand lack it, they are fetched anew
   * @throws OriginRefusal `keys_unavailable`
   */
  get(kid: string | undefined, waitUntil?: (work: Promise<unknown>) => void): Promise<KeysById>;
}

/** Keys that never change. @throws TypeError where none can be used */
export function fixedKeys(set: JwkSet): KeySource {
  const keys = readKeys(set);
  if (keys === undefined) throw new TypeError('keys: the set has no public ES256 or Ed25519 key with a kid');
  return { get: async () => keys };
}

/** The keys that a URL has. */
export function fetchedKeys(url: string, fetchKeys: FetchKeys, now: () => number): KeySource {
  let held: { readonly keys: KeysById; readonly atMs: number } | undefined;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  /** Of the last fetch. */
  let fault = 'there is no answer yet';
  let flight: { readonly done: Promise<void>; readonly startedAtMs: number } | undefined;

  const usable = () => (held !== undefined && now() - held.atMs <= KEY_TIMES.staleLimitMs ? held : undefined);

  /** Where the last fetch failed, requests don't wait for the next one. */
  const isIdle = (atMs: number) => now() - atMs > KEY_TIMES.idleMs && triedAtMs <= atMs;

  /** @returns the fetch that is under way, or a new one unless one was tried just now */
  function refresh(): Promise<void> | undefined {
    // An older one may have been cancelled by the platform, with the request that began it.
    if (flight !== undefined && now() - flight.startedAtMs <= KEY_TIMES.fetchMs) return flight.done;
    const coolDownMs = usable() === undefined ? KEY_TIMES.emptyCoolDownMs : KEY_TIMES.coolDownMs;
    if (now() - triedAtMs < coolDownMs) return undefined;
    triedAtMs = now();
    const started = { startedAtMs: triedAtMs, done: load() };
    flight = started;
    void started.done.then(() => {
      if (flight === started) flight = undefined;
    });
    return started.done;
  }

  async function load(): Promise<void> {
    try {
      held = { keys: await fetchSet(url, fetchKeys), atMs: now() };
    } catch (error) {
      // The keys at hand stay.
      fault = faultOf(error as Error);
    }
  }

  return {
    async get(kid, waitUntil) {
      const first = usable();
      if (first === undefined || (kid !== undefined && !first.keys.has(kid)) || isIdle(first.atMs))
        await withLimit(refresh());
      else if (now() - first.atMs > KEY_TIMES.freshMs) {
        const work = refresh();
        if (work !== undefined) waitUntil?.(work);
      }
      const why = `The keys of the gateway could not be fetched: ${fault}.`;
      return usable()?.keys ?? refuse('keys_unavailable', why);
    },
  };
}

/** What `fetch` says of a network stands in the cause; of two addresses that both failed, only in its code. */
function faultOf({ message, cause }: Error): string {
  const { message: why, code } = (cause ?? {}) as { readonly message?: string; readonly code?: string };
  return why || code || message;
}

/** Each request has a limit of its own: the fetch of another one may never end. */
async function withLimit(work: Promise<void> | undefined): Promise<void> {
  if (work === undefined) return;
  let stop = () => {};
  const limit = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, KEY_TIMES.fetchMs);
    stop = () => clearTimeout(timer);
  });
  await Promise.race([work, limit]);
  stop();
}

/** @throws where there are none: a set without a key must never replace a good one */
async function fetchSet(url: string, fetchKeys: FetchKeys): Promise<KeysById> {
  // A redirect could lead anywhere; Workers don't know `error`.
  const signal = AbortSignal.timeout(KEY_TIMES.fetchMs);
  const response = await fetchKeys(url, {
    redirect: 'manual',
    headers: { accept: 'application/json' },
    signal,
  });
  if (response.status !== 200 || response.body === null)
    throw new Error(`the URL answers ${response.status}`);
  const bytes = await readLimited(response.body, MAX_BYTES);
  if (bytes === undefined) throw new Error(`the URL answers more than ${MAX_BYTES} bytes`);
  const keys = readKeys(parseJson(new TextDecoder().decode(bytes)));
  if (keys === undefined) throw new Error('the URL has no key that signs assertions');
  return keys;
}

/** @throws with nothing of the text in it */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the URL answers no JSON');
  }
}

/** @returns `undefined` where there are more bytes than that */
export async function readLimited(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      void reader.cancel().catch(() => {});
      return undefined;
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
