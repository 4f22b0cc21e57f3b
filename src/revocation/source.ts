/** An isolate's copy of what is revoked and switched, and how it is kept young. Times are in milliseconds. */
import { type Flight, wait } from '../keys/flight.ts';
import type { Principal, Settings } from '../policy/policy.ts';
import type { RevocationAccess } from './asked.ts';
import type { Content } from './content.ts';
import type { RevocationEvent } from './events.ts';
import {
  createStanding,
  firstEnd,
  idsOf,
  indexRevocations,
  type RevocationIndex,
  type Standing,
  unknownStanding,
} from './standing.ts';
import { REVOCATION_TIMES } from './times.ts';
import { within } from './waiting.ts';

export interface RevocationIo {
  /** @param known what is in memory already */
  access(known: Content | undefined): RevocationAccess;
  now(): number;
  waitUntil(promise: Promise<unknown>): void;
  log(event: RevocationEvent): void;
}

/** For people who look after the gateway. */
export interface RevocationState {
  readonly version: number | undefined;
  readonly publishedAtMs: number | undefined;
  readonly readAtMs: number | undefined;
  readonly entries: number;
  readonly switches: number;
  readonly status: 'ok' | 'failing' | 'unusable';
}

export type RevocationSource = ReturnType<typeof createRevocationSource>;

interface Memory {
  content: Content | undefined;
  index: RevocationIndex;
  standing: Standing | undefined;
  /** Until when the standing holds, in seconds since 1970: a switch ends then. */
  standingUntil: number;
  /** When KV or the object last said what holds. */
  readAtMs: number;
  triedAtMs: number;
  /** Who could not be asked the last time. */
  readonly failing: Set<'kv' | 'object'>;
  reading: Flight | undefined;
}

/**
 * What is revoked and switched: isolate memory, then KV, then the object. A request waits only where the copy in memory
 * is older than 30 s.
 */
