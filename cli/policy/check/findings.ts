/** Findings of `check` about a policy. */
import { type Fault, fault, type Place } from '../../../src/policy/compile/fault.ts';
import type { Region } from '../../text/snippet.ts';
import type { Section } from '../file/config.ts';

export type Severity = 'error' | 'warning';

/** A kind of finding, for those who read about it. */
export interface Rule {
  /** Its name, in words joined by `-`. */
  readonly name: string;
  /** A warning, unless it says otherwise. */
  readonly severity?: Severity;
  /** The thing that it finds, as a noun: "a route that …". */
  readonly finds: string;
  /** Why that matters. */
  readonly why: string;
  /** The remedy in general; each finding says it for its place. */
  readonly remedy: string;
  /** The facts that it needs besides the file. */
  readonly needs?: string;
}

/** An error that can be seen in one environment of the file. */
export interface FileCheck extends Rule {
  find(section: Section): Hit[];
}

/** A finding of a rule. Its place is under `[vars]`, as that of every fault of the policy. */
export interface Hit extends Fault {
  /** The place is beside `[vars]`, in the same section of the file. */
  readonly outsideVars?: true;
  /** Overrides that of its rule. */
  readonly severity?: Severity;
}

/** A hit in what wrangler.toml says besides its variables. */
export const outsideVars = (place: Place, problem: string, remedy: string): Hit => ({
  ...fault(place, problem, remedy),
  outsideVars: true,
});

/** A hit, with all that a report needs. */
export interface Finding extends Fault {
  readonly rule: string;
  readonly severity: Severity;
  readonly why: string;
  readonly region: Region;
}
