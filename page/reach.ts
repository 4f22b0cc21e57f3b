/** What a token could do at each route, by its scopes and its client. */
import { demandWords } from '../cli/policy/rule-words.ts';
import type { Demand, Property, Route } from '../src/policy/policy.ts';

/** What a person says of a token. `client` empty: any. */
export interface Caller {
  readonly scopes: ReadonlySet<string>;
  readonly client: string;
}

/** `maybe`: it depends on claims that nobody has named. */
export type Reach = 'yes' | 'maybe' | 'no';

export interface Reached {
  readonly reach: Reach;
  /** What is missing, or what it depends on. */
  readonly why: string;
}

export function reachOf(route: Route, caller: Caller): Reached {
  if (route.auth === 'none') return { reach: 'yes', why: 'no token is read' };
  const missing = route.demands.filter((demand) => best(demand, caller) === 'no');
  const open = route.demands.filter((demand) => best(demand, caller) === 'maybe');
  if (missing.length > 0)
    return route.reportOnly
      ? { reach: 'yes', why: 'only tried: its rules refuse nobody' }
      : { reach: 'no', why: `needs a token ${demandWords(missing)}` };
  if (open.length > 0) return { reach: 'maybe', why: `if it is a token ${demandWords(open)}` };
  return { reach: 'yes', why: '' };
}

function best({ anyOf }: Demand, caller: Caller): Reach {
  const all = anyOf.map((property) => has(property, caller));
  return all.includes('yes') ? 'yes' : all.includes('maybe') ? 'maybe' : 'no';
}

function has(property: Property, { scopes, client }: Caller): Reach {
  switch (property.of) {
    case 'scope':
      return scopes.has(property.value) ? 'yes' : 'no';
    case 'client':
      return client === '' ? 'maybe' : property.value === client ? 'yes' : 'no';
    case 'audience':
      return 'yes';
    default:
      return 'maybe';
  }
}
