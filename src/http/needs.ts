/** What a client must ask its issuer for, in the words that the issuer knows: for challenges and for bodies. */
import type { Reason } from '../decision.ts';
import { chooseScopes, scopeLists } from '../policy/asked.ts';
import type { Api, Route } from '../policy/policy.ts';

/** Whom a refusal is about, as far as it is known. */
export interface NeedsContext {
  readonly api?: Api | undefined;
  /** The routes whose rules must hold. */
  readonly routes?: readonly Route[] | undefined;
  /** Scopes of a verified token. */
  readonly held?: ReadonlySet<string> | undefined;
}

export interface Needs {
  /** RFC 6750 §3 `scope`: enough, and no more than that. */
  readonly scope?: string | undefined;
  /** Members of the body. */
  readonly told: {
    readonly scopes_needed?: readonly string[];
    /** Of each of these lists one is enough. */
    readonly scopes_any?: readonly (readonly string[])[];
    /** The token must be for one of them. */
    readonly audience?: readonly string[];
  };
}

/**
 * OpenID Connect Core §5.4 and §11: an issuer is asked for them, and no API demands them. Where the policy lists one,
 * challenges name it beside what the request needs: a client asks for these words and no others.
 */
const FOR_THE_ISSUER: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
]);

export function needsOf(reason: Reason, status: number, { api, routes = [], held }: NeedsContext): Needs {
  const isScopes = reason.code === 'scopes_missing';
  if (status !== 401 && !isScopes) return { told: {} };
  // A token that lacks scopes may have met other rules by other means than scopes: alternatives are the reason's.
  const lists = isScopes
    ? [...listsIn(reason), ...routes.flatMap(({ demands }) => scopeLists({ demands: demands.filter(isOwn) }))]
    : routes.flatMap(scopeLists);
  const prefix = api?.scopePrefix ?? '';
  const named = (scopes: readonly string[]) => scopes.map((one) => `${prefix}${one}`);
  const asked = named(chooseScopes(lists, held));
  const also =
    asked.length === 0 ? [] : (api?.scopesSupported ?? []).filter((one) => FOR_THE_ISSUER.has(one));
  const needed = [...new Set(lists.flatMap((list) => (list.length === 1 ? list : [])))];
  const open = lists.filter((list) => !list.some((one) => needed.includes(one)));
  const any = [...new Map(open.map((list) => [JSON.stringify(list), named(list)])).values()];
  const isToldScopes = isScopes || reason.code === 'token_missing';
  const audience =
    reason.code === 'audience_mismatch' || reason.code === 'token_missing' ? audienceOf(api, routes) : [];
  return {
    scope: asked.length === 0 ? undefined : [...new Set([...asked, ...also])].join(' '),
    told: {
      ...(isToldScopes && needed.length > 0 && { scopes_needed: named(needed) }),
      ...(isToldScopes && any.length > 0 && { scopes_any: any }),
      ...(audience.length > 0 && { audience }),
    },
  };
}

const isOwn = ({ alternatives }: Route['demands'][number]) => alternatives === undefined;

const listsIn = ({ needed, all, any }: Extract<Reason, { code: 'scopes_missing' }>) => [
  ...(all ?? needed).map((one) => [one]),
  ...(any ?? []),
];

/** Those that all routes accept, as far as the API tells them. */
function audienceOf(api: Api | undefined, [first, ...others]: readonly Route[]): readonly string[] {
  const accepted = (first?.audiences ?? []).filter((one) =>
    others.every(({ audiences }) => audiences.includes(one)),
  );
  return accepted.filter((one) => api?.tellsAudience ?? one.startsWith('https://'));
}
