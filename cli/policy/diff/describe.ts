/** Findings in words, for every format. */

import type { TokenSketch } from '../what-if/token.ts';
import type { Change, Difference, Example, FoundRoute } from './difference.ts';
import type { Answer } from './trial.ts';

/** `GET /orders/:id`; GET goes without its HEAD, `*` is any method that has no route of its own. */
function writeRoute({ pattern, methods, hosts }: FoundRoute): string {
  const named = methods.filter(
    (method) => !(method === 'HEAD' && (methods.includes('GET') || methods.includes('*'))),
  );
  const list = [...named].sort((a, b) => Number(a === '*') - Number(b === '*') || (a < b ? -1 : 1));
  return `${list.join('|')} ${pattern}${writeHosts(hosts)}`;
}

function writeHosts(hosts: readonly string[]): string {
  const named = hosts.filter((host) => host !== '');
  if (named.length === 0) return '';
  return ` on ${[...named, ...(named.length < hosts.length ? ['any other host'] : [])].join(', ')}`;
}

/** The subjects of a difference: all of them in lists, the first ones in titles. */
export function writeSubject({ place, routes }: Difference, most = Number.POSITIVE_INFINITY): string[] {
  const shown = routes.slice(0, most).map(writeRoute);
  const more = routes.length > most ? [`and ${routes.length - most} more`] : [];
  return [...(place === undefined ? [] : [place]), ...shown, ...more];
}

export function writeRequest({ request }: Example, routes: readonly FoundRoute[]): string {
  const { method, host, path } = request;
  return `${method} ${routes.some(({ hosts }) => hosts.includes(host)) ? `https://${host}` : ''}${path}`;
}

/** Describes who asks. The header of a token and its dates are named if the difference is about them. */
export function writeCaller(
  { request, note }: Example,
  place: string | undefined,
  nowSeconds: number,
): string {
  const { token } = request;
  if (note !== undefined) return note;
  if (token === undefined) return 'without a token';
  if (token === 'bad') return 'with a token that nobody issued';
  const traits = [...headerTraits(token, place), ...claimTraits(token, nowSeconds)];
  return traits.length === 0 ? 'with any good token' : `with a token: ${traits.join(', ')}`;
}

function headerTraits({ header }: TokenSketch, place = ''): string[] {
  if (place.endsWith('.algorithms')) return [`alg ${header.alg}`];
  if (place.endsWith('.token_types')) return [`typ ${header.typ}`];
  return header.kid === undefined ? [] : [`kid ${header.kid}`];
}

function claimTraits({ claims }: TokenSketch, nowSeconds: number): string[] {
  return Object.entries(claims)
    .filter(([name, value]) => !(name === 'client_id' && value === 'some-client'))
    .map(([name, value]) => {
      if ((name === 'iat' || name === 'exp') && typeof value === 'number')
        return `${name} ${ago(nowSeconds - value)}`;
      return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    });
}

function ago(seconds: number): string {
  if (seconds === 0) return 'now';
  return seconds > 0 ? `${seconds} s ago` : `in ${-seconds} s`;
}

const writeAnswer = (answer: Answer): string => (answer.letIn ? 'let in' : `${answer.status} ${answer.code}`);

/** The answers of both policies, if they show the difference. */
export const answersTo = ({ change, example }: Difference): [before: string, now: string] | undefined =>
  change === 'moved' || example?.before === undefined || example.now === undefined
    ? undefined
    : [writeAnswer(example.before), writeAnswer(example.now)];

/** `1 opened, 2 widened`. */
export function writeCounts(findings: readonly { change: Change }[], other: number): string {
  const counts = new Map<string, number>();
  for (const { change } of findings) counts.set(change, (counts.get(change) ?? 0) + 1);
  if (other > 0) counts.set('other', other);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

export const NO_DIFFERENCE = 'No difference: the same requests get in, and origins get the same.';
/** The heading of the other changes. */
export const OTHERWISE = 'Besides, not about who gets in or what origins get:';
