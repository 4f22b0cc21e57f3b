/** One change of what is revoked or switched, from opening the way to it until KV has it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Change } from '../../src/revocation/object/input.ts';
import { MAX_SAID_LENGTH } from '../../src/revocation/revocation.ts';
import { CommandError, note } from '../text/terminal.ts';
import { type Applied, type Gateway, openAdmin } from './admin.ts';
import { whoAmI } from './who.ts';

export interface Made extends Applied {
  readonly by: string;
  /** When KV took it, or nobody waited any longer: seconds since 1970. */
  readonly atSeconds: number;
}

/** The object itself publishes a large content at most for a tenth of the time. */
const MAX_LOOKS = 30;

/**
 * Makes a change, and waits until the object has published it, half a minute at most.
 *
 * @param change gets who makes it
 * @param pauseMs between two looks
 */
export async function makeChange(
  gateway: Gateway & { readonly by?: string | undefined },
  change: (by: string) => Change,
  pauseMs = 1_000,
): Promise<Made> {
  checkSaid('--by', gateway.by);
  const admin = await openAdmin(gateway);
  try {
    const by = gateway.by ?? (await whoAmI(gateway.remote === true));
    const applied = await admin.apply(change(by));
    let { published } = applied;
    if (!published) note('stored; waiting for KV to take it');
    for (let looks = 0; !published && looks < MAX_LOOKS; looks++) {
      await pause(pauseMs);
      ({ published } = await admin.page({ list: 'record', limit: 1 }));
    }
    return { ...applied, published, by, atSeconds: Math.floor(Date.now() / 1000) };
  } finally {
    await admin.close();
  }
}

/** Throws `CommandError` for a text that the record can't hold. */
export function checkSaid(flag: string, text: string | undefined): void {
  if (text !== undefined && text.length > MAX_SAID_LENGTH)
    throw new CommandError(
      `${flag} has ${text.length} characters, and the record takes ${MAX_SAID_LENGTH}; shorten it`,
    );
}
