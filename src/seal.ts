import { createHmac } from './hmac.ts';

const MAC_LENGTH = 64;

export interface Seal {
  close(name: string, content: string): Promise<string>;
  /** @returns `undefined` where the seal is another's, or another name's */
  open(name: string, text: string): Promise<string | undefined>;
}

/** Binds the content of a KV entry to its name with HMAC-SHA-256. */
export function createSeal(secret: string): Seal {
  const hmac = createHmac(secret);
  const mac = (name: string, content: string) => hmac(`${name}\n${content}`);
  return {
    close: async (name: string, content: string) => `${await mac(name, content)}${content}`,
    async open(name: string, text: string): Promise<string | undefined> {
      const content = text.slice(MAC_LENGTH);
      const given = new TextEncoder().encode(text.slice(0, MAC_LENGTH));
      const wanted = new TextEncoder().encode(await mac(name, content));
      return given.length === wanted.length && crypto.subtle.timingSafeEqual(given, wanted)
        ? content
        : undefined;
    },
  };
}
