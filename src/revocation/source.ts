/** What is revoked and switched, as requests get it. Times are in milliseconds. */
import { wait } from '../keys/flight.ts';
import type { Principal, Settings } from '../policy/policy.ts';
import { ageOf, createMemory, isUsable, standingAt } from './memory.ts';
import { inFlight, type RevocationIo, refresh, tellFailure } from './read.ts';
import { createStanding, idsOf, indexRevocations, type Standing } from './standing.ts';
import { REVOCATION_TIMES } from './times.ts';
import { within } from './waiting.ts';

export type { RevocationIo } from './read.ts';

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

/**
 * What is revoked and switched: isolate memory, then KV, then the object. A request waits only where the copy in memory
 * is older than 30 s.
 */
export function createRevocationSource(settings: Settings) {
  const memory = createMemory(settings);

  /** A promise only where something must be waited for. */
  function get(io: RevocationIo): Standing | Promise<Standing> {
    const now = io.now();
    const age = ageOf(memory, now);
    if (age <= REVOCATION_TIMES.rereadMs) return standingAt(memory, now);
    // Whoever tried a moment ago found nobody to ask.
    const hasFailed = memory.failing.size > 0 && memory.triedAtMs > memory.readAtMs;
    const mayTry = !hasFailed || Math.abs(now - memory.triedAtMs) >= REVOCATION_TIMES.coolDownMs;
    const flight = inFlight(memory, now);
    if (age <= REVOCATION_TIMES.oldMs) {
      if (mayTry && flight === undefined) io.waitUntil(refresh(memory, io));
      return standingAt(memory, now);
    }
    // While nobody answers, one request in a while waits to find out whether somebody does.
    const mayWait = flight === undefined ? mayTry : !hasFailed || age > REVOCATION_TIMES.limitMs;
    return mayWait ? readThenGet(io) : standingAt(memory, now);
  }

  async function readThenGet(io: RevocationIo): Promise<Standing> {
    const { kvWaitMs, objectWaitMs } = REVOCATION_TIMES;
    await wait(refresh(memory, io), kvWaitMs + objectWaitMs + 500);
    return standingAt(memory, io.now());
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
      tellFailure('object', error, memory, io);
      return memory.unknown;
    }
  }

  async function stateOf(io: RevocationIo): Promise<RevocationState> {
    if (ageOf(memory, io.now()) > REVOCATION_TIMES.oldMs) await readThenGet(io);
    const { content, readAtMs, failing } = memory;
    return {
      version: content?.version,
      publishedAtMs: content?.publishedAtMs,
      readAtMs: content === undefined ? undefined : readAtMs,
      entries: content?.groups.reduce((sum, { ids }) => sum + ids.length, 0) ?? 0,
      switches: content?.switches.length ?? 0,
      status: !isUsable(memory, io.now()) ? 'unusable' : failing.size > 0 ? 'failing' : 'ok',
    };
  }

  return { get, ask, stateOf };
}
