import type { Reason } from '../decision.ts';
import type { Assertion } from './assertion.ts';
import type { Cors, PassedCors } from './cors.ts';
import type { KeyLocation, Origin, TokenPlace } from './places.ts';
import type { BoundProperty, ClaimSelector, Property } from './property.ts';
import type { QueryCondition } from './query.ts';
import type { Settings } from './settings.ts';
import type { SignalSettings } from './signals.ts';
import type { StatusLists, StatusReference } from './status-list.ts';
import type { PatternNode } from './tree.ts';

export type { KeyLocation, Origin, TokenPlace } from './places.ts';
export type { BoundProperty, ClaimSelector, ClaimValue, Property, RouteSelector } from './property.ts';
export type { Settings } from './settings.ts';
export type { StatusLists, StatusReference } from './status-list.ts';

/** The compiled policy: what `compile` makes of the tables in wrangler.toml, and all that a request is judged by. */

export interface Policy {
  readonly settings: Settings;
  readonly issuers: readonly Issuer[];
  readonly transmitters: readonly Transmitter[];
  readonly apis: readonly Api[];
  /** Route tables by host: lower case, without port and trailing dot; with a parameter as `hostKey` writes it. */
  readonly hosts: ReadonlyMap<string, RouteTable>;
  /** The routes of APIs without `hosts`, for every host that `hosts` does not have. */
  readonly otherHosts: RouteTable | undefined;
  /** Names `x-…` that some API sets (claims, secrets), in the normalised spelling of `normaliseHeaderName`. */
  readonly ownHeaders: ReadonlySet<string>;
}

/** An issuer whose tokens are believed, by how they are checked. */
export type Issuer = JwtIssuer;

/** Signs its tokens (RFC 7519), and publishes its keys. */
export interface JwtIssuer {
  readonly kind: 'jwt';
  /** The variable that has its table: `ISSUERS`, or one that continues it. For tools. */
  readonly variable: string;
  /** Its name in the policy; appears in logs only. */
  readonly name: string;
  /** The `iss` of its tokens, compared literally. */
  readonly issuer: string;
  readonly algorithms: ReadonlySet<string>;
  /** Accepted `typ` values: lower case, without `application/`. */
  readonly tokenTypes: ReadonlySet<string>;
  readonly clockToleranceSeconds: number;
  readonly maxTokenAgeSeconds: number | undefined;
  /** Tokens issued before this instant (seconds since 1970) are refused. */
  readonly notBeforeSeconds: number | undefined;
  /** Whether verified tokens are kept in memory until they expire. */
  readonly remembersTokens: boolean;
  readonly scopeClaim: ClaimSelector | undefined;
  readonly clientClaim: ClaimSelector | undefined;
  readonly audienceClaim: ClaimSelector | undefined;
  /** Every token of the issuer must meet them, whatever the route. */
  readonly requiredClaims: readonly Demand<BoundProperty>[];
  /** Its lists of revoked and suspended tokens. `undefined`: they are not looked at. */
  readonly statusLists: StatusLists | undefined;
  readonly keys: KeyLocation;
  /** Name of the service binding that fetches go through, instead of the network. */
  readonly service: string | undefined;
}

/** Who says that tokens are to be refused: docs/signals.md. */
export interface Transmitter extends SignalSettings {
  /** Its `iss`, and where its keys are. One of the policy's issuers, where it is the same. */
  readonly signer: Issuer;
  /** The issuers of the tokens that its events are about. */
  readonly revokes: readonly Issuer[];
}

export interface Api {
  /** Its table's name, such as `API_TIMESHEETS`. */
  readonly name: string;
  readonly hosts: readonly string[];
  readonly origin: Origin;
  /** RFC 9728 resource identifier, if the API has one. */
  readonly resource: string | undefined;
  /** Stands before the scopes of its routes where clients ask for them; tokens have them without. */
  readonly scopePrefix: string;
  /** What clients may ask for, in full, where its routes don't say it. */
  readonly scopesSupported: readonly string[] | undefined;
  /** Whether refusals name the audience. `undefined`: where it is an https URL. */
  readonly tellsAudience: boolean | undefined;
  readonly issuers: readonly Issuer[];
  /** The one place that its tokens are read from. */
  readonly tokenFrom: TokenPlace;
  /** Whether methods in forms are read, since the origin takes them for the request's own. */
  readonly readsForms: boolean;
  readonly routes: readonly Route[];
  readonly forward: readonly ForwardedClaim[];
  readonly originHeaders: readonly SecretHeader[];
  /** Binding of the client certificate that the origin gets. */
  readonly mtls: string | undefined;
  /** Segments at the start of the path that are not sent on. */
  readonly prefix: readonly string[];
  readonly cors: Cors | PassedCors | undefined;
  /** What sends preflights on, where the API speaks CORS itself: it asks for no token. */
  readonly preflights: Route | undefined;
  /** Names of client headers that its origin does not get, besides those for all APIs; normalised. */
  readonly dropped: ReadonlySet<string>;
  /** Whether a `Location` on the origin's own host is written as clients see it. */
  readonly rewritesLocation: boolean;
  readonly maxClaimsBytes: number;
  /** What its origin gets to check each request by itself. */
  readonly assertion: Assertion | undefined;
  readonly timeoutMs: number;
  readonly uploadTimeoutMs: number;
  readonly trial: Trial | undefined;
}

