/** What demands ask of a token. */
import type { Param } from './params.ts';

/** What a token can have. @template Selector how a claim is found */
type PropertyBy<Selector> =
  | { readonly of: 'audience' | 'scope' | 'client'; readonly value: string }
  /** The claim has this value, or is a list that has it, or an object with a member of that name. */
  | { readonly of: 'claim'; readonly claim: Selector; readonly value: ClaimValue }
  /** The claim is there, and not null. */
  | { readonly of: 'present'; readonly claim: Selector }
  /** The claim is there, can be judged, and none of its values is this one, in whatever type and letter case. */
  | { readonly of: 'not'; readonly claim: Selector; readonly value: ClaimValue };

export type Property =
  | PropertyBy<RouteSelector>
  /** The claim has the value that a parameter of the route has in the request. */
  | { readonly of: 'param'; readonly claim: RouteSelector; readonly param: Param };

/** A property that no parameter has a part in. */
export type BoundProperty = PropertyBy<ClaimSelector>;

/** A claim's name, or where it begins with `/` a JSON Pointer (RFC 6901) into the claims. */
export interface ClaimSelector {
  readonly text: string;
  readonly path: readonly string[];
  /** Indexes into `path` of names that a parameter gave: they are members of objects, never indexes of a list. */
  readonly members?: readonly number[];
}

/** The same for a route: parameters stand for members that the request names. */
export interface RouteSelector {
  readonly text: string;
  readonly path: readonly (string | Param)[];
}

export type ClaimValue = string | number | boolean;
