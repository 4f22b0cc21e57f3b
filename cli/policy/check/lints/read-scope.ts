import { fault } from '../../../../src/policy/compile/fault.ts';
import { valuesOf } from '../../../../src/policy/demands.ts';
import { isWrite, type Lint, methodsOf, type PlacedRoute } from './subject.ts';

/** `read:orders`, `orders:read`, `orders.read`, `Orders.Read.All`. */
const READ = /^(read|view|list)[:._/-]|[:._/-](read|view|list|readonly)([:._/-]all)?$/i;
/** Requests that come with POST, and change nothing. */
const QUERIES =
  /^(search|find|query|queries|graphql|lookup|filter|count|export|preview|validate|batch-?get|introspect)$/i;

export const readScope: Lint = {
  name: 'read-scope',
  finds:
    'a route for POST, PUT, PATCH or DELETE that a token with scopes to read passes (`read:…`, `…:read`, `….read`)',
  why: 'clients that were given reading may write',
  remedy: 'ask for a scope to write; if the request only reads (a search), accept the warning',
  *find({ routes }) {
    for (const one of routes) {
      const { route, key, place } = one;
      const methods = methodsOf(key).filter(isWrite);
      if (methods.length === 0 || isQuery(one, methods)) continue;
      const enough = route.demands
        .filter(({ anyOf }) => anyOf.some(({ of }) => of === 'scope'))
        .map((demand) => ({ label: demand.label, scope: valuesOf([demand], 'scope').find(isRead) }));
      const [first] = enough;
      if (first === undefined || enough.some(({ scope }) => scope === undefined)) continue;
      yield fault(
        [...place, first.label],
        `${methods.join(', ')} ${methods.length === 1 ? 'passes' : 'pass'} with ${JSON.stringify(first.scope)}, a scope to read`,
        'ask for a scope to write',
      );
    }
  },
};

const isRead = (scope: string) => READ.test(scope);

function isQuery({ key }: PlacedRoute, writes: readonly string[]): boolean {
  const words = key.segments.flatMap((s) => (s.kind === 'literal' ? s.text.split(':') : []));
  return writes.every((method) => method === 'POST') && QUERIES.test(words.at(-1) ?? '');
}
