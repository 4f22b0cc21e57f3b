/** A draft as TOML, with what to look at beside it. */
import { renderPair } from '../../formats/inline-toml.ts';
import { fill } from '../../text/snippet.ts';
import type { Draft, DraftRoute } from './draft.ts';

/** A variable of a Worker holds 5,000 bytes, and a draft grows in review. */
const MAX_BYTES = 4_000;

export function writeDraft(draft: Draft, file: string): string {
  const [first = [], ...more] = split(draft.routes);
  const lines = [
    ...comment(`Drafted from ${file}; lines with "review" need a look before this is a policy.`),
    ...issuerLines(draft),
    `[vars.${draft.name}]`,
    ...(draft.review.origin === undefined ? [] : comment(`review: ${draft.review.origin}`)),
    renderPair('origin', draft.origin),
    ...(draft.issuer === undefined ? [] : [renderPair('issuer', draft.issuer)]),
    ...(draft.review.audience === undefined ? [] : comment(`review: ${draft.review.audience}`)),
    renderPair('audience', draft.audience.length === 1 ? draft.audience[0] : draft.audience),
    '',
    `[vars.${draft.name}.routes]`,
    ...first.flatMap(writeRoute),
  ];
  // More routes than a variable holds go into tables that extend it.
  for (const [index, routes] of more.entries()) {
    const name = `${draft.name}_${index + 2}`;
    lines.push('', `[vars.${name}]`, renderPair('extends', draft.name), '', `[vars.${name}.routes]`);
    lines.push(...routes.flatMap(writeRoute));
  }
  return `${lines.join('\n')}\n`;
}

function issuerLines({ issuerUrl }: Draft): string[] {
  if (issuerUrl === undefined) return [''];
  return [
    ...comment('The document names this issuer:'),
    '# [vars.ISSUERS.main]',
    `# ${renderPair('issuer', issuerUrl)} # as it stands in iss: a slash at the end counts`,
    '',
  ];
}

function writeRoute({ key, rules, review, off }: DraftRoute): string[] {
  const line = renderPair(key, rules);
  return [...review.flatMap((text) => comment(`review: ${text}`)), off ? `# ${line}` : line];
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
const comment = (text: string) =>
  fill(text.replace(/[\u0000-\u001f\u007f]+/g, ' ').split(/ +/), '# ', '#   ');
