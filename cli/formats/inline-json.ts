/** Values as JSON on one line, as routes are written in wrangler.jsonc. */

export function renderJsonValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderJsonValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, one]) => renderJsonPair(name, one));
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

export const renderJsonPair = (name: string, value: unknown): string =>
  `${JSON.stringify(name)}: ${renderJsonValue(value)}`;
