import { fault } from '../../../../src/policy/compile/fault.ts';
import { hostKey } from '../../../../src/policy/hosts.ts';
import { isLoopbackHost } from '../../../../src/policy/uri.ts';
import type { Hit } from '../findings.ts';
import type { Lint, PlacedRoute, Subject } from './subject.ts';
import {
  isOnWorkersDev,
  leadsHost,
  mayCoverPath,
  type WorkerRoute,
  workerRoutesOf,
} from './worker-routes.ts';

export const unrouted: Lint = {
  name: 'unrouted',
  finds: "an API host or path that none of the Worker's routes covers",
  why: 'such requests never reach the gateway: they go to the origin of the zone, unchecked, or nowhere',
  remedy: 'add a pattern such as "api.example.com/*" to `routes`, or remove the host or the route',
  *find(subject) {
    const patterns = workerRoutesOf(subject.section);
    if (patterns.length === 0) return; // they may be set elsewhere
    for (const { name, hosts } of subject.policy.apis) {
      for (const [i, host] of hosts.map(hostKey).entries()) {
        if (patterns.some((pattern) => leadsHost(pattern, host)) || isReachedOtherwise(host, subject))
          continue;
        yield fault(
          [name, 'hosts', i],
          `no route of the Worker leads ${host} to it`,
          `add { pattern = "${host}/*", zone_name = "…" } to routes, or remove the host`,
        );
      }
    }
    yield* unroutedPaths(subject, patterns);
  },
};

const isReachedOtherwise = (host: string, { section }: Subject) =>
  isLoopbackHost(host) || (host.endsWith('.workers.dev') && isOnWorkersDev(section));

function* unroutedPaths({ routes }: Subject, patterns: readonly WorkerRoute[]): Iterable<Hit> {
  for (const one of routes) {
    const hosts = one.route.api.hosts.map(hostKey);
    const [beginning, whole] = beginningOf(one);
    const missed = hosts.filter((host) => {
      const led = patterns.filter((pattern) => leadsHost(pattern, host));
      return led.length > 0 && !led.some((pattern) => mayCoverPath(pattern, beginning, whole));
    });
    if (missed.length === 0 || missed.length < hosts.length) continue;
    yield fault(
      one.place,
      `no route of the Worker leads this path of ${missed[0]} to it`,
      `widen the pattern in routes, such as "${missed[0]}/*", or remove this`,
    );
  }
}

/** The text that every path of a route begins with. */
function beginningOf({ key }: PlacedRoute): [text: string, whole: boolean] {
  const until = key.segments.findIndex(({ kind }) => kind !== 'literal');
  const fixed = (until === -1 ? key.segments : key.segments.slice(0, until)).map((segment) =>
    segment.kind === 'literal' ? segment.text : '',
  );
  return [`/${fixed.join('/')}${until > 0 ? '/' : ''}`, until === -1];
}
