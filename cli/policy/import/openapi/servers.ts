/** Servers as the bases of paths. */
import { isTable, listOf, type Table, textOf } from '../../../text/json.ts';
import type { Base, Segment } from '../operations.ts';

const NOWHERE: Base = { origin: undefined, host: undefined, prefix: [], notes: [] };

/**
 * The server that operations are drafted for: the first that is not of the author's own machine. The others are named.
 *
 * @param self the description's own address, which relative servers begin at
 * @returns the reason where it can't be read
 */
export function readServers(servers: unknown, self: string | undefined): Base | string {
  const all = listOf(servers);
  if (all.length === 0)
    return servers === undefined || Array.isArray(servers) ? NOWHERE : 'its servers are no list';
  const bases = all.map((one) => readServer(one, self));
  const good = bases.filter((one) => typeof one !== 'string');
  const chosen = good.find(({ origin }) => origin !== undefined && !isLocal(origin)) ?? good[0];
  if (chosen === undefined) return bases.find((one) => typeof one === 'string') ?? '';
  const others = all.flatMap((one, i) => {
    const base = bases[i];
    const url = isTable(one) ? textOf(one['url']) : undefined;
    const isNamed = base !== chosen && url !== undefined && JSON.stringify(base) !== JSON.stringify(chosen);
    return isNamed && !(typeof base === 'object' && base.origin !== undefined && isLocal(base.origin))
      ? [url]
      : [];
  });
  if (others.length === 0) return chosen;
  const notes = [
    `the description has further servers, which have no routes here: ${[...new Set(others)].join(', ')}`,
  ];
  return { ...chosen, notes: [...chosen.notes, ...notes] };
}

const isLocal = (origin: string) =>
  /^https?:\/\/(localhost|127\.|0\.0\.0\.0|\[::1\]|[^/]*\.localhost)/.test(origin);

function readServer(server: unknown, self: string | undefined): Base | string {
  const url = isTable(server) ? textOf(server['url']) : undefined;
  if (!isTable(server) || url === undefined) return 'its server has no URL';
  const notes: string[] = [];
  const variables = isTable(server['variables']) ? server['variables'] : {};
  const filled = fill(url.trim(), variables, notes);
  if (filled === undefined) return `the URL of its server can't be read: ${url}`;
  const host = hostParam(url.trim(), variables);
  let read: URL;
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(filled);
  try {
    read = new URL(filled, self !== undefined && /^https?:/i.test(self) ? self : 'https://relative.invalid/');
  } catch {
    return `the URL of its server can't be read: ${url}`;
  }
  if (!/^https?:$/.test(read.protocol)) return `its server is no http server: ${url}`;
  if (read.username !== '' || read.search !== '' || read.hash !== '')
    return `the URL of its server has more than a path: ${url}`;
  const isKnown = isAbsolute || filled.startsWith('//') || read.hostname !== 'relative.invalid';
  return {
    origin: isKnown ? read.origin : undefined,
    host: isKnown ? (host ?? read.hostname) : undefined,
    prefix: prefixOf(read.pathname),
    notes,
  };
}

/** A variable of a path that has no value is a parameter. */
const HOLE = /^__claimgate_(\w+)__$/;

function prefixOf(pathname: string): Segment[] {
  const parts = pathname.replace(/^\/+|\/+$/g, '');
  if (parts === '') return [];
  return parts.split('/').map((text) => {
    const name = HOLE.exec(text)?.[1];
    return name === undefined
      ? { kind: 'text', text }
      : { kind: 'param', name: name.replace(/^(?=\d)/, '_'), before: '', after: '' };
  });
}

function fill(url: string, variables: Table, notes: string[]): string | undefined {
  const pathStart = url.search(/(?<![:/])\/(?!\/)/);
  let isBroken = false;
  const filled = url.replace(/\{([^{}]*)\}/g, (_, name: string, at: number) => {
    const variable = isTable(variables[name]) ? variables[name] : {};
    const value = variable['default'];
    if (typeof value === 'string' || typeof value === 'number') {
      const others = listOf(variable['enum']).filter((one) => one !== value);
      if (others.length > 0)
        notes.push(`{${name}} of the server is ${value}; it may also be ${others.map(String).join(', ')}`);
      else if (listOf(variable['enum']).length === 0)
        notes.push(`{${name}} of the server is ${JSON.stringify(value)}`);
      return String(value);
    }
    const isSegment =
      pathStart !== -1 &&
      at > pathStart &&
      /\/\{[^{}]*\}(\/|$)/.test(url.slice(at - 1, at + name.length + 3));
    if (isSegment && /^\w+$/.test(name)) {
      notes.push(`{${name}} of the server has no value, and has become a parameter of all paths`);
      return `__claimgate_${name}__`;
    }
    isBroken = true;
    return '';
  });
  return isBroken || /[{}\s]/.test(filled) ? undefined : filled;
}

/** `https://{tenant}.api.example.com`, where the tenant may be any text. */
function hostParam(url: string, variables: Table): string | undefined {
  const [, name = '', rest = ''] =
    /^https?:\/\/\{([A-Za-z_]\w*)\}(\.[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d+)?(?:\/|$)/i.exec(url) ?? [];
  const variable = variables[name];
  const isFree = isTable(variable) && listOf(variable['enum']).length === 0;
  return name !== '' && isFree ? `:${name}${rest.toLowerCase()}` : undefined;
}
