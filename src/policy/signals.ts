/** Transmitters of security events, and what the policy says of them: docs/signals.md. */

/** The claim of tokens that a subject of an event names. */
export type NamedBy = 'sub' | 'sid' | 'jti' | 'client_id';

/** What events call by a name that says no issuer: formats of RFC 9493, and members of complex subjects. */
export type SubjectKind =
  | 'opaque'
  | 'email'
  | 'phone_number'
  | 'account'
  | 'did'
  | 'uri'
  | 'session'
  | 'application';

/** A transmitter, without the issuers that it is about. */
export interface SignalSettings {
  /** Its name in the policy. */
  readonly name: string;
  readonly algorithms: ReadonlySet<string>;
  /** One of them must be in each event. */
  readonly audiences: readonly string[];
  /** Where it sends events to, on every host. `undefined`: they are asked for. */
  readonly path: string | undefined;
  readonly subjects: { readonly [Kind in SubjectKind]?: NamedBy | undefined };
  /** Whether logout tokens are taken: those of their own `typ`, or also those without. */
  readonly logoutTokens: 'typed' | 'any' | undefined;
  /** The secret with the `Authorization` that it sends. */
  readonly authorization: string | undefined;
  /** The rate limit binding that counts what comes from one address. */
  readonly rateLimit: string | undefined;
  readonly poll: SignalPoll | undefined;
}

/** Where events are asked for (RFC 8936). */
export interface SignalPoll {
  readonly uri: string;
  /** The secret with the `Authorization` to send. */
  readonly authorization: string | undefined;
}

/** Where events go if the policy names no path. */
export const signalsPath = (name: string): string => `/.well-known/claimgate/signals/${name}`;

/** Everybody whose keys are looked after: those who sign tokens, and those who sign events. */
export const signersOf = <Signer>({
  issuers,
  transmitters,
}: {
  readonly issuers: readonly Signer[];
  readonly transmitters: readonly { readonly signer: Signer }[];
}): readonly Signer[] => [...new Set([...issuers, ...transmitters.map(({ signer }) => signer)])];
