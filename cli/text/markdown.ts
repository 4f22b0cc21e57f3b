/** Text of a policy in Markdown, in a cell of a table too. */
import { visible } from './terminal.ts';

/** A `|` would end the cell, in code too. */
export const code = (text: string): string =>
  `\`${visible(text).replaceAll('|', '\\|').replaceAll('`', "'")}\``;

/** Escapes text of a policy, which is text whatever it looks like. */
export const plain = (text: string): string =>
  visible(text).replace(/[\\`*_[\]<>|#@~]/g, (character) => `\\${character}`);
