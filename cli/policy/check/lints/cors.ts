/** What a policy says to browsers, where pages can't do what it seems to allow, or more of them can. */
import { parse } from 'tldts';
import { fault, type Place } from '../../../../src/policy/compile/fault.ts';
import type { Cors } from '../../../../src/policy/cors.ts';
import { match } from '../../../../src/policy/match.ts';
import { parsePath } from '../../../../src/policy/path.ts';
import { listOf } from '../../../text/json.ts';
import { examplePath } from '../../what-if/targets.ts';
import { covers } from './hidden-method.ts';
import { andMore, endsInWildcard, type Lint, type Subject } from './subject.ts';

interface Entry {
  readonly origin: string;
  readonly cors: Cors;
  readonly place: Place;
}

/** The entries of all APIs, as they are written. Those of an API on trial come into force with it. */
function entriesOf({ policy, section }: Subject): Entry[] {
  return policy.apis.flatMap(({ name, cors }) => {
    if (cors?.kind !== 'gateway') return [];
    const { cors: written } = (section.vars?.[name] ?? {}) as { cors?: { origins?: unknown } };
    return listOf(written?.origins).flatMap((origin, i) =>
      typeof origin === 'string' ? [{ origin, cors, place: [name, 'cors', 'origins', i] }] : [],
    );
  });
}

export const nullOrigin: Lint = {
  name: 'null-origin',
  finds: 'the origin `null` in `cors`',
  why: 'any page can have it, by a sandboxed frame: `null` is nearly `"*"`',
  remedy: 'name the origins of the pages, or leave it and accept the warning',
  *find(subject) {
    for (const { origin, place } of entriesOf(subject))
      if (origin === 'null')
        yield fault(place, 'any page can make its origin "null"', 'name the origins of the pages');
  },
};

/** A port tells a server of a developer from an app: those have `https://localhost` (Capacitor on Android). */
const LOCAL_PAGE = /^https?:\/\/(localhost|127(\.[0-9]+){3}|\[::1\]|[^:/]*\.localhost):/;

export const localPages: Lint = {
  name: 'local-pages',
  finds:
    'pages of this machine in `cors` (`http://localhost:5173`, `http://localhost:*`), with `credentials`, or where the environment is deployed',
  why: 'whatever serves a page on a user’s machine can call the API as that user',
  remedy: 'keep them in the environment for development',
  *find(subject) {
    for (const { origin, cors, place } of entriesOf(subject)) {
      if (!LOCAL_PAGE.test(origin)) continue;
      if (cors.credentials)
        yield fault(
          place,
          `whatever serves ${origin} can call with the user's cookies`,
          'remove it, or credentials',
        );
      else if (subject.deployed !== undefined)
        yield fault(
          place,
          `${origin} is the user's own machine, and this is deployed`,
          'keep it in the environment for development',
        );
    }
  },
};

export const sharedSuffix: Lint = {
  name: 'shared-suffix',
  finds: 'a star in `cors` right below a public suffix (`https://*.vercel.app`, `https://*.co.uk`)',
  why: 'anyone can have a page there: only names below a domain of your own are yours',
  remedy: 'name each origin, or put the pages under a domain of your own',
  *find(subject) {
    for (const { origin, place } of entriesOf(subject)) {
      const suffix = /^https?:\/\/\*\.([^:/]+)/.exec(origin)?.[1];
      if (suffix === undefined) continue;
      const { publicSuffix } = parse(`x.${suffix}`, { allowPrivateDomains: true });
      if (publicSuffix === suffix)
        yield fault(place, `anyone can have a page below ${suffix}`, 'name each origin');
    }
  },
};

export const unansweredPreflight: Lint = {
  name: 'unanswered-preflight',
  finds: 'a route for OPTIONS with `/*`, where a path below it has a route of its own',
  why: 'a path belongs to its most specific pattern, whatever the method: a browser’s preflight for it is answered with 405, and pages can’t call it',
  remedy:
    'write `cors = "origin"` for the API, and preflights of all its paths go to its origin; or a `cors` table, and the gateway answers them',
  *find({ policy, routes, hosts }) {
    for (const wide of routes) {
      const { route, key, place } = wide;
      if (route.api.cors !== undefined || !key.methods.includes('OPTIONS') || !endsInWildcard(key)) continue;
      const lacking = new Set<string>();
      for (const { host, routes: together } of hosts) {
        if (!together.includes(wide)) continue;
        for (const other of together) {
          if (other.route.api !== route.api || !covers(wide, other)) continue;
          const path = parsePath(examplePath(other.key, 'a-value'));
          const found = typeof path === 'string' ? undefined : match(policy, host, 'OPTIONS', path);
          if (found?.kind === 'no_match' && found.reason.code === 'method_not_allowed')
            lacking.add(JSON.stringify(other.route.key));
        }
      }
      if (lacking.size > 0)
        yield fault(
          place,
          `it does not serve OPTIONS for the path of ${andMore([...lacking])}: preflights there are answered with 405`,
          'write cors = "origin" for this API',
        );
    }
  },
};
