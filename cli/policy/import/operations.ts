/**
 * What a reader finds in the description of an API, in words of no format: operations, where they are, and who may
 * call them. A draft of a policy is made of these, whoever read them.
 */

export interface Description {
  readonly title: string | undefined;
  /** All that were found; those that could not be read say why. */
  readonly operations: readonly Operation[];
  /** About the description as a whole. */
  readonly notes: readonly string[];
}

export interface Operation {
  /** Upper case; `*` is every method. */
  readonly method: string;
  /** The path as the description writes it, for people. */
  readonly written: string;
  readonly path: PathShape | undefined;
  /** `undefined`: the description says nothing about its server. */
  readonly base: Base | undefined;
  readonly access: Access;
  readonly notes: readonly Note[];
  /** Why it can be no route. */
  readonly leftOut: string | undefined;
  readonly hints: Hints;
}

/** What the gateway's own export says of a route, besides the rules. */
export interface Hints {
  /** `API_ORDERS`. */
  readonly api?: string | undefined;
  readonly origin?: string | undefined;
  readonly audience?: readonly string[] | undefined;
  readonly hosts?: readonly string[] | undefined;
}

/** Something to look at. */
export interface Note {
  /** Short, for a route, where the text is said once for many of them. */
  readonly tag: string;
  readonly text: string;
}

export interface PathShape {
  readonly segments: readonly Segment[];
  /** Parameters of the query that the request must have: `do=purge`. */
  readonly query: string | undefined;
  /** It also fits paths that the description does not mean. */
  readonly isWider: boolean;
}

export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string; readonly before: string; readonly after: string }
  /** One segment or more, at the end. */
  | { readonly kind: 'rest' };

/** Where a group of operations is. */
export interface Base {
  /** `https://api.example.com`; `undefined`: wherever the description itself was published. */
  readonly origin: string | undefined;
  /** As a policy names it: `api.example.com`, `:tenant.api.example.com`. */
  readonly host: string | undefined;
  /** What all paths begin with. */
  readonly prefix: readonly Segment[];
  /** About the server, to be said once. */
  readonly notes: readonly string[];
}

export type Access =
  | { readonly kind: 'unsaid' }
  | { readonly kind: 'open' }
  /** Nobody may call it until a person has looked. */
  | { readonly kind: 'unread'; readonly note: Note }
  | { readonly kind: 'asked'; readonly alternatives: readonly Alternative[] };

/** All of these must hold. None: no credential is needed. */
export type Alternative = readonly { readonly scheme: Scheme; readonly scopes: readonly string[] }[];

export type Scheme =
  | {
      readonly kind: 'token';
      readonly name: string;
      /** Tokens of one issuer have one key; whatever may be two issuers has two. */
      readonly key: string;
      /** As it stands in `iss`. */
      readonly issuer: string | undefined;
      /** What the description says of the issuer, for people. */
      readonly says: string;
      readonly audience: readonly string[];
      readonly notes: readonly Note[];
    }
  /** A credential that the gateway does not check. */
  | { readonly kind: 'other'; readonly name: string; readonly what: string }
  | { readonly kind: 'unknown'; readonly name: string; readonly why: string };
