/** A draft that compiles: routes with faults of their own are left out of it. */
import { compilePolicy } from '../../../src/policy/compile/compile.ts';
import { REVIEW_ME } from './conditions.ts';
import type { DraftApi } from './drafted.ts';
import type { Note } from './operations.ts';

/** Routes that the policy would not compile with stand in comments, with the reason. */
export function withoutFaults(apis: readonly DraftApi[]): { apis: readonly DraftApi[]; off: number } {
  const names = [...new Set(apis.flatMap(({ issuer }) => issuer))];
  const issuers = Object.fromEntries(
    names.map((name, i) => [name, { issuer: `https://issuer${i}.example/` }]),
  );
  let kept = apis;
  let off = 0;
  const count = apis.reduce((total, { routes }) => total + routes.length, 0);
  // Each round takes out at least one route.
  for (let round = 0; round <= count; round++) {
    const tables = Object.fromEntries(kept.map((api) => [api.name, tableOf(api)]));
    const compiled = compilePolicy({ ISSUERS: issuers, ...tables });
    const faults = compiled.ok
      ? []
      : compiled.faults.filter(({ place }) => place[1] === 'routes' && place.length > 2);
    if (faults.length === 0) break;
    const problems = new Map(faults.map(({ place, problem }) => [`${place[0]} ${place[2]}`, problem]));
    kept = kept.map((api) => ({
      ...api,
      routes: api.routes.map((route) => {
        const problem = route.off ? undefined : problems.get(`${api.name} ${route.key}`);
        if (problem === undefined) return route;
        // What blocks was counted already.
        if (!route.blocks) off += route.operations;
        return { ...route, off: true, notes: [leftOutNote(problem, false)] };
      }),
    }));
  }
  return { apis: kept, off };
}

const tableOf = ({ hosts, isOnHosts, issuer, audience, routes }: DraftApi) => ({
  ...(isOnHosts && { hosts }),
  origin: 'https://origin.example',
  issuer,
  audience,
  routes: Object.fromEntries(routes.filter(({ off }) => !off).map(({ key, rules }) => [key, rules])),
});

export const leftOutNote = (reason: string, blocks: boolean): Note => ({
  tag: `left out: ${reason}`,
  text: blocks
    ? `left out: ${reason}; a wider route would serve it, so that nobody gets in here (${REVIEW_ME})`
    : `left out: ${reason}`,
});
