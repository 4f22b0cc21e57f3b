/** Members of an export's objects: what they are is not known, and each may have a keyword without a mapping. */
import type { Table } from '../../text/json.ts';
import { visible } from '../../text/terminal.ts';
import { keywordsIn } from './keywords.ts';
import type { Kind } from './report.ts';

/** Text, or a number that YAML took for one: `name: 2024`. */
export function wordOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The keywords that a value has, at any depth that members of an export have. */
export function keywordsOf(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return keywordsIn(value);
  if (typeof value !== 'object' || value === null || depth > 3) return [];
  return [...new Set(Object.values(value).flatMap((member) => keywordsOf(member, depth + 1)))];
}

/** A value as it may stand in a note. */
export const said = (value: unknown): string => {
  const text = visible(wordOf(value) ?? '');
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
};

/** What a thing is called in notes, though members may be missing. */
export function nameOf(kind: Kind, one: Table): string {
  if (kind === 'grant')
    return `of ${said(one['client_id']) || '(no client)'} for ${said(one['audience']) || '(no audience)'}`;
  const [first, second] = kind === 'api' ? ['identifier', 'name'] : ['name', 'client_id'];
  return said(one[first]) || said(one[second]) || '(no name)';
}
