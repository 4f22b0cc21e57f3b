/** What the policy says of an issuer's status lists. */
export interface StatusLists {
  /** Whether a token without a place in a list is refused. */
  readonly isRequired: boolean;
  /** Where lists may be: the issuer's own host, and those that the policy names. With a port that is not the usual one. */
  readonly hosts: ReadonlySet<string>;
}

/** The place of a token in a status list of its issuer. */
export interface StatusReference {
  readonly index: number;
  /** On a host that the policy allows. */
  readonly uri: string;
}
