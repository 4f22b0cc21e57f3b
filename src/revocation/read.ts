/** Reads what is revoked and switched: KV first, then the object, where KV says nothing. */
import { takeOff } from '../keys/flight.ts';
import type { RevocationAccess } from './asked.ts';
import type { Content } from './content.ts';
import type { RevocationEvent } from './events.ts';
import { adopt, type Memory, type Teller } from './memory.ts';
import { REVOCATION_TIMES } from './times.ts';
import { within } from './waiting.ts';

export interface RevocationIo {
  /** @param known what is in memory already */
  access(known: Content | undefined): RevocationAccess;
  /** Milliseconds since 1970. */
  now(): number;
  waitUntil(promise: Promise<unknown>): void;
  log(event: RevocationEvent): void;
}

/** The reading that is under way, if it can still land. */
export function inFlight({ reading }: Memory, now: number): Promise<void> | undefined {
  const isAloft = reading !== undefined && Math.abs(now - reading.startedAtMs) < REVOCATION_TIMES.flightMs;
  return isAloft ? reading.done : undefined;
}

/** Reads anew; concurrent requests share one reading. Never rejects. */
export function refresh(memory: Memory, io: RevocationIo): Promise<void> {
  const running = inFlight(memory, io.now());
  if (running !== undefined) return running;
  memory.triedAtMs = io.now();
  return takeOff(memory, 'reading', () => read(memory, io), io);
}

async function read(memory: Memory, io: RevocationIo): Promise<void> {
  // What is learnt is as old as the question.
  const askedAt = io.now();
  const { kvWaitMs, objectWaitMs, staleMs } = REVOCATION_TIMES;
  const access = io.access(memory.content);
  const reading = access.readKv();
  const inKv = await within(reading, kvWaitMs).catch((error) => {
    tellFailure('kv', error, memory, io);
    io.waitUntil(adoptLate(reading, askedAt, memory));
    return undefined;
  });
  // An older version than that in memory is what KV had elsewhere: it says nothing of now.
  const isTold = inKv !== undefined && inKv.version >= (memory.content?.version ?? 0);
  if (isTold) adopt(memory, inKv, askedAt);
  const publishedAtMs = memory.content?.publishedAtMs ?? 0;
  // A date that is far ahead would never be old: it says as little as one that is.
  if (isTold && Math.abs(askedAt - publishedAtMs) <= staleMs) return tellRecovery('kv', memory, io);
  try {
    adopt(memory, await within(access.object.content(), objectWaitMs), askedAt);
    if (inKv !== undefined) tellRecovery('object', memory, io);
  } catch (error) {
    // KV holds all that was ever acknowledged, and without the object nothing can be.
    tellFailure('object', error, memory, io);
  }
}

/** A long list may take longer than a request waits: without it, a new isolate would never have one. */
async function adoptLate(
  reading: Promise<Content | undefined>,
  askedAt: number,
  memory: Memory,
): Promise<void> {
  const late = await reading.catch(() => undefined);
  if (late !== undefined && late.version > (memory.content?.version ?? -1)) adopt(memory, late, askedAt);
}

/** Told once, until somebody answers again. */
export function tellFailure(
  from: Teller,
  error: unknown,
  { failing }: Memory,
  io: Pick<RevocationIo, 'log'>,
): void {
  const message = error instanceof Error ? error.message : String(error);
  if (!failing.has(from)) io.log({ event: 'revocations_read_failed', from, message });
  failing.add(from);
}

function tellRecovery(from: Teller, { failing }: Memory, io: RevocationIo): void {
  if (failing.size > 0) io.log({ event: 'revocations_recovered', from });
  failing.clear();
}
