/** Texts of a log, as they may be shown: whoever sends requests has written some of them. */

import { visible } from '../../text/terminal.ts';

const MAX_LENGTH = 200;

/** Nothing that a terminal would obey, nothing that looks like a token, and not endless. */
export function shown(text: string): string {
  const harmless = visible(text).replace(/eyJ[\w-]{6,}(\.[\w-]*)*/g, '(a token)');
  return harmless.length <= MAX_LENGTH ? harmless : `${harmless.slice(0, MAX_LENGTH - 1)}…`;
}
