import type { Policy, Transmitter } from '../policy/policy.ts';

/** Finds the transmitter that a path belongs to, by its exact spelling, on any host. */
export type FindTransmitter = (url: string) => Transmitter | undefined;

/** @returns `undefined` where no transmitter has a path: no request is to pay for that */
export function findTransmitters({ transmitters }: Policy): FindTransmitter | undefined {
  const byPath = new Map(transmitters.flatMap((one) => (one.path === undefined ? [] : [[one.path, one]])));
  if (byPath.size === 0) return undefined;
  return (url) => {
    const target = url.slice(url.indexOf('/', url.indexOf('://') + 3));
    const end = target.indexOf('?');
    return byPath.get(end === -1 ? target : target.slice(0, end));
  };
}
