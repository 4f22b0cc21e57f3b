/** The route table for a program. */
import type { ClaimRule, Route, Rules } from '../../../src/policy/policy.ts';
import { paramName } from '../words.ts';
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
      rules: rulesOf(route, route),
      report: route.report === undefined ? null : rulesOf(route, route.report),
      report_only: route.reportOnly,
      rate_limit: route.rateLimit?.binding ?? null,
      origin,
      headers: Object.fromEntries(headers),
    })),
  );
}

/** By the names of the policy's fields. */
function rulesOf(route: Route, { issuers, audiences, scopesAll, scopesAny, clients, claims }: Rules) {
  return {
    issuer: [...issuers.values()].map(({ name }) => name),
    audience: audiences,
    scopes_all: scopesAll,
    scopes_any: scopesAny,
    clients: clients === undefined ? null : [...clients],
    claims: Object.fromEntries(claims.map((rule) => [rule.claim.text, wantOf(route, rule)])),
  };
}

const wantOf = (route: Route, rule: ClaimRule) =>
  'anyOf' in rule ? rule.anyOf : { param: paramName(route, rule.segment) };
