/** Findings are about routes and reasons: what is found out of many classes of requests becomes a few of them. */

import { ANY_OTHER, type Candidate, CHANGES, type Change, type Difference } from './difference.ts';
import { comparePatterns, shapeOf } from './patterns.ts';

/** A difference in the requests of one class. */
export interface Sighting extends Pick<Difference, 'change' | 'before' | 'now'> {
  readonly place?: string;
  /** Patterns that take part in the difference, the one that it is about first. */
  readonly patterns: readonly string[];
  readonly method: string;
  readonly hosts: readonly string[];
  readonly candidates: readonly Candidate[];
  /** Only another spelling of a path. */
  readonly respelt: boolean;
}

export interface Collected extends Omit<Difference, 'example'> {
  readonly candidates: readonly Candidate[];
}

interface Group extends Omit<Collected, 'routes' | 'candidates'> {
  readonly routes: Map<string, { pattern: string; methods: Set<string>; hosts: Set<string> }>;
  readonly candidates: Candidate[];
}

/** No request of a class is needed more often than this to find one that shows the difference. */
const MAX_CANDIDATES = 300;

export function createCollector() {
  const groups = new Map<string, Group>();
  const respelt: Sighting[] = [];
  /** The groups by change, method, route and hosts: what is said of one host says nothing of another. */
  const seenOn = new Map<string, Group>();

  function add(sighting: Sighting): void {
    const { change, place, patterns, method, hosts, before, now, candidates } = sighting;
    const [pattern = ''] = patterns;
    const isAlone = change === 'opened' || change === 'closed';
    const key = JSON.stringify([change, place ?? (isAlone ? shapeOf(pattern) : ''), before, now]);
    let group = groups.get(key);
    if (group === undefined) {
      group = { change, place, before, now, routes: new Map(), candidates: [] };
      groups.set(key, group);
    }
    const shape = shapeOf(pattern);
    const route = group.routes.get(shape) ?? { pattern, methods: new Set(), hosts: new Set() };
    group.routes.set(shape, route);
    route.methods.add(method);
    for (const host of hosts) route.hosts.add(host);
    if (group.candidates.length < MAX_CANDIDATES) group.candidates.push(...candidates);
    if (place === undefined) seenOn.set(seenKey(change, method, pattern, hosts), group);
  }

  return {
    /** Other spellings are told of where the usual one makes no difference. */
    see(sighting: Sighting): void {
      if (sighting.respelt && sighting.place === undefined) respelt.push(sighting);
      else add(sighting);
    },
    finish(): Collected[] {
      for (const sighting of respelt) {
        const group = sighting.patterns
          .flatMap((pattern) =>
            [sighting.method, ANY_OTHER].map((method) =>
              seenOn.get(seenKey(sighting.change, method, pattern, sighting.hosts)),
            ),
          )
          .find((one) => one !== undefined);
        if (group === undefined) add(sighting);
        else if (group.candidates.length < MAX_CANDIDATES) group.candidates.push(...sighting.candidates);
      }
      return [...groups.values()].map(toCollected).sort(byWeight);
    },
  };
}

const seenKey = (change: Change, method: string, pattern: string, hosts: readonly string[]) =>
  JSON.stringify([change, method, shapeOf(pattern), hosts]);

function toCollected(group: Group): Collected {
  const routes = [...group.routes.values()].map(({ pattern, methods, hosts }) => ({
    pattern,
    methods: [...methods],
    hosts: [...hosts],
  }));
  return { ...group, routes: routes.sort((a, b) => comparePatterns(a.pattern, b.pattern)) };
}

const byWeight = (a: Collected, b: Collected) =>
  CHANGES.indexOf(a.change) - CHANGES.indexOf(b.change) ||
  Number(a.place === undefined) - Number(b.place === undefined) ||
  comparePatterns(a.routes[0]?.pattern ?? '', b.routes[0]?.pattern ?? '');
