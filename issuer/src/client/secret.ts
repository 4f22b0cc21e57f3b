import { type ClientSecret, isLive } from '../records.ts';

/** Of no secret: what is compared where there is nothing to compare with. */
const DECOY = '0'.repeat(64);

/**
 * Finds the live secret that this one is. As much work is done for a client that is unknown, or has fewer secrets:
 * the time tells nothing.
 */
export async function findSecret(
  secrets: readonly ClientSecret[],
  secret: string,
  nowSeconds: number,
): Promise<ClientSecret | undefined> {
  const given = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
  let found: ClientSecret | undefined;
  for (const slot of [0, 1]) {
    const known = secrets[slot];
    const same = crypto.subtle.timingSafeEqual(given, fromHex(known?.sha256 ?? DECOY));
    if (same && known !== undefined && isLive(known, nowSeconds)) found = known;
  }
  return found;
}

function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
