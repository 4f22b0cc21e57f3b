/**
 * The requests that a request stands for besides itself: COPY and MOVE act on what `Destination` names, and frameworks
 * take another method from a parameter of the query. Their rules must hold as well. `policy/second-target.ts` has the
 * words.
 */
import type { DestinationFault, Reason } from '../decision.ts';
import { routesBelow } from '../policy/below.ts';
import { type Match, match, type NoMatch } from '../policy/match.ts';
import type { Place } from '../policy/params.ts';
import type { ParsedPath } from '../policy/path.ts';
import type { Policy, Route } from '../policy/policy.ts';
import { decodeWide } from '../policy/query.ts';
import {
  MARKED_OVERRIDE_PARAMETERS,
  METHODS,
  methodKind,
  OVERRIDE_PARAMETERS,
} from '../policy/second-target.ts';
import { parseTarget, type Target } from './target.ts';

/** A route whose rules must hold, with what they are judged by. */
export interface Judged {
  readonly route: Route;
  readonly place: Place;
}

/** What else a request asks for. */
export interface SecondTarget {
  /** `below`: whatever lies below that path. */
  readonly by: 'destination' | 'query' | 'form' | 'below';
  readonly method: string;
  readonly path: ParsedPath;
  readonly routes: readonly Route[];
  /** Why a plain request for it would be refused by the route table. */
  readonly refusal?: Reason | undefined;
  /** The route that refuses, for logs. */
  readonly nearMiss?: Route | undefined;
  /** Whether the refusal is only reported: the path is one of an API on trial. */
  readonly isTried?: boolean | undefined;
}

export interface SecondTargets {
  readonly targets: readonly SecondTarget[];
  /** Where a COPY or MOVE goes to. */
  readonly destination?: Target | undefined;
  /** Why the destination can't be read. */
  readonly fault?: Reason | undefined;
}

export interface SecondTargetRequest {
  readonly method: string;
  readonly headers: Pick<Headers, 'get'>;
  /** Methods that the form in its body names. */
  readonly formMethods?: readonly string[];
}

const NOTHING: SecondTargets = { targets: [] };
const NO_METHODS: readonly string[] = [];

/** @param found the routes of the request itself */
export function secondTargets(
  policy: Policy,
  { method, headers, formMethods = NO_METHODS }: SecondTargetRequest,
  target: Target,
  { route }: Match,
): SecondTargets {
  const inQuery = target.query === '' ? NO_METHODS : overridesIn(target.query);
  const overrides = formMethods.length === 0 ? inQuery : [...new Set([...inQuery, ...formMethods])];
  const isCopy = methodKind(method) === 'destination';
  if (overrides.length === 0 && !isCopy) return NOTHING;
  const { path, query } = target;
  // A destination has no query.
  const ask = (by: SecondTarget['by'], wanted: string, at: ParsedPath): SecondTarget =>
    asTarget(by, wanted, at, match(policy, target.host, wanted, at, at === path ? query : ''), route);
  const targets: SecondTarget[] = [];
  for (const wanted of overrides) {
    if (wanted === method) continue;
    const one = ask(inQuery.includes(wanted) ? 'query' : 'form', wanted, path);
    // A word that is not a method, and that no route of any API has a word on: nothing takes it for one.
    const isForeign = one.nearMiss !== undefined && one.nearMiss.api !== route.api;
    if (one.refusal === undefined || isForeign || Object.hasOwn(METHODS, wanted)) targets.push(one);
  }
  const copies = [method, ...overrides].filter((one) => methodKind(one) === 'destination');
  if (copies.length === 0) return { targets };
  const destination = readDestination(headers.get('destination'), target);
  if (typeof destination === 'string')
    return { targets, fault: { code: 'destination_invalid', fault: destination } };
  const below = (wanted: string, at: ParsedPath): SecondTarget => {
    const { routes, foreign } = routesBelow(policy, target.host, wanted, at, route.api);
    const refusal: Reason | undefined = foreign && { code: 'route_unknown' };
    return { by: 'below', method: wanted, path: at, routes, refusal, nearMiss: foreign };
  };
  const isMove = copies.includes('MOVE');
  // RFC 4918 §9.8.3: without `Depth: 0`, all that is in a collection goes along; a MOVE always takes it.
  const isDeep = isMove || headers.get('depth') !== '0';
  // RFC 4918 §10.6: whatever is there goes away, unless the client says F, and nothing beside it.
  const overwrites = headers.get('overwrite') !== 'F';
  const atSource = isMove ? ['GET', 'DELETE'] : ['GET'];
  const atDestination = overwrites ? ['PUT', 'DELETE'] : ['PUT'];
  for (const wanted of atSource) targets.push(ask('destination', wanted, path));
  for (const wanted of atDestination) targets.push(ask('destination', wanted, destination.path));
  if (isDeep) for (const wanted of atSource) targets.push(below(wanted, path));
  for (const wanted of atDestination)
    if (isDeep || wanted === 'DELETE') targets.push(below(wanted, destination.path));
  return { targets, destination };
}

