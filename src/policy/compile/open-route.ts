import type { Api, Route } from '../policy.ts';

/** A route that no policy writes: it asks for nothing, and sends no credentials on. @param kind tells its kinds apart */
export function openRoute(api: Api, key: string, kind: string): Route {
  return {
    key,
    api,
    auth: 'none',
    issuers: new Map(),
    audiences: [],
    demands: [],
    forwardAuthorization: false,
    rateLimit: undefined,
    report: undefined,
    reportOnly: false,
    isStrict: false,
    ruleKey: JSON.stringify([api.name, kind]),
  };
}
