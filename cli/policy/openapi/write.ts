/** A draft as it is written into the policy's file, with what to look at beside it. */
import type { DraftLine, DraftTable } from '../../formats/draft.ts';
import type { Format } from '../../formats/format.ts';
import { fill, WIDTH } from '../../text/snippet.ts';
import type { Draft, DraftRoute } from './draft.ts';

/** A variable of a Worker holds 5,000 bytes, and a draft grows in review. */
const MAX_BYTES = 4_000;

export function writeDraft(draft: Draft, file: string, format: Format): string {
  const { name, origin, issuer, audience, review } = draft;
  const comment = (text: string) => commentLines(text, format);
  const [first = [], ...more] = split(draft.routes);
  const fields: DraftLine[] = [
    ...(review.origin === undefined ? [] : comment(`review: ${review.origin}`)),
    { name: 'origin', value: origin },
    ...(issuer === undefined ? [] : [{ name: 'issuer', value: issuer }]),
    ...(review.audience === undefined ? [] : comment(`review: ${review.audience}`)),
    { name: 'audience', value: audience.length === 1 ? audience[0] : audience },
  ];
  const routesOf = (table: string, routes: readonly DraftRoute[]): DraftTable => ({
    above: [],
    place: ['vars', table, 'routes'],
    lines: routes.flatMap(({ key, rules, review: notes, off }) => [
      ...notes.flatMap((text) => comment(`review: ${text}`)),
      { name: key, value: rules, off },
    ]),
  });
  // More routes than a variable holds go into tables that extend it.
  const extensions = more.flatMap((routes, index) => {
    const table = `${name}_${index + 2}`;
    const base = { above: [], place: ['vars', table], lines: [{ name: 'extends', value: name }] };
    return [base, routesOf(table, routes)];
  });
  const head = [
    ...comment(`Drafted from ${file}; lines with "review" need a look before this is a policy.`),
    ...issuerLines(draft, format),
  ];
  const tables = [{ above: [], place: ['vars', name], lines: fields }, routesOf(name, first), ...extensions];
  return `${format.draft(head, tables).join('\n')}\n`;
}

function issuerLines({ issuerUrl }: Draft, format: Format): string[] {
  if (issuerUrl === undefined) return [];
  return [
    ...commentLines('The document names this issuer:', format),
    format.say('[vars.ISSUERS.main]'),
    `${format.pair('issuer', issuerUrl)} ${format.comment} as it stands in iss: a slash at the end counts`,
  ];
}

function split(routes: readonly DraftRoute[]): DraftRoute[][] {
  const parts: DraftRoute[][] = [[]];
  let bytes = 0;
  for (const route of routes) {
    const size = route.off ? 0 : Buffer.byteLength(JSON.stringify([route.key, route.rules]));
    if (bytes + size > MAX_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(route);
    bytes += size;
  }
  return parts;
}

/** Values of a document are in comments: none may end its line. */
const commentLines = (text: string, { comment }: Format) =>
  fill(
    text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, ' ').split(/ +/),
    '',
    '  ',
    WIDTH - comment.length - 1,
  );
