/**
 * Checks that are broken, one at a time. Each `from` stands in its file once. Not here: checks that a library or a later
 * line repeats, such as the length of a signature in TypeScript and Python.
 */
export interface Mutant {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** @param edits what stands there, and what stands there instead */
export const of = (file: string, ...edits: (readonly [from: string, to: string])[]): Mutant[] =>
  edits.map(([from, to]) => ({ file, from, to }));
