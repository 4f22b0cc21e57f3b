/** Where an API's tokens are read from, and where its requests go. */

export type TokenPlace =
  | { readonly kind: 'authorization' }
  /** @property header lower case */
  | { readonly kind: 'header'; readonly header: string }
  | { readonly kind: 'cookie'; readonly cookie: string }
  /** Behind `bearer`, among the protocols that an upgrade offers. */
  | { readonly kind: 'websocket' }
  /** The header of Cloudflare Access. */
  | { readonly kind: 'access' };

export type Origin =
  /** `base` has no trailing slash: the path of the request is appended to it. */
  | { readonly kind: 'url'; readonly base: string }
  | { readonly kind: 'service'; readonly binding: string }
  /** The origin behind the Worker's own route. */
  | { readonly kind: 'zone' }
  /** The handlers that the gateway stands in front of, in the same Worker. */
  | { readonly kind: 'next' };

/** Where an issuer's keys are. */
export type KeyLocation =
  /** OpenID Connect Discovery, then RFC 8414. */
  | { readonly kind: 'discovery' }
  | { readonly kind: 'metadata'; readonly uri: string }
  | { readonly kind: 'jwks'; readonly uri: string };
