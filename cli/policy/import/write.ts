/** A draft as it is written into the policy's file, with what to look at beside it. */
import type { DraftLine, DraftTable } from '../../formats/draft.ts';
import type { Format } from '../../formats/format.ts';
import { fill, WIDTH } from '../../text/snippet.ts';
import type { Draft, DraftApi, DraftRoute } from './drafted.ts';
import type { DraftIssuer } from './issuers.ts';
import { collectReviews, shortened } from './reviews.ts';

/** A variable of a Worker holds 5,000 bytes; the check warns from 4,000 on, and a draft grows in review. */
const MAX_BYTES = 3_600;

/** @param notes about the description as a whole */
export function writeDraft(draft: Draft, notes: readonly string[], file: string, format: Format): string {
  const comment = (text: string) => commentLines(text, format);
  const reviews = collectReviews(draft);
  const routeLines = (routes: readonly DraftRoute[]): DraftLine[] =>
    routes.flatMap((route) => [
      ...reviews.of(route).flatMap(comment),
      { name: route.key, value: route.rules, off: route.off },
    ]);
  const head = [
    ...comment(`Drafted from ${file}; lines with "review" need a look before this is a policy.`),
    ...notes.flatMap((text) => comment(`note: ${text}`)),
    ...reviews.head.flatMap(comment),
  ];
  const issuers = spread(draft.issuers, 2, (one) => sizeOf({ [one.name]: { issuer: one.issuer } }));
  const tables = [
    ...issuers.flatMap((some, i) => some.map((one) => issuerTable(one, i, comment))),
    ...draft.apis.flatMap((api) => apiTables(api, draft.apis, routeLines, comment)),
  ];
  return `${format.draft(head, tables).join('\n')}\n`;
}

const issuerTable = ({ name, issuer, review }: DraftIssuer, part: number, comment: Comment): DraftTable => ({
  above: [],
  place: ['vars', part === 0 ? 'ISSUERS' : `ISSUERS_${part + 1}`, name],
  lines: [...comment(`review: ${review}`), { name: 'issuer', value: issuer }],
});

type Comment = (text: string) => string[];

function apiTables(
  api: DraftApi,
  all: readonly DraftApi[],
  routeLines: (routes: readonly DraftRoute[]) => DraftLine[],
  comment: Comment,
): DraftTable[] {
  const { name, hosts, isOnHosts, origin, issuer, audience, review } = api;
  const above = (texts: readonly string[]) => texts.flatMap((text) => comment(`review: ${text}`));
  const fields: DraftLine[] = [
    ...above(review.hosts),
    ...(isOnHosts ? above(['the hosts that clients ask']) : []),
    ...(isOnHosts ? [{ name: 'hosts', value: hosts }] : []),
    ...(!isOnHosts && all.length > 1 && hosts.length > 0
      ? above([
          `the description has this table at ${hosts.join(', ')}; with hosts = ["…"] it answers on one name of the gateway`,
        ])
      : []),
    ...above(review.origin),
    { name: 'origin', value: origin },
    { name: 'issuer', value: issuer.length === 1 ? issuer[0] : issuer },
    ...above(review.audience),
    { name: 'audience', value: audience.length === 1 ? audience[0] : audience },
  ];
  // A table without routes would be an error.
  if (api.routes.every(({ off }) => off))
    return [{ above: [], place: undefined, lines: routeLines(api.routes).map((line) => asComment(line)) }];
  const start = sizeOf({ hosts, origin, issuer, audience });
  const [first = [], ...more] = spread(api.routes, start, (one) =>
    one.off ? 0 : sizeOf({ [one.key]: one.rules }),
  );
  // More routes than a variable holds go into tables that extend it.
  const taken = new Set(all.map((one) => one.name));
  const names = Array.from({ length: more.length + taken.size }, (_, i) => `${name}_${i + 2}`);
  const free = names.filter((one) => !taken.has(one));
  return [
    { above: [], place: ['vars', name], lines: fields },
    { above: [], place: ['vars', name, 'routes'], lines: routeLines(first) },
    ...more.flatMap((routes, index): DraftTable[] => {
      const table = free[index] ?? '';
      return [
        { above: [], place: ['vars', table], lines: [{ name: 'extends', value: name }] },
        { above: [], place: ['vars', table, 'routes'], lines: routeLines(routes) },
      ];
    }),
  ];
}

const asComment = (line: DraftLine): DraftLine => (typeof line === 'string' ? line : { ...line, off: true });

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** @param start bytes of the first part's other fields */
function spread<One>(all: readonly One[], start: number, size: (one: One) => number): One[][] {
  const parts: One[][] = [[]];
  let bytes = start;
  for (const one of all) {
    const more = size(one);
    if (bytes + more > MAX_BYTES && more > 0 && parts.at(-1)?.length !== 0) {
      parts.push([]);
      bytes = 60;
    }
    parts.at(-1)?.push(one);
    bytes += more;
  }
  return parts;
}

/** Longer than any reason is; a URL of a description may have any length. */
const MAX_COMMENT = 600;

/** Values of a description are in comments: none may end its line. */
const commentLines = (text: string, { comment }: Format) =>
  fill(
    shortened(text, MAX_COMMENT)
      .replace(/[\u0000-\u001f\u007f-\u009f\u0085\u2028\u2029]+/g, ' ')
      .split(/ +/),
    '',
    '  ',
    WIDTH - comment.length - 1,
  );
