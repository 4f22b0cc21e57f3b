/** Drafted routes, to be reviewed, in the project's format. */
import type { DraftLine, DraftTable } from '../../formats/draft.ts';
import { formatOf } from '../../formats/formats.ts';
import { countOf } from '../../text/terminal.ts';
import { shown } from '../count/shown.ts';
import type { Summary } from '../count/summary.ts';
import { warningsOf } from '../show/notes.ts';
import { formatRange, number, requestsText } from '../show/rows.ts';
import type { Paths } from './collect.ts';
import type { DraftApi, DraftRoute } from './propose.ts';

/** Lists of what is left out show so many. */
const MAX_LEFT = 10;

/** No route is open: one of which nothing is known has an empty list, which the check refuses. */
export function renderDraft(
  apis: readonly DraftApi[],
  { unplaced, requests }: Paths,
  summary: Summary,
  environment: string | undefined,
  config: string,
): string[] {
  const format = formatOf(config, '');
  const { from, to, refused } = summary;
  const when = from === null || to === null ? '' : `, ${formatRange(from, to)} UTC`;
  const taken = [...new Set(apis.flatMap(({ routes }) => routes.flatMap((route) => route.audiences)))];
  const audiences = refused.audience.slice(0, 5).map(({ value, requests: n }) => `${value} ${number(n)}`);
  const notes = [
    `Routes that ${requestsText(requests)} suggest${when}. Review each line.`,
    '`scopes_all` are the scopes that every token had which came; where there are none, `clients` are those that came.',
    `\`${format.pair('scopes_all', [])}\` is to be filled in: the check refuses it until then.`,
    ...warningsOf(summary),
    taken.length > 0 && `Audiences of tokens that were let through: ${taken.slice(0, 5).join(', ')}`,
    audiences.length > 0 && `Audiences that refused tokens claim: ${audiences.join(', ')}`,
    unplaced.pathless > 0 &&
      `Left out: ${requestsText(unplaced.pathless)} without a path in the log (${format.pair('log_requests', 'all')} has it)`,
    unplaced.unroutable > 0 &&
      `Left out: ${requestsText(unplaced.unroutable)} that no route can serve (path or method)`,
    unplaced.tooMany > 0 && `Left out: ${requestsText(unplaced.tooMany)}: too many different paths`,
  ].filter((note) => note !== false);
  return format.draft(
    notes.map(shownLong),
    apis.map((api) => draftTable(api, environment)),
  );
}

function draftTable(
  { api, host, requests, routes, existing, missing }: DraftApi,
  environment: string | undefined,
): DraftTable {
  const place = host === null ? '' : ` for ${host}`;
  const table = api ?? `API_${(host ?? 'NEW').toUpperCase().replace(/[^A-Z0-9]+/g, '_')}`;
  const section = environment === undefined ? [] : ['env', environment];
  const above = [
    `${requestsText(requests)}${place}`,
    ...(api === null ? ['No API has served it: name its table.'] : []),
    ...left('Routes already', existing),
    ...left('Not there: the origin answered 404 or 405 to', missing),
    ...(routes.length === 0 ? ['No other route is proposed.'] : []),
  ];
  return {
    above: above.map(shownLong),
    place: routes.length === 0 ? undefined : [...section, 'vars', table, 'routes'],
    lines: routes.flatMap(draftLines),
  };
}

function draftLines(route: DraftRoute): DraftLine[] {
  const { key, requests, refused, turned_away, scopes, scopes_all, clients, nameless, reasons } = route;
  const facts = [
    requestsText(requests),
    refused > 0 && `${number(refused)} refused`,
    turned_away > 0 && `${number(turned_away)} turned away by the origin`,
    nameless > 0 && `${number(nameless)} without a client id`,
    scopes_all === null &&
      scopes.length > 0 &&
      `tokens had ${scopes
        .slice(0, 5)
        .map((one) => `${one.scope} ${number(one.requests)}`)
        .join(', ')}`,
    reasons.length > 0 &&
      reasons
        .slice(0, 3)
        .map((one) => `${one.reason} ${number(one.requests)}`)
        .join(', '),
  ].filter((fact) => fact !== false);
  const rule = scopes_all !== null ? { scopes_all } : clients !== null ? { clients } : { scopes_all: [] };
  const todo = (scopes_all ?? clients) ? '' : '; fill in a rule';
  return [shownLong(`${facts.join('; ')}${todo}`), { name: key, value: rule }];
}

function left(title: string, list: DraftApi['missing']): string[] {
  if (list.length === 0) return [];
  const names = list.slice(0, MAX_LEFT).map(({ key, requests }) => `${key} (${number(requests)})`);
  const more = list.length - names.length;
  return [`${title}: ${names.join(', ')}${more > 0 ? ` and ${countOf(more, 'other')}` : ''}`];
}

/** One line, whatever strangers wrote. */
const shownLong = (text: string) => text.split(' ').map(shown).join(' ');
