/** What is asked of a request besides its token: no caller shows it, and no example has a form or a page. */
import { writePlace } from '../../../src/policy/compile/fault.ts';
import type { WebOrigins } from '../../../src/policy/cors.ts';
import type { Match } from '../../../src/policy/match.ts';
import type { Api, Route } from '../../../src/policy/policy.ts';
import { originsOf } from '../words.ts';
import { coversOrigins } from './cors.ts';
import type { Difference } from './difference.ts';

type Guard = Pick<Difference, 'before' | 'now'> & {
  readonly change: 'widened' | 'narrowed';
  readonly place: string;
};

/** For two matches of the same request. */
export const guardChanges = (before: Match, after: Match): Guard[] => [
  ...formChanges(before.route.api, after.route.api),
  ...siteChanges(before.route.api, after.route.api),
  ...strictChanges(before, after),
];

const STRICT = ['revocations and switches are asked for on each request'];
const REMEMBERED = ['revocations and switches are read at intervals, if at all'];

/** A request is asked about if any of its routes is strict. */
function strictChanges(before: Match, after: Match): Guard[] {
  const [old, now] = [before, after].map(({ route, nearMisses }) =>
    [route, ...nearMisses].find(({ isStrict }) => isStrict),
  );
  if ((old === undefined) === (now === undefined)) return [];
  const { api, key } = (now ?? old) as Route;
  const place = writePlace([api.name, 'routes', key, 'revocation']);
  return [
    now === undefined
      ? { change: 'widened', place, before: STRICT, now: REMEMBERED }
      : { change: 'narrowed', place, before: REMEMBERED, now: STRICT },
  ];
}

const readsForms = ({ readsForms: reads, trial }: Api) => reads && trial === undefined;

const formWords = (api: Api) => [
  readsForms(api) ? 'methods in forms need the rules of those methods' : 'methods in forms are not looked at',
];

function formChanges(before: Api, after: Api): Guard[] {
  if (readsForms(before) === readsForms(after)) return [];
  const change = readsForms(before) ? 'widened' : 'narrowed';
  return [{ change, place: `${after.name}.form_methods`, before: formWords(before), now: formWords(after) }];
}

const NONE: WebOrigins = { exact: new Set(), patterns: [] };

/** The pages besides its own from which a cookie with the token counts. All of the web names none. */
const sitesOf = ({ cors }: Api) => (cors?.kind === 'gateway' ? (cors.origins ?? NONE) : NONE);

const siteWords = (api: Api): string[] => [
  `the cookie counts from pages of ${originsOf(sitesOf(api)).sort().join(', ') || 'its own origin only'}`,
];

function siteChanges(before: Api, after: Api): Guard[] {
  if (before.tokenFrom.kind !== 'cookie' || after.tokenFrom.kind !== 'cookie') return [];
  const [old, now] = [sitesOf(before), sitesOf(after)];
  const told = { place: `${after.name}.cors`, before: siteWords(before), now: siteWords(after) };
  return [
    ...(coversOrigins(old, now) ? [] : [{ change: 'widened' as const, ...told }]),
    ...(coversOrigins(now, old) ? [] : [{ change: 'narrowed' as const, ...told }]),
  ];
}
