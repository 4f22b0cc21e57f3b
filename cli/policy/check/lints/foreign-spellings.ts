/** How other products write what this policy writes otherwise. Here it is literal text. */

export interface Spelling {
  /** @returns what to write instead, if it is written so */
  readonly instead: (text: string, isLast: boolean) => string | undefined;
  /** Whose spelling it is. */
  readonly what: string;
}

const when = (pattern: RegExp, what: string, write: (name: string) => string): Spelling => ({
  what,
  instead: (text) => {
    const found = pattern.exec(text);
    return found === null ? undefined : write(found[1] ?? '');
  },
});
const param = (name: string) => `write :${name}`;
const REST = 'write * as the last segment';
const PARAM = 'write :name for a segment that varies';

/** AWS API Gateway, Google Cloud. */
export const METHODS: readonly Spelling[] = [
  when(/^(?:ANY|ALL)$/, 'a method of this name, and does not stand for every method', () => 'write *'),
];

/** Segments of paths, as they are written. */
export const SEGMENTS: readonly Spelling[] = [
  // OpenAPI, AWS, Envoy; Spring, ASP.NET, Starlette.
  when(/^\{(?:\w+[+*]|\w+:path|\*+\w*|\w*=\*\*|\.\.\.\w*|\w+\.\.\.)\}$/, 'literal text', () => REST),
  when(/^\{(\w+)(?:[:=][^}]*)?\??\}$/, 'literal text', param),
  // Flask, Django.
  when(/^<path:\w+>$/, 'literal text', () => REST),
  when(/^<(?:\w+(?:\([^)]*\))?:)?(\w+)>$/, 'literal text', param),
  // Next.js, SvelteKit, Astro.
  when(/^\[?\[\.\.\.\w+\]\]?$/, 'literal text', () => REST),
  when(/^\[(\w+)(?:=\w+)?\]$/, 'literal text', param),
  // Remix, TanStack. OData and FHIR have operations that begin with $: those are meant.
  when(/^\$(id|slug|\w+(?:Id|_id))$/, 'literal text', param),
  // Express, path-to-regexp, URLPattern.
  when(/(?<![A-Za-z0-9_]):\w+(?:\(.*\)[+?*]?|\{.*\}|\[.*\])$/, 'no regular expression', () => PARAM),
  {
    what: 'text: a colon behind a letter begins no parameter',
    // At the end it is a verb, as in `/items:batch`.
    instead: (text, isLast) => (!isLast && /^\w+:[A-Za-z_]\w*$/.test(text) ? PARAM : undefined),
  },
  when(/^:\w+\+$/, 'a parameter with a plus behind it', () => REST),
  // Regular expressions. OData has keys in parentheses behind a name.
  when(
    /^\(.*\)[+?]?$|\[[^\]]+\][+?]$|\(\?[:<=!]|\.\+|^\^|\{\d+(?:,\d*)?\}$/,
    'no regular expression',
    () => PARAM,
  ),
  {
    what: 'no regular expression',
    instead: (text, isLast) =>
      isLast && /[^$]\$$/.test(text) ? 'leave the $ out: a path ends there' : undefined,
  },
];

/** Values of a query, in a route's key. */
export const QUERY_VALUES: readonly Spelling[] = [
  when(/\|/, 'one value, and no choice', () => 'give each value a route of its own'),
  when(/^(?::\w+|\{\w+\}|<\w+>)$/, 'literal text', () => 'write the value: parameters are for paths'),
  when(/^\^|\.\+|\\[dw]/, 'no regular expression', () => 'give each value a route of its own'),
];
export const QUERY_NAMES: readonly Spelling[] = [
  when(/[!<>~^$]$/, 'a name, and has no operator', () => 'write name=value'),
];

const LITERAL = 'if tokens have this very text, accept the warning';

export const SCOPES: readonly Spelling[] = [
  when(/\*/, 'literal: no other scope is meant by it', () => `name each scope; ${LITERAL}`),
];

export const NAMES: readonly Spelling[] = [
  when(/^\*$/, 'literal: it stands for nothing else', () => 'leave the field out for any, or name each'),
  when(/\*/, 'literal: it stands for nothing else', () => `name each; ${LITERAL}`),
];

export const CLAIM_VALUES: readonly Spelling[] = [
  when(/^\*$/, 'literal: it stands for no other value', () => `write { present = true } for any; ${LITERAL}`),
  when(/^\^.*\$$|\.[*+]|\\[dwsb]/, 'no regular expression', () => `name each value; ${LITERAL}`),
  when(/\*$|^\*/, 'literal: it stands for no other value', () => `name each value; ${LITERAL}`),
];

/** Claims that are objects with claims inside: names with dots are common elsewhere, such as `kubernetes.io`. */
const CONTAINERS =
  'realm_access|resource_access|app_metadata|user_metadata|public_metadata|private_metadata|unsafe_metadata|firebase|organizations?|tenants|ext';

export const CLAIM_NAMES: readonly Spelling[] = [
  when(new RegExp(`^((?:${CONTAINERS})[./].+)$`), 'the name of one claim', pointer),
  // OpenAPI, Flask: a parameter inside of a pointer.
  when(/^\/(?:.*\/)?[{<](\w+)[}>](?:\/|$)/, 'literal text', (name) => `write /:${name} there`),
  // JSONPath, and expression languages.
  when(/^\$\.?(.+)$/, 'the name of one claim', pointer),
  when(/^(\w+(?:\[(?:\d+|'[^']*'|"[^"]*")\])+.*)$/, 'the name of one claim', pointer),
];

/** A name that is itself a URL keeps its slashes, as `~1`. */
function pointer(path: string): string {
  const names = path
    .replace(/\[['"]?([^\]'"]*)['"]?\]/g, '.$1')
    .split(/[./]/)
    .filter((name) => name !== '');
  return `write "/${names.join('/')}" for a claim inside of a claim`;
}

/** The first spelling that fits. */
export function foreign(text: string, spellings: readonly Spelling[], isLast = false) {
  for (const { what, instead } of spellings) {
    const remedy = instead(text, isLast);
    if (remedy !== undefined) return { problem: `${JSON.stringify(text)} is ${what}`, remedy };
  }
  return undefined;
}
