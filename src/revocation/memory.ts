/** An isolate's copy of what is revoked and switched, and how good that is. Times are in milliseconds since 1970. */
import type { Flight } from '../keys/flight.ts';
import type { Settings } from '../policy/policy.ts';
import type { Content } from './content.ts';
import {
  createStanding,
  firstEnd,
  indexRevocations,
  type RevocationIndex,
  type Standing,
  unknownStanding,
} from './standing.ts';
import { REVOCATION_TIMES } from './times.ts';

/** Who can be asked. */
export type Teller = 'kv' | 'object';

export interface Memory {
  readonly settings: Settings;
  /** For as long as nobody can say what holds. */
  readonly unknown: Standing;
  content: Content | undefined;
  index: RevocationIndex;
  standing: Standing | undefined;
  /** Until when the standing holds, in seconds since 1970: a switch ends then. */
  standingUntil: number;
  /** When KV or the object last said what holds. */
  readAtMs: number;
  triedAtMs: number;
  /** Who could not be asked the last time. */
  readonly failing: Set<Teller>;
  reading: Flight | undefined;
}

export const createMemory = (settings: Settings): Memory => ({
  settings,
  unknown: unknownStanding(settings),
  content: undefined,
  index: new Map(),
  standing: undefined,
  standingUntil: Number.POSITIVE_INFINITY,
  readAtMs: Number.NEGATIVE_INFINITY,
  triedAtMs: Number.NEGATIVE_INFINITY,
  failing: new Set(),
  reading: undefined,
});

/** Where a clock was set back, nobody knows how old the copy is: it is read anew. */
export function ageOf({ readAtMs }: Memory, now: number): number {
  const age = now - readAtMs;
  return age < -REVOCATION_TIMES.clockSlackMs ? REVOCATION_TIMES.oldMs + 1 : age;
}

/** Whether the copy may be used, however old it is. */
export function isUsable({ content, readAtMs }: Memory, now: number): boolean {
  const { limitMs, staleLimitMs } = REVOCATION_TIMES;
  return content !== undefined && now - content.publishedAtMs <= staleLimitMs && now - readAtMs <= limitMs;
}

/** What holds, as far as this isolate knows. */
export function standingAt(memory: Memory, now: number): Standing {
  const { content, index, settings } = memory;
  if (content === undefined || !isUsable(memory, now)) return memory.unknown;
  const nowSeconds = now / 1000;
  if (memory.standing === undefined || nowSeconds >= memory.standingUntil) {
    memory.standing = createStanding(content, index, settings, nowSeconds, memory.standing);
    memory.standingUntil = firstEnd(content.switches, nowSeconds);
  }
  return memory.standing;
}

/** Takes over what somebody said. A version never gives way to an older one. */
export function adopt(memory: Memory, content: Content, askedAtMs: number): void {
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
