/** The route table for a program. */
import type { Route, Rules } from '../../../src/policy/policy.ts';
import { rulesJson } from '../rule-words.ts';
import type { ApiEntry } from './table.ts';

export function renderJson(apis: readonly ApiEntry[]): object[] {
  return apis.flatMap(({ api, routes }) =>
    routes.map(({ route, methods, path, who, origin, headers }) => ({
      api: api.name,
      hosts: api.hosts,
      methods,
      path,
      key: route.key,
      auth: route.auth,
      who,
      rules: rulesOf(route),
      report: route.report === undefined ? null : rulesOf(route.report),
      report_only: route.reportOnly,
      rate_limit: route.rateLimit?.binding ?? null,
      rate_limit_by: limitBy(route),
      revocation: route.isStrict ? 'strict' : null,
      cors: api.cors?.kind ?? null,
      origin,
      headers: Object.fromEntries(headers),
    })),
  );
}

/** As the policy writes it, with its default. */
function limitBy({ rateLimit }: Route): unknown {
  if (rateLimit === undefined) return null;
  const { by = 'subject' } = rateLimit;
  return typeof by === 'object' ? { claim: by.text } : by;
}

/** The rules by the names of the policy's fields. */
const rulesOf = ({ issuers, audiences, demands }: Rules) => ({
  issuer: [...issuers.values()].map(({ name }) => name),
  audience: audiences,
  ...rulesJson(demands),
});