export function createRevocationSource(settings: Settings) {
  const memory: Memory = {
    content: undefined,
    index: new Map(),
    standing: undefined,
    standingUntil: Number.POSITIVE_INFINITY,
    readAtMs: Number.NEGATIVE_INFINITY,
    triedAtMs: Number.NEGATIVE_INFINITY,
    failing: new Set(),
    reading: undefined,
  };

  const unknown = unknownStanding(settings);

  /** A promise only where something must be waited for. */
  function get(io: RevocationIo): Standing | Promise<Standing> {
    const now = io.now();
    const age = ageOf(now);
    if (age <= REVOCATION_TIMES.rereadMs) return standingAt(now);
    // Whoever tried a moment ago found nobody to ask.
    const hasFailed = memory.failing.size > 0 && memory.triedAtMs > memory.readAtMs;
    const mayTry = !hasFailed || Math.abs(now - memory.triedAtMs) >= REVOCATION_TIMES.coolDownMs;
    const flight = inFlight(now);
    if (age <= REVOCATION_TIMES.oldMs) {
      if (mayTry && flight === undefined) io.waitUntil(refresh(io));
      return standingAt(now);
    }
    // While nobody answers, one request in a while waits to find out whether somebody does.
    const mayWait = flight === undefined ? mayTry : !hasFailed || age > REVOCATION_TIMES.limitMs;
    return mayWait ? readThenGet(io) : standingAt(now);
  }

  /** Where a clock was set back, nobody knows how old the copy is: it is read anew. */
  function ageOf(now: number): number {
    const age = now - memory.readAtMs;
    return age < -REVOCATION_TIMES.clockSlackMs ? REVOCATION_TIMES.oldMs + 1 : age;
  }

  async function readThenGet(io: RevocationIo): Promise<Standing> {
    const { kvWaitMs, objectWaitMs } = REVOCATION_TIMES;
    await wait(refresh(io), kvWaitMs + objectWaitMs + 500);
    return standingAt(io.now());
  }

  function standingAt(now: number): Standing {
    const { content, index } = memory;
    const { limitMs, staleLimitMs } = REVOCATION_TIMES;
    const isKnown = content !== undefined && now - content.publishedAtMs <= staleLimitMs;
    if (!isKnown || now - memory.readAtMs > limitMs) return unknown;
    const nowSeconds = now / 1000;
    if (memory.standing === undefined || nowSeconds >= memory.standingUntil) {
      memory.standing = createStanding(content, index, settings, nowSeconds, memory.standing);
      memory.standingUntil = firstEnd(content.switches, nowSeconds);
    }
    return memory.standing;
  }

  const inFlight = (now: number): Promise<void> | undefined => {
    const { reading } = memory;
    return reading !== undefined && Math.abs(now - reading.startedAtMs) < REVOCATION_TIMES.flightMs
      ? reading.done
      : undefined;
  };

  /** Reads anew; concurrent requests share one reading. Never rejects. */
  function refresh(io: RevocationIo): Promise<void> {
    const running = inFlight(io.now());
    if (running !== undefined) return running;
    memory.triedAtMs = io.now();
    const flight = { startedAtMs: io.now(), done: read(io) };
    memory.reading = flight;
    const landed = flight.done.finally(() => {
      if (memory.reading === flight) memory.reading = undefined;
    });
    io.waitUntil(landed);
    return landed;
  }

  async function read(io: RevocationIo): Promise<void> {
    // What is learnt is as old as the question.
    const askedAt = io.now();
    const { kvWaitMs, objectWaitMs, staleMs } = REVOCATION_TIMES;
    const access = io.access(memory.content);
    const inKv = await within(access.readKv(), kvWaitMs).catch((error) => {
      tellFailure('kv', error, io);
      return undefined;
    });
    // An older version than that in memory is what KV had elsewhere: it says nothing of now.
    const isTold = inKv !== undefined && inKv.version >= (memory.content?.version ?? 0);
    if (isTold) adopt(inKv, askedAt);
    const publishedAtMs = memory.content?.publishedAtMs ?? 0;
    if (isTold && askedAt - publishedAtMs <= staleMs) return tellRecovery('kv', io);
    try {
      adopt(await within(access.object.content(), objectWaitMs), askedAt);
      if (inKv !== undefined) tellRecovery('object', io);
    } catch (error) {
      // KV holds all that was ever acknowledged, and without the object nothing can be.
      tellFailure('object', error, io);
    }
  }

  function tellFailure(from: 'kv' | 'object', error: unknown, io: RevocationIo): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!memory.failing.has(from)) io.log({ event: 'revocations_read_failed', from, message });
    memory.failing.add(from);
  }

  function tellRecovery(from: 'kv' | 'object', io: RevocationIo): void {
    if (memory.failing.size > 0) io.log({ event: 'revocations_recovered', from });
    memory.failing.clear();
  }

  function adopt(content: Content, askedAtMs: number): void {
    const { content: held } = memory;
    memory.readAtMs = askedAtMs;
    if (held !== undefined && content.version <= held.version) {
      const publishedAtMs = Math.max(held.publishedAtMs, content.publishedAtMs);
      memory.content = { ...held, publishedAtMs };
      return;
    }
    memory.index = indexRevocations(content.groups);
    memory.content = content;
    memory.standingUntil = Number.NEGATIVE_INFINITY;
  }

  /** What holds this moment for one caller, as the object itself says. */
  async function ask(principal: Principal | undefined, io: RevocationIo): Promise<Standing> {
    const question = principal && { issuer: principal.issuer.issuer, ids: idsOf(principal) };
    try {
      const { object } = io.access(undefined);
      const content = await within(object.ask(question ?? {}), REVOCATION_TIMES.objectWaitMs);
      const index = indexRevocations(content.groups);
      return createStanding(content, index, settings, io.now() / 1000, memory.standing);
    } catch (error) {
      tellFailure('object', error, io);
      return unknown;
    }
  }

  async function stateOf(io: RevocationIo): Promise<RevocationState> {
    if (io.now() - memory.readAtMs > REVOCATION_TIMES.oldMs) await readThenGet(io);
    const { content, readAtMs, failing } = memory;
    const isUsable = io.now() - readAtMs <= REVOCATION_TIMES.limitMs;
    return {
      version: content?.version,
      publishedAtMs: content?.publishedAtMs,
      readAtMs: content === undefined ? undefined : readAtMs,
      entries: content?.groups.reduce((sum, { ids }) => sum + ids.length, 0) ?? 0,
      switches: content?.switches.length ?? 0,
      status: !isUsable ? 'unusable' : failing.size > 0 ? 'failing' : 'ok',
    };
  }

  return { get, ask, stateOf };
}
