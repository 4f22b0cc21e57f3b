import { fault, suggest } from '../../../../src/policy/compile/fault.ts';
import { knowsAll } from '../declared.ts';
import { type Lint, namedScopes } from './subject.ts';

const NEEDS = '`issuer.json` beside the policy or in `issuer/`, or `--issuer-file FILE`';

export const unknownAudience: Lint = {
  name: 'unknown-audience',
  finds: "an audience that none of the issuer's APIs has",
  why: 'the issuer makes no token for it: nobody passes',
  remedy: 'write the identifier of the API as the issuer has it, or make the API there and `claimgate pull`',
  needs: NEEDS,
  *find({ policy, section, declared }) {
    if (declared === undefined) return;
    const known = declared.apis.map(({ identifier }) => identifier);
    for (const { name, issuers } of policy.apis) {
      if (!knowsAll(declared, issuers)) continue;
      const { audience = [] } = (section.vars?.[name] ?? {}) as { audience?: string | string[] };
      for (const [i, one] of [audience].flat().entries()) {
        if (known.includes(one)) continue;
        yield fault(
          [name, 'audience', ...(Array.isArray(audience) ? [i] : [])],
          `${declared.file} has no API ${JSON.stringify(one)}`,
          suggest(one, known),
        );
      }
    }
  },
};

export const undeclaredScope: Lint = {
  name: 'undeclared-scope',
  finds: "a scope that none of the issuer's APIs for the route's audience has",
  why: 'the issuer grants it to no client: nobody passes',
  remedy: 'correct it, or add it to the API at the issuer and `claimgate pull`',
  needs: NEEDS,
  *find({ routes, declared }) {
    if (declared === undefined) return;
    for (const { route, place } of routes) {
      const apis = declared.apis.filter(({ identifier }) => route.audiences.includes(identifier));
      if (apis.length < route.audiences.length || !knowsAll(declared, route.issuers.values())) continue;
      const known = apis.flatMap(({ scopes }) => scopes);
      for (const { scope, place: within } of namedScopes(route)) {
        if (known.includes(scope)) continue;
        yield fault(
          [...place, ...within],
          `${declared.file} has no scope ${JSON.stringify(scope)} for ${apis.map(({ identifier }) => identifier).join(', ')}`,
          suggest(scope, known),
        );
      }
    }
  },
};
