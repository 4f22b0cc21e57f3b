import { fault, type Place } from '../../../../src/policy/compile/fault.ts';
import type { Api } from '../../../../src/policy/policy.ts';
import { andMore, type Lint, type PlacedRoute } from './subject.ts';

export const tokenPlace: Lint = {
  name: 'token-place',
  finds: 'a `token_from` that other sites can write to, or that some clients or routes can not use',
  why: 'a cookie without `__Host-` can be set by another host of the domain; a page sends no cookie, and no header, that `cors` does not allow; only a GET can open a WebSocket',
  remedy: 'name the cookie `__Host-…`, complete `cors`, or give other routes an API of their own',
  *find({ policy, routes }) {
    for (const api of policy.apis) {
      const own = routes.filter(({ route }) => route.api === api);
      for (const [field, problem, remedy] of findings(api, own))
        yield fault(placeOf(api, field), problem, remedy);
    }
  },
};

const placeOf = ({ name }: Api, field: string): Place => [name, ...field.split('.')];

type Finding = readonly [field: string, problem: string, remedy: string];

function* findings(
  { tokenFrom: place, cors: spoken }: Api,
  routes: readonly PlacedRoute[],
): Generator<Finding> {
  const cors = spoken?.kind === 'gateway' ? spoken : undefined;
  if (place.kind === 'cookie') {
    if (!place.cookie.startsWith('__Host-'))
      yield [
        'token_from',
        `other hosts of the domain can set the cookie ${place.cookie}`,
        `name it __Host-${place.cookie.replace(/^__Secure-/i, '')}: browsers take such a cookie from this host only`,
      ];
    if (cors !== undefined && !cors.credentials)
      yield [
        'cors.origins',
        'pages of these origins send no cookies, and so no token',
        'add credentials = true, or leave cors out',
      ];
  }
  if (place.kind === 'header' && cors !== undefined && !lower(cors.headers).includes(place.header))
    yield [
      'cors.headers',
      `pages may not send the header ${place.header}, which has the token`,
      `add ${JSON.stringify(place.header)}`,
    ];
  if (place.kind !== 'websocket') return;
  const lost = routes.filter(
    ({ key, route }) => route.auth === 'required' && !key.methods.some((one) => one === 'GET' || one === '*'),
  );
  if (lost.length > 0)
    yield [
      'token_from',
      `nobody can use ${andMore(lost.map(({ route }) => JSON.stringify(route.key)))}: only a GET opens a WebSocket`,
      'give these routes an API of their own, whose tokens are in Authorization',
    ];
}

const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
