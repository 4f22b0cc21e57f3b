/** What `claimgate doctor` says of one thing that it looked at. */
export interface Symptom {
  readonly state: 'ok' | 'warning' | 'error';
  readonly what: string;
  /** The problem, and what to do; or what was found. Lines of their own. */
  readonly detail?: string;
}

export const ok = (what: string, detail?: string): Symptom => ({
  state: 'ok',
  what,
  ...(detail !== undefined && { detail }),
});
export const warning = (what: string, detail: string): Symptom => ({ state: 'warning', what, detail });
export const error = (what: string, detail: string): Symptom => ({ state: 'error', what, detail });