/** An API on trial: nothing is refused that its origin can be asked for. What would have been is logged. */
export interface Trial {
  /** The last day of the trial (`2027-01-31`, UTC), after which the check fails. Requests don't look at it. */
  readonly until: string | undefined;
  /** Takes the requests that no route takes. */
  readonly anything: Route;
  /** Nothing is enforced on its hosts, nor at its origin: odd paths and headers that origins act upon go on, too. */
  readonly isAlone: boolean;
}

export interface SecretHeader {
  /** Lower case. */
  readonly header: string;
  /** The name of the Worker's secret. */
  readonly secret: string;
}

export interface ForwardedClaim {
  readonly claim: ClaimSelector;
  /** Lower case. */
  readonly header: string;
  readonly as: 'text' | 'list' | 'json';
  /** Which values of a list are sent on. `undefined`: all. */
  readonly only: { readonly values: readonly string[]; readonly prefixes: readonly string[] } | undefined;
}

/** The rules of a route. All of them must hold. */
export interface Rules {
  /** Accepted issuers by their `iss`; empty where `auth` is `none`. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** Accepted audiences: one of them must be in the token. */
  readonly audiences: readonly string[];
  /** All of them must be met. */
  readonly demands: readonly Demand[];
}

/** Met by a token that has one of the properties. */
export interface Demand<P = Property> {
  readonly rule: RuleName;
  /** The rule as the policy writes it: `scopes_all`, `claims.org_id`. */
  readonly label: string;
  readonly anyOf: readonly P[];
  /** Why a token is refused that has none of them. */
  readonly refusal: Reason;
  /** The demands of each alternative that this one was made of, with others. Only words are made of them. */
  readonly alternatives?: readonly (readonly Demand[])[] | undefined;
}

/** The rules that a route can have. `rules/rules.ts` has one definition for each. */
export type RuleName = PlainRuleName | 'any_of';

/** The rules that an alternative of `any_of` can have too. */
export type PlainRuleName = 'scopes_all' | 'scopes_any' | 'clients' | 'claims';

export interface Route extends Rules {
  /** As it is written in the policy: `GET /orgs/:org/timesheets`. */
  readonly key: string;
  readonly api: Api;
  readonly auth: 'required' | 'optional' | 'none';
  readonly forwardAuthorization: boolean;
  readonly rateLimit: RouteLimit | undefined;
  /** Rules that are tried, and only logged. */
  readonly report: Rules | undefined;
  /** Its token check and its rules refuse nobody: what they would have done is logged. */
  readonly reportOnly: boolean;
  /** Revocations and switches are asked for where they are written: none is missed for being young. */
  readonly isStrict: boolean;
  /** Equal for two routes that let the same requests in and treat them alike. */
  readonly ruleKey: string;
}

export type LimitBy = 'subject' | 'client' | 'address' | ClaimSelector;

export interface RouteLimit {
  readonly binding: string;
  /** Requests with the same scope are counted together: the name of the API, or of the route. */
  readonly scope: string;
  /** Whose requests are counted together; `undefined`: those of a subject, else of a client, else of an address. */
  readonly by: LimitBy | undefined;
}

/** The routes that one host can be asked for. */
export interface RouteTable {
  readonly exact: PatternNode<PatternLeaf>;
  /** The same patterns by their folded form. */
  readonly folded: PatternNode<FoldedLeaf>;
  /** No pattern differs from its folded form: a request that doesn't either can have no near miss. */
  readonly allFolded: boolean;
  /** Takes what no route takes, where an API of this host is on trial. */
  readonly fallback: Route | undefined;
  /** The one API of this host, where there is no other. */
  readonly onlyApi: Api | undefined;
}

/** All routes that share one pattern. */
export interface PatternLeaf {
  readonly pattern: string;
  readonly methods: Map<string, Route>;
  /** The route for methods without one of their own. */
  anyMethod: Route | undefined;
  /** Routes for certain queries, which come first. `undefined` where there are none. */
  queried: QueriedRoutes[] | undefined;
  /** It has no routes: it takes the verbs that these patterns beside it don't name. */
  readonly verbs?: readonly PatternLeaf[];
}

/** The routes of one pattern for requests whose query meets a condition. */
export interface QueriedRoutes extends Pick<PatternLeaf, 'methods' | 'anyMethod'> {
  readonly condition: QueryCondition;
}

/** All patterns that share one folded form. */
export interface FoldedLeaf {
  readonly leaves: PatternLeaf[];
}

/** Who a verified token speaks for. Only `token/verify.ts` makes one. */
export interface Principal {
  readonly issuer: Issuer;
  readonly subject: string | undefined;
  readonly client: string | undefined;
  /** Every value under a name that client ids are found by. The blocklist looks at all of them. */
  readonly clientIds: readonly string[];
  readonly scopes: ReadonlySet<string>;
  readonly audiences: readonly string[];
  readonly kid: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly iat: number | undefined;
  readonly nbf: number | undefined;
  /** Only where the issuer's status lists are looked at. */
  readonly status?: StatusReference;
}

/** The parts of a caller that demands look at. */
export type Held = Pick<Principal, 'audiences' | 'scopes' | 'client' | 'claims'>;
