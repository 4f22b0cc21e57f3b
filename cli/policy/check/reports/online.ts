/** What `--online` asked and found: for people, and as JSON. */
import { paint, visible } from '../../../text/terminal.ts';
import { formatAsked, formatDropped, formatKeys } from '../../what-if/ask-issuer.ts';
import type { OnlineFacts, OriginFacts } from '../online.ts';

export function renderOnline({ answers, origins }: OnlineFacts): string[] {
  const rows = [
    ...[...answers].flatMap(([name, { asked, named, keys, dropped }]) => [
      ...asked.map((one) => ['asked', name, formatAsked(one)] as const),
      ...(named === undefined ? [] : [['found', name, `issuer ${JSON.stringify(named)}`] as const]),
      ...(keys.length === 0 ? [] : [['found', name, `keys ${formatKeys(keys)}`] as const]),
      ...formatDropped(dropped).map((one) => ['found', name, `not used: ${one}`] as const),
    ]),
    ...[...origins].map(
      ([name, facts]) => ['asked', name, visible(`${facts.url}  ${outcomeOf(facts)}`)] as const,
    ),
  ];
  const width = Math.max(...rows.map(([, name]) => name.length));
  return rows.map(([verb, name, text]) => `${paint('dim', verb)}  ${name.padEnd(width)}  ${text}`);
}

const outcomeOf = (facts: OriginFacts): string =>
  facts.kind === 'answer' ? String(facts.status) : facts.timedOut ? 'no answer in time' : 'no connection';

export const onlineJson = ({ answers, origins }: OnlineFacts) => ({
  issuers: Object.fromEntries(
    [...answers].map(([name, { asked, named, keys, dropped, fault, url, status }]) => [
      name,
      { asked, issuer: named, keys, dropped, fault, fault_url: url, http_status: status },
    ]),
  ),
  origins: Object.fromEntries(origins),
});
