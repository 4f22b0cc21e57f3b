/** Asks an issuer elsewhere than its name says: `wrangler dev` answers on this machine for the name that tokens have. */
import type { Fetch } from '../../../src/keys/document.ts';
import { CommandError } from '../../text/terminal.ts';
import { fetchPlainly } from './plain-fetch.ts';

/** The URL of `--at`, with a slash at its end. Throws `CommandError` for what is none. */
export function readAt(text: string): string {
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search + url.hash === '') return url.href;
  throw new CommandError(`--at is not a URL; write it like --at http://localhost:8788`);
}

/** Where a document of the issuer is asked for. What another host has, such as a key set, stays there. */
export function urlAt(asked: string, issuer: string, at: string | undefined): string {
  const own = issuer.endsWith('/') ? issuer : `${issuer}/`;
  return at !== undefined && asked.startsWith(own) ? at + asked.slice(own.length) : asked;
}

/** @param at as {@link readAt} reads it; `undefined`: it answers by its name */
export const fetchAt =
  (issuer: string, at: string | undefined): Fetch =>
  (asked, init) =>
    fetchPlainly(urlAt(asked, issuer, at), init);
