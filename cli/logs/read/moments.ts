/** Times as people give them: an instant, a time of the day, or how long ago. Without a zone, they are UTC. */

export type Moment =
  | { readonly kind: 'instant'; readonly ms: number }
  /** The last one that is not after the newest line of the log. */
  | { readonly kind: 'clock'; readonly msOfDay: number }
  /** Before the newest line of the log. */
  | { readonly kind: 'ago'; readonly ms: number };

const DAY_MS = 86_400_000;
const UNITS_MS = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: DAY_MS } as const;

/** Longer ago is a slip: no log is as old. */
const MAX_DAYS = 36_500;

const WANTED =
  'Write a time such as 2h or 3d, a time of the day such as 10:00, or a date such as 2026-11-24T12:00:00Z.';

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9:.]+)(Z|[+-][0-9]{2}:?[0-9]{2})?)?$/i;
const CLOCK = /^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]{1,9})?))?$/;

/** @returns what is wrong, and what to write, for a text that is not a time */
export function readMoment(text: string): Moment | string {
  const [, count, unit = 's'] = /^([0-9]{1,9})(s|m|min|h|d)?$/.exec(text) ?? [];
  if (count !== undefined) {
    const ms = Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
    return ms <= MAX_DAYS * DAY_MS ? { kind: 'ago', ms } : `${text} is longer than a hundred years.`;
  }
  const [, clock, clockZone] = /^([0-9:.]+?)(Z|[+-][0-9]{2}:[0-9]{2})?$/i.exec(text) ?? [];
  if (clock?.includes(':')) {
    const ms = readClock(clock, clockZone);
    return typeof ms === 'string' ? ms : { kind: 'clock', msOfDay: modulo(ms, DAY_MS) };
  }
  const [, year, month, day, time = '00:00', zone] = DATE.exec(text) ?? [];
  if (year === undefined) return WANTED;
  const date = `${year}-${month}-${day}`;
  const dateMs = Date.parse(`${date}T00:00Z`);
  // JavaScript takes February 30 for March 2.
  if (Number.isNaN(dateMs) || new Date(dateMs).toISOString().slice(0, 10) !== date)
    return `There is no ${date} in the calendar.`;
  const ms = readClock(time, zone);
  return typeof ms === 'string' ? ms : { kind: 'instant', ms: dateMs + ms };
}

/** @returns milliseconds since midnight UTC, which may be before it, or what is wrong */
function readClock(text: string, zone = 'Z'): number | string {
  const [, hours, minutes, seconds = '0'] = CLOCK.exec(text) ?? [];
  if (hours === undefined) return WANTED;
  if (Number(hours) === 24) return `${text} is not a time of a day: write 00:00, of the next day.`;
  if (Number(hours) > 23) return `${text} is not a time of a day: hours go to 23.`;
  if (Number(minutes) > 59 || Number(seconds) >= 60)
    return `${text} is not a time of a day: minutes and seconds go to 59.`;
  const [, sign, zoneHours, zoneMinutes] = /^([+-])([0-9]{2}):?([0-9]{2})$/.exec(zone) ?? [];
  if (Number(zoneHours ?? 0) > 23 || Number(zoneMinutes ?? 0) > 59)
    return `${zone} is no zone: write one such as +01:00, or Z.`;
  const aheadMs = (Number(zoneHours ?? 0) * 60 + Number(zoneMinutes ?? 0)) * 60_000;
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000 + Math.trunc(Number(seconds) * 1_000);
  return ms + (sign === '-' ? aheadMs : -aheadMs);
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
