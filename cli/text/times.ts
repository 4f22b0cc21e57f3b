/** Times and durations as people read and write them. Used in the page as well. */

export const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

export function formatSeconds(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, 's'];
  return `${seconds / size} ${unit}`;
}

/** To the minute, in UTC. */
export function formatTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const READ_UNITS = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 } as const;

/** Seconds, or with a unit: `3600`, `60min`, `1h`, `30d`. @returns `undefined` for anything else */
export function parseDuration(value: string): number | undefined {
  const [, number, unit = 's'] = /^([0-9]+)(s|m|min|h|d)?$/.exec(value) ?? [];
  const seconds = Number(number) * READ_UNITS[unit as keyof typeof READ_UNITS];
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : undefined;
}
