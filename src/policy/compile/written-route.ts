import type { Route } from '../policy.ts';
import { canonicalRules } from './rules.ts';

/**
 * A route that the policy writes. A class for its getter's sake: a getter in a literal is a new one for each object, and
 * gives each a shape of its own. That takes time for every route, and again wherever routes are read.
 */
export class WrittenRoute implements Route {
  readonly key: Route['key'];
  readonly api: Route['api'];
  readonly auth: Route['auth'];
  readonly issuers: Route['issuers'];
  readonly audiences: Route['audiences'];
  readonly demands: Route['demands'];
  readonly forwardAuthorization: Route['forwardAuthorization'];
  readonly rateLimit: Route['rateLimit'];
  readonly report: Route['report'];
  readonly reportOnly: Route['reportOnly'];
  readonly isStrict: Route['isStrict'];
  #ruleKey: string | undefined;

  constructor(route: Omit<Route, 'ruleKey'>) {
    this.key = route.key;
    this.api = route.api;
    this.auth = route.auth;
    this.issuers = route.issuers;
    this.audiences = route.audiences;
    this.demands = route.demands;
    this.forwardAuthorization = route.forwardAuthorization;
    this.rateLimit = route.rateLimit;
    this.report = route.report;
    this.reportOnly = route.reportOnly;
    this.isStrict = route.isStrict;
  }

  /** Made when it is asked for: most routes are compared with no other one. */
  get ruleKey(): string {
    this.#ruleKey ??= JSON.stringify([
      this.api.name,
      this.auth,
      this.isStrict,
      this.forwardAuthorization,
      this.reportOnly,
      this.rateLimit?.binding,
      this.rateLimit?.by,
      this.rateLimit !== undefined && this.rateLimit.scope !== this.api.name,
      canonicalRules(this),
      this.report && canonicalRules(this.report),
    ]);
    return this.#ruleKey;
  }
}
