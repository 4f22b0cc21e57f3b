/** Computes the HMAC-SHA-256 of a text, in hex. */
export type Hmac = (text: string) => Promise<string>;

/** The key is imported once, at the first use: at global scope a Worker has no request to do it in. */
export function createHmac(secret: string): Hmac {
  const encoder = new TextEncoder();
  let key: Promise<CryptoKey> | undefined;
  return async (text) => {
    key ??= crypto.subtle.importKey('raw', encoder.encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ]);
    return toHex(await crypto.subtle.sign('HMAC', await key, encoder.encode(text)));
  };
}

/** Hex digits, 128 bits: enough to tell subjects apart. */
const LOGGED_HASH_LENGTH = 32;

/** A subject for logs: it tells callers apart without naming them. */
export const hashedSubject = async (hmac: Hmac, issuer: string, subject: string): Promise<string> =>
  (await hmac(`${issuer}\n${subject}`)).slice(0, LOGGED_HASH_LENGTH);

export function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
