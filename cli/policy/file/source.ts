/** The policy's file as it may be shown: lines without secrets, and where things stand in them. */
import { isPolicyName } from '../../../src/policy/compile/names.ts';
import type { Format } from '../../formats/format.ts';
import type { FileString, Positions } from '../../formats/positions.ts';
import { maskRegion, splitLines } from '../../text/snippet.ts';

export interface Source extends Positions {
  /** Its lines, with what may be a secret covered. */
  readonly lines: readonly string[];
}

export function readSource({ text, format }: { readonly text: string; readonly format: Format }): Source {
  const positions = format.positions(text);
  const lines = splitLines(text);
  if (!positions.readable) return { ...positions, lines: lines.map(format.maskLine) };
  for (const { region } of positions.strings.filter(mayBeSecret)) maskRegion(lines, region);
  return { ...positions, lines };
}

/**
 * Variables that are no policy hold whatever their owner puts there; a header's value should name a secret, and may be
 * one; a URL may have a password.
 */
function mayBeSecret({ path, value }: FileString): boolean {
  const [name, ...inner] = path.slice(path.indexOf('vars') + 1);
  if (/:\/\/[^/?#]*@/.test(value)) return true;
  if (!path.includes('vars') || name === undefined) return false;
  return (
    inner.length === 0 ||
    !isPolicyName(String(name)) ||
    (inner[0] === 'origin_headers' && !value.startsWith('secret:'))
  );
}
