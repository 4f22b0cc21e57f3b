/** Drafted routes, to be reviewed, in the project's format. */

import type { DraftLine, DraftTable } from '../../formats/draft.ts';
import { formatOf } from '../../formats/formats.ts';
import { countOf } from '../../text/words.ts';
import { shown } from '../count/shown.ts';
import type { Summary } from '../count/summary.ts';
import { warningsOf } from '../show/notes.ts';
import { formatRange, number, requestsText } from '../show/rows.ts';
import type { Paths } from './collect.ts';
import type { Given } from './policy.ts';
import type { DraftApi, DraftRoute, Left } from './propose.ts';
import { ruleOf } from './sift.ts';
import { tablesOf } from './tables.ts';

/** Lists of what is left out show so many. */
const MAX_LEFT = 10;

/** No route is open: one of which nothing is known has an empty list, which the check refuses. */
export function renderDraft(
  apis: readonly DraftApi[],
  { unplaced, requests }: Paths,
  summary: Summary,
  given: Given,
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
    given.note,
    ...warningsOf(summary),
    summary.copies > 0 && `${countOf(summary.copies, 'line')} left out: in the log twice`,
    taken.length > 0 && `Audiences of tokens that were let through: ${taken.slice(0, 5).join(', ')}`,
    audiences.length > 0 && `Audiences that refused tokens claim: ${audiences.join(', ')}`,
    unplaced.pathless > 0 &&
      `Left out: ${requestsText(unplaced.pathless)} without a path in the log (log_requests = "all" has it)`,
    unplaced.unroutable > 0 &&
      `Left out: ${requestsText(unplaced.unroutable)} that no route can serve (path or method)`,
    unplaced.tooMany > 0 && `Left out: ${requestsText(unplaced.tooMany)}: too many different paths`,
  ].filter((note) => note !== false);
  return format.draft(
    notes.map(shownLong),
    apis.flatMap((api) => draftTables(api, given)),
  );
}

function draftTables(draft: DraftApi, given: Given): DraftTable[] {
  const { api, hosts, requests, routes, existing, missing, rejected, unclaimed } = draft;
  const [only, ...others] = hosts.slice(0, MAX_LEFT).map(({ host }) => host);
  const counted = hosts.slice(0, MAX_LEFT).map(({ host, requests: n }) => `${host} (${number(n)})`);
  const more = hosts.length > MAX_LEFT ? ` and ${countOf(hosts.length - MAX_LEFT, 'other')}` : '';
  const place = only === undefined ? '' : ` for ${others.length === 0 ? only : counted.join(', ')}${more}`;
  const above = [
    `${api === null ? '' : `${api}: `}${requestsText(requests)}${place}`,
    ...(unclaimed === null ? [] : left(unclaimedTitle(unclaimed.apis), unclaimed.routes)),
    ...left('Routes already', existing),
    ...left('Not there: the origin answered 404 or 405 to', missing),
    ...rejectedLines(rejected),
  ];
  const [first, ...tables] = unclaimed === null ? routeTables(api, routes, given) : [NOTHING];
  const { above: said, ...table } = first ?? NOTHING;
  return [{ ...table, above: [...above, ...said].map(shownLong) }, ...tables];
}

const NOTHING: DraftTable = { above: [], place: undefined, lines: [] };

const unclaimedTitle = (apis: readonly string[]): string =>
  apis.length === 0
    ? 'No API of this host can serve these (strip_prefix)'
    : `No route served these, and they could be of ${apis.join(' or ')}`;

/** The check's own words, once for all routes that it says them of. */
function rejectedLines(rejected: DraftApi['rejected']): string[] {
  const reasons = [...new Set(rejected.map(({ why }) => why))];
  return reasons
    .slice(0, MAX_LEFT)
    .flatMap((why) =>
      left(
        `Not drafted, as the check says "${why}"`,
        rejected.filter((one) => one.why === why),
      ),
    )
    .concat(
      reasons.length > MAX_LEFT
        ? [
            `Not drafted, as the check refuses them: ${countOf(rejected.filter(({ why }) => !reasons.slice(0, MAX_LEFT).includes(why)).length, 'other route')}`,
          ]
        : [],
    );
}

/** The tables that a draft is pasted as. */
function routeTables(api: string | null, routes: readonly DraftRoute[], given: Given): DraftTable[] {
  if (routes.length === 0) return [{ ...NOTHING, above: ['No other route is proposed.'] }];
  const tables = api === null ? undefined : tablesOf(api, routes, given);
  if (tables === undefined) {
    const why = api === null ? 'No API serves this host' : 'The policy has no such API';
    const lines = routes
      .flatMap(draftLines)
      .map((line) => (typeof line === 'string' ? line : { ...line, off: true }));
    return [
      {
        above: [`${why}: these routes need a table of their own, with origin and audience.`],
        place: undefined,
        lines,
      },
    ];
  }
  const at = given.environment === undefined ? ['vars'] : ['env', given.environment, 'vars'];
  const said = [
    ...(tables[0]?.extends === undefined ? [] : [`${api} has routes already: this continues it.`]),
    ...(tables.length > 1 ? [`In ${tables.length} tables: a variable holds 5,000 bytes.`] : []),
  ];
  return tables.flatMap(({ name, extends: base, routes: its }, i): DraftTable[] => {
    const above = i === 0 ? said : [];
    const own = { place: [...at, name, 'routes'], lines: its.flatMap(draftLines) };
    if (base === undefined) return [{ above, ...own }];
    return [
      { above, place: [...at, name], lines: [{ name: 'extends', value: base }] },
      { above: [], ...own },
    ];
  });
}

function draftLines(route: DraftRoute): DraftLine[] {
  const { key, requests, refused, turned_away, scopes, scopes_all, clients, nameless, reasons, unusable } =
    route;
  const facts = [
    requestsText(requests),
    refused > 0 && `${number(refused)} refused`,
    turned_away > 0 && `${number(turned_away)} turned away by the origin`,
    nameless > 0 && `${number(nameless)} without a client id`,
    unusable > 0 && `${countOf(unusable, 'value')} left out that no rule can have (scopes, clients)`,
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
  const todo = (scopes_all ?? clients) ? '' : '; fill in a rule';
  return [shownLong(`${facts.join('; ')}${todo}`), { name: key, value: ruleOf(route) }];
}

function left(title: string, list: readonly Left[]): string[] {
  if (list.length === 0) return [];
  const names = list.slice(0, MAX_LEFT).map(({ key, requests }) => `${key} (${number(requests)})`);
  const more = list.length - names.length;
  return [`${title}: ${names.join(', ')}${more > 0 ? ` and ${countOf(more, 'other')}` : ''}`];
}

/** One line, whatever strangers wrote. */
const shownLong = (text: string) => text.split(' ').map(shown).join(' ');
