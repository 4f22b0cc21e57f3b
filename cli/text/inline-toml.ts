/** Values as TOML on one line, as routes are written. */

export function renderValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return quote(value);
  const fields = Object.entries(value).map(([name, one]) => renderPair(name, one));
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

export const renderPair = (name: string, value: unknown): string =>
  `${renderKey(name)} = ${renderValue(value)}`;

/** A table with a line for each field. @param header `[[case]]` */
export const renderTable = (header: string, fields: object): string =>
  [header, ...Object.entries(fields).map(([name, value]) => renderPair(name, value)), ''].join('\n');

export const renderKey = (name: string): string => (/^[A-Za-z0-9_-]+$/.test(name) ? name : quote(name));

/** TOML reads what JSON escapes, and wants DEL escaped as well. */
const quote = (value: unknown) => JSON.stringify(value).replaceAll('\u007f', '\\u007F');