function asTarget(
  by: SecondTarget['by'],
  method: string,
  path: ParsedPath,
  found: Match | NoMatch,
  { api }: Route,
): SecondTarget {
  if (found.kind === 'no_match')
    return { by, method, path, routes: [], refusal: found.reason, nearMiss: found.nearMiss };
  // The rules of another API are about other tokens, and its origin is another one.
  if (found.route.api !== api)
    return { by, method, path, routes: [], refusal: { code: 'route_unknown' }, nearMiss: found.route };
  const { refusal } = found;
  return { by, method, path, routes: [found.route, ...found.nearMisses], refusal, isTried: refusal && true };
}

/**
 * Reads `Destination` (RFC 4918 §10.3): an absolute URI on the host and port of the request, or an absolute path. It is
 * the client's word for a path of this host, so it has no query, and one reading only.
 */
function readDestination(value: string | null, { scheme, authority }: Target): Target | DestinationFault {
  const text = value?.trim() ?? '';
  if (text === '') return 'missing';
  if (/, |,\t/.test(text)) return 'several';
  if (!/^(https?:\/\/|\/(?!\/))[\x21-\x7e]*$/i.test(text) || /[\s"<>\\^`{|}]/.test(text)) return 'form';
  const target = parseTarget(text.startsWith('/') ? `${scheme}://${authority}${text}` : text);
  if (target.kind === 'fault' && target.raw === undefined) return 'form';
  if (target.kind === 'target' ? target.query !== '' : target.fault === 'fragment') return 'query';
  if (target.kind === 'fault') return 'path';
  return hostAndPort(target.authority) === hostAndPort(authority) ? target : 'host';
}

/** The usual ports are the same: TLS may end before the gateway, and clients write what they were told. */
const hostAndPort = (authority: string): string =>
  authority
    .toLowerCase()
    .replace(/:(80|443)?$/, '')
    .replace(/\.(?=:\d+$|$)/, '');

/** Most queries end here. */
const MAY_OVERRIDE = /method|%/i;
const LETTERS_OF_NAMES = /[^a-z0-9]/g;

/** The methods that the query may make of a request, in upper case. */
export function overridesIn(query: string): string[] {
  if (!MAY_OVERRIDE.test(query)) return [];
  const methods = new Set<string>();
  for (const part of query.slice(1).split(/[&;]/)) {
    const [name = '', ...rest] = part.split('=');
    if (!isOverride(decode(name))) continue;
    const method = methodIn(decode(rest.join('=')));
    if (method !== '') methods.add(method);
  }
  return [...methods];
}

/** Blanks, quotes and brackets around it are cut by some. */
export const methodIn = (value: string): string => value.toUpperCase().replace(/[^A-Z-]/g, '');

/** PHP reads `.method`, `[method` and `+method` as `_method`, and ends a name at a NUL. */
export function isOverride(name: string): boolean {
  const [lower = ''] = name.toLowerCase().split('\0');
  const letters = lower.replace(LETTERS_OF_NAMES, '');
  if (OVERRIDE_PARAMETERS.has(letters)) return true;
  return MARKED_OVERRIDE_PARAMETERS.has(letters) && !/^[a-z0-9]/.test(lower);
}

/** What is malformed stays as it is, as in most servers; the rest of it is decoded. */
export const decode = (text: string): string =>
  decodeWide(text)
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
