/** The part of a request that parameters are read from. */
export interface Place {
  /** Of the path, percent-decoded. */
  readonly segments: readonly string[];
  /** Lower case, without port and trailing dot. */
  readonly host: string;
}

/** A `:param` of a route, and where its value stands. */
export interface Param {
  readonly name: string;
  /** The index of a segment of the path, or the first label of the host. */
  readonly at: number | 'host';
  /** So many characters at the start and at the end are the pattern's own. */
  readonly before: number;
  readonly after: number;
}

/** @returns the empty string where the place has no such part */
export function paramValue({ at, before, after }: Param, { segments, host }: Place): string {
  const text = at === 'host' ? host.slice(0, Math.max(0, host.indexOf('.'))) : (segments[at] ?? '');
  return before === 0 && after === 0 ? text : text.slice(before, text.length - after);
}
