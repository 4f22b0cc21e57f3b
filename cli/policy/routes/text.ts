/** The route table for a person, and for a page. */
import { code, plain } from '../../text/markdown.ts';
import { WIDTH, wrap } from '../../text/snippet.ts';
import { paint } from '../../text/terminal.ts';
import { listed } from '../../text/words.ts';
import { audiencesOf, issuerWords, originsOf } from '../words.ts';
import { type ApiEntry, IDENTITY, type RouteEntry } from './table.ts';

const MAX_PATH_WIDTH = 34;

/** Renders API by API, in lines of 80 characters where their words allow it. */
export function renderText(apis: readonly ApiEntry[]): string[] {
  return apis.flatMap((entry, i) => [...(i === 0 ? [] : ['']), ...renderApi(entry)]);
}

function renderApi({ api, routes }: ApiEntry): string[] {
  const hosts = api.hosts.length === 0 ? 'hosts that no other API names' : api.hosts.join(', ');
  const audiences = listed(audiencesOf(api.routes.filter(({ auth }) => auth !== 'none')), 'or');
  const facts = [
    ['on', hosts],
    ['tokens', `of ${issuerWords(api.issuers)}${audiences && ` for ${audiences}`}`],
    ['origin', routes[0]?.origin ?? ''],
    ['gets', headerWords(routes)],
    ...corsWords(api),
  ] as const;
  const methodWidth = Math.max(...routes.map(({ methods }) => methods.join('|').length));
  const pathWidth = Math.min(MAX_PATH_WIDTH, Math.max(...routes.map(({ path }) => path.length)));
  return [
    paint('bold', api.name),
    ...facts.flatMap(([name, text]) => wrap(text, `  ${name.padEnd(6)}  `, ' '.repeat(10))),
    '',
    ...routes.flatMap((one) => renderRoute(one, methodWidth, pathWidth)),
  ];
}

const corsWords = ({ cors }: ApiEntry['api']): [string, string][] => {
  if (cors === undefined) return [];
  if (cors.kind === 'origin') return [['pages', 'preflights go to the origin, without a token']];
  return [['pages', cors.origins === undefined ? 'any' : `of ${listed(originsOf(cors.origins))}`]];
};

/** Headers of the routes that read tokens, if there are any: a public one sends nothing of a token. */
function headerWords(routes: readonly RouteEntry[]): string {
  if (routes[0]?.route.api.origin.kind === 'next') return 'the caller as an object, and no headers';
  const reading = routes.filter(({ route }) => route.auth !== 'none');
  const all = new Map((reading.length > 0 ? reading : routes).flatMap(({ headers }) => headers));
  all.delete('authorization'); // told of each route
  const words = [...all].map(([name, content]) =>
    name.startsWith('x-claim-') && IDENTITY.includes(content)
      ? name
      : `${name} ${content.startsWith('(') ? content : `(${content})`}`,
  );
  return words.join(', ') || 'no headers of the gateway';
}

function renderRoute(entry: RouteEntry, methodWidth: number, pathWidth: number): string[] {
  const { route, methods, path } = entry;
  const sent =
    route.auth !== 'none' && route.forwardAuthorization && route.api.origin.kind !== 'next'
      ? '; Authorization is sent on'
      : '';
  const whoHere = entry.whoHere + sent;
  const method = methods.join('|').padEnd(methodWidth);
  const left = `  ${method}  `;
  const column = left.length + pathWidth + 2;
  const who = (first: string) => wrap(whoHere, first, `${' '.repeat(Math.min(column, WIDTH / 2))}  `);
  if (path.length > pathWidth) return [left + path, ...who(' '.repeat(column))];
  return who(`${left}${path.padEnd(pathWidth)}  `);
}

/** A table for a page, with whole sentences. */
export function renderMarkdown(apis: readonly ApiEntry[]): string[] {
  return apis.flatMap(({ api, routes }, i) => [
    ...(i === 0 ? [] : ['']),
    `## ${api.name}`,
    '',
    '| method | path | who gets in | what the origin gets |',
    '|---|---|---|---|',
    ...routes.map(({ methods, path, who, origin, headers }) => {
      const names = headers.map(([name]) => `\`${name}\``).join(', ');
      return `| ${[methods.join(', '), code(path), plain(who), `${code(origin)}${names && `: ${names}`}`].join(' | ')} |`;
    }),
  ]);
}
