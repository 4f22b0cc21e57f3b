/** Reads input of `explain`: literal text, a file, or standard input. */
import { isReason } from '../../../src/decision.ts';
import { decodeToken } from '../../../src/token/decode.ts';
import { readFile } from '../../text/files.ts';
import { isTable, parseJson } from '../../text/json.ts';
import { CommandError } from '../../text/terminal.ts';
import type { Claims } from '../what-if/token.ts';

/** `-` is standard input, `@file` a file, all else the text itself. */
function readInput(text: string, flag: string): string {
  const file = text === '-' ? 0 : text.startsWith('@') ? text.slice(1) : undefined;
  if (file === undefined) return text;
  return readFile(file, `name another one: ${flag} @file`, file || 'standard input');
}

/** Throws `CommandError` for what is no JWT. What is given is never repeated. */
export function readToken(given: string): string {
  const token = readInput(given, '--token')
    .trim()
    .replace(/^(authorization:\s*)?bearer\s+/i, '');
  const decoded = decodeToken(token);
  if (isReason(decoded) && decoded.code === 'token_malformed')
    throw new CommandError(
      "--token is not a JWT; give three parts joined by dots, or to see how the gateway answers it: --header 'Authorization: Bearer …'",
    );
  return token;
}

export function readClaims(given: string): Claims {
  const claims = parseJson(readInput(given, '--claims'));
  if (claims === undefined)
    throw new CommandError(
      `--claims is not JSON; write it like '{"scope":"read:orders"}', or name a file: @claims.json`,
    );
  if (!isTable(claims))
    throw new CommandError(`--claims is not an object; write it like '{"scope":"read:orders"}'`);
  return claims;
}

/** `name: value`, more than once for several. */
export function readHeaders(lines: readonly string[]): Headers {
  const headers = new Headers();
  for (const line of lines) {
    const at = line.indexOf(':');
    try {
      if (at <= 0) throw new TypeError();
      headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
    } catch {
      const name = at <= 0 ? 'this' : JSON.stringify(line.slice(0, at));
      throw new CommandError(`${name} is not a header; write it like --header 'Accept: text/csv'`);
    }
  }
  return headers;
}

/** A date, or seconds since 1970. @returns milliseconds since 1970 */
export function readTime(text: string): number {
  const milliseconds = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isFinite(milliseconds) && Math.abs(milliseconds) <= 8.64e15) return milliseconds;
  throw new CommandError(
    `${JSON.stringify(text)} is not a time; write a date such as 2026-11-24T12:00:00Z, or seconds since 1970`,
  );
}

/** Typing errors; what a client could send is the gateway's to judge. */
export function checkRequest(method: string, url: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method))
    throw new CommandError(`${JSON.stringify(method)} is not a method; write it like GET /orders`);
  if (!url.startsWith('/') && !/^https?:\/\//.test(url))
    throw new CommandError(
      `${JSON.stringify(url)} is neither a URL nor a path; write https://api.example.com/orders, or /orders`,
    );
}
