/** Rotation after rotation under load, each held against the windows of docs/keys.md. */
import type { Site } from './floods.ts';
import { makeKey } from './tokens.ts';
import { createTraffic, lastAcceptedMs, refused } from './traffic.ts';

const MINUTE_MS = 60_000;
const ROTATION_MINUTES = 20;
/** 5 min for the cron, 30 s for the memory, and the pause between requests: the 30 s of KV's cache are kept free. */
export const DROPPED_WINDOW_MS = 5.5 * MINUTE_MS + 2 * 3_100;
/** After a check, a key id that is new is not looked for so long. */
export const UNKNOWN_WINDOW_MS = 30_000;

export interface Rotation {
  readonly number: number;
  readonly isAnnounced: boolean;
  readonly requests: number;
  /** What did not hold; none, if all is well. */
  readonly problems: readonly string[];
}

/** An announced key is published 7 min before its first token; the old one goes when that comes, in both kinds. */
export async function rotateForHours(
  { isolates, server, key: firstKey }: Site,
  hours: number,
  onRotation: (rotation: Rotation) => void,
): Promise<void> {
  const traffic = createTraffic({ isolates, issuer: server.issuer, hasCron: true });
  await isolates[0]?.runCron();
  let key = firstKey;
  let current = traffic.start(key);
  try {
    for (let number = 1; number <= (hours * 60) / ROTATION_MINUTES; number++) {
      const isAnnounced = number % 2 === 1;
      const next = makeKey(`key-${number}`);
      await traffic.pass(4 * MINUTE_MS);
      if (isAnnounced) server.keys = [key.publicJwk, next.publicJwk];
      await traffic.pass(7 * MINUTE_MS);
      const problems = expectNone(refused(current), 'good tokens were refused before the rotation');

      server.keys = [next.publicJwk];
      const droppedMs = traffic.nowMs;
      const fresh = traffic.start(next);
      await traffic.pass((ROTATION_MINUTES - 11) * MINUTE_MS);
      const windowMs = isAnnounced ? 0 : UNKNOWN_WINDOW_MS;
      const tooLong = refused(fresh).filter(
        ({ sentMs, status }) => status !== 401 || sentMs - droppedMs >= windowMs,
      );
      problems.push(...expectNone(tooLong, 'tokens of the new key were refused'));
      const acceptedMs = lastAcceptedMs(current) - droppedMs;
      if (acceptedMs > DROPPED_WINDOW_MS) problems.push(`the old key was good for ${acceptedMs} ms more`);
      const requests = current.answers.length + fresh.answers.length;
      onRotation({ number, isAnnounced, requests, problems });
      current.stop();
      fresh.answers.splice(0);
      current = fresh;
      key = next;
    }
  } finally {
    await traffic.stop();
  }
}

const expectNone = (found: readonly unknown[], what: string) =>
  found.length === 0 ? [] : [`${what}: ${found.length}, first ${JSON.stringify(found[0])}`];
