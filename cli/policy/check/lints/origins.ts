import { fault } from '../../../../src/policy/compile/fault.ts';
import { hostKey } from '../../../../src/policy/hosts.ts';
import type { Api } from '../../../../src/policy/policy.ts';
import { isLoopbackHost, parseUrl } from '../../../../src/policy/uri.ts';
import type { Lint } from './subject.ts';
import { leadsHost, workerRoutesOf } from './worker-routes.ts';

const urlOf = ({ origin }: Api) => (origin.kind === 'url' ? parseUrl(origin.base) : undefined);

export const httpOrigin: Lint = {
  name: 'http-origin',
  finds: 'an origin with an `http:` URL, unless it is on this machine',
  why: 'whoever is on the way reads and changes requests, the verified claims and secrets among them',
  remedy: 'write an https URL, or use a service binding',
  *find({ policy }) {
    for (const api of policy.apis) {
      const url = urlOf(api);
      if (url?.protocol !== 'http:' || isLoopbackHost(url.hostname)) continue;
      const what = api.originHeaders.length > 0 ? 'claims and secrets' : 'claims';
      yield fault([api.name, 'origin'], `${what} travel to it unencrypted`, 'write an https URL');
    }
  },
};

export const openCredential: Lint = {
  name: 'open-credential',
  finds: 'a route that needs no token, of an API whose `origin_headers` set `authorization`',
  why: 'whoever comes acts at the origin with the credential of the gateway',
  remedy: 'ask for a token, or give the open routes an API of their own without the credential',
  *find({ routes }) {
    for (const { route, place } of routes) {
      const { auth, api } = route;
      const own = api.originHeaders.find(({ header }) => header === 'authorization');
      if (own === undefined || auth === 'required') continue;
      yield fault(
        place,
        `anyone acts at the origin with the secret ${own.secret}`,
        'ask for a token, or give it an API without the credential',
      );
    }
  },
};

export const workersDevOrigin: Lint = {
  name: 'workers-dev-origin',
  finds: 'an origin under `workers.dev`',
  why: 'anyone can call it there, around the gateway; and Workers of one account may not reach each other so',
  remedy:
    'bind it with `[[services]]`, write `origin = "service:BINDING"`, and set `workers_dev = false` there',
  *find({ policy }) {
    for (const api of policy.apis) {
      if (!urlOf(api)?.hostname.endsWith('.workers.dev')) continue;
      yield fault(
        [api.name, 'origin'],
        'this origin is a Worker, with an address that anyone can call',
        'write "service:BINDING", and set workers_dev = false there',
      );
    }
  },
};

export const zoneGap: Lint = {
  name: 'zone-gap',
  finds: 'an API with `origin = "zone"` whose host has routes for http or for https only',
  why: 'with the other scheme, requests go around the gateway to the same origin',
  remedy: 'write the pattern without a scheme, such as "api.example.com/*"',
  *find({ policy, section }) {
    const routes = workerRoutesOf(section).filter(({ path }) => path === '/*');
    for (const { name, hosts, origin } of policy.apis) {
      if (origin.kind !== 'zone') continue;
      for (const [i, host] of hosts.map(hostKey).entries()) {
        const schemes = routes.filter((route) => leadsHost(route, host)).map(({ scheme }) => scheme);
        if (schemes.length === 0 || schemes.includes(undefined) || new Set(schemes).size === 2) continue;
        yield fault(
          [name, 'hosts', i],
          `the Worker has a route for ${schemes[0]} only: with ${schemes[0] === 'http' ? 'https' : 'http'}, requests go around it`,
          `write "${host}/*" in routes`,
        );
      }
    }
  },
};

export const assetsFirst: Lint = {
  name: 'assets-first',
  severity: 'error',
  finds: 'an API whose origin is the binding of `[assets]`, without `run_worker_first = true`',
  why: 'files that match a path are served before the gateway has looked at a token',
  remedy: 'set `run_worker_first = true` in `[assets]`',
  *find({ policy, section: { assets } }) {
    if (assets?.binding === undefined || assets.run_worker_first === true) return;
    const { binding, run_worker_first: some } = assets;
    for (const { name, origin, routes } of policy.apis) {
      if (origin.kind !== 'service' || origin.binding !== binding) continue;
      if (routes.every(({ auth }) => auth === 'none')) continue;
      const problem = Array.isArray(some)
        ? 'a path in another spelling may match none of run_worker_first, and its file is served without a token'
        : 'files are served before the gateway runs, to anyone';
      yield fault([name, 'origin'], problem, 'set run_worker_first = true in [assets]');
    }
  },
};
