/** Times as people give them: an instant, a time of the day, or how long ago. Without a zone, they are UTC. */

export type Moment =
  | { readonly kind: 'instant'; readonly ms: number }
  /** The last one that is not after the newest line of the log. */
  | { readonly kind: 'clock'; readonly msOfDay: number }
  /** Before the newest line of the log. */
  | { readonly kind: 'ago'; readonly ms: number };

const DAY_MS = 86_400_000;
const UNITS_MS = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** @returns `undefined` for what is no time */
export function readMoment(text: string): Moment | undefined {
  const [, count, unit = 's'] = /^([0-9]{1,9})(s|m|min|h|d)?$/.exec(text) ?? [];
  if (count !== undefined)
    return { kind: 'ago', ms: Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS] };
  const [, clock, zone] = /^([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(Z|[+-][0-9]{2}:[0-9]{2})?$/i.exec(text) ?? [];
  if (clock !== undefined) {
    const ms = Date.parse(`1970-01-01T${clock.padStart(clock.length > 5 ? 8 : 5, '0')}${zone ?? 'Z'}`);
    return Number.isNaN(ms) ? undefined : { kind: 'clock', msOfDay: modulo(ms, DAY_MS) };
  }
  // A date alone is UTC already; a date and a time would be this machine's.
  const isBare = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+$/.test(text);
  if (!isBare && !/^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2}))?$/i.test(text))
    return undefined;
  const ms = Date.parse(`${text.replace(' ', 'T')}${isBare ? 'Z' : ''}`);
  return Number.isNaN(ms) ? undefined : { kind: 'instant', ms };
}

/** Whether it takes the newest line of the log to know it. */
export const isRelative = (moment: Moment | undefined): boolean =>
  moment !== undefined && moment.kind !== 'instant';

/** @param newestMs of the log; of a log that goes on, it is the present */
export function resolveMoment(moment: Moment, newestMs: number): number {
  if (moment.kind === 'instant') return moment.ms;
  if (moment.kind === 'ago') return newestMs - moment.ms;
  return newestMs - modulo(newestMs - moment.msOfDay, DAY_MS);
}

const modulo = (value: number, by: number) => ((value % by) + by) % by;
