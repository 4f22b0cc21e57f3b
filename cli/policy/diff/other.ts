/** Compares everything else: neither who gets in, nor what origins get. */
import { writePlace } from '../../../src/policy/compile/fault.ts';
import { canonicalRules } from '../../../src/policy/compile/rules.ts';
import type { Api, Policy, Route, Rules } from '../../../src/policy/policy.ts';
import { countedBy } from '../words.ts';
import { corsChanges } from './cors.ts';
import type { OtherChange } from './difference.ts';
import { signalChanges } from './signals.ts';

export function settingsChanges(old: Policy, now: Policy): OtherChange[] {
  const [before, after] = [old.settings, now.settings];
  const issuers = old.issuers.flatMap((issuer) => {
    const other = now.issuers.find((one) => one.issuer === issuer.issuer);
    const place = `${other?.variable}.${other?.name}.remember_tokens`;
    return other === undefined ? [] : difference(place, issuer.remembersTokens, other.remembersTokens);
  });
  return [
    difference('GATEWAY.log_subject', before.logSubject, after.logSubject),
    difference('GATEWAY.log_sample', before.logSample, after.logSample),
    difference('GATEWAY.log_requests', before.logRequests, after.logRequests),
    difference('GATEWAY.health_path', before.healthPath ?? 'nowhere', after.healthPath ?? 'nowhere'),
    difference('GATEWAY.problem_base', before.problemBase ?? 'a URN', after.problemBase ?? 'a URN'),
    difference('GATEWAY.assertion.lifetime', lifetimeOf(old), lifetimeOf(now)),
    signalChanges(old, now),
    ...issuers,
    // Whether there is any at all is a finding.
    before.revocation === undefined || after.revocation === undefined
      ? []
      : difference('GATEWAY.revocation', before.revocation, after.revocation),
  ].flat();
}

const lifetimeOf = ({ settings }: Policy) => settings.assertion?.lifetimeSeconds ?? 'none';

/** For two APIs that serve the same request. */
export function apiChanges(old: Api, now: Api): OtherChange[] {
  const place = (field: string) => `${now.name}.${field}`;
  return [
    difference(place('resource'), old.resource ?? 'none', now.resource ?? 'none'),
    difference(place('scope_prefix'), old.scopePrefix || 'none', now.scopePrefix || 'none'),
    difference(place('scopes_supported'), writeSupported(old), writeSupported(now)),
    difference(place('tell_audience'), old.tellsAudience ?? 'https', now.tellsAudience ?? 'https'),
    corsChanges(place('cors'), old.cors, now.cors),
    difference(place('max_claims_bytes'), old.maxClaimsBytes, now.maxClaimsBytes),
    difference(place('assertion.max_body'), maxBodyOf(old), maxBodyOf(now)),
    difference(place('rewrite_location'), old.rewritesLocation, now.rewritesLocation),
    difference(place('timeout_ms'), old.timeoutMs, now.timeoutMs),
    difference(place('upload_timeout_ms'), old.uploadTimeoutMs, now.uploadTimeoutMs),
    difference(place('report_only'), writeTrial(old), writeTrial(now)),
  ].flat();
}

const maxBodyOf = ({ assertion }: Api) => (assertion?.bind === 'body' ? assertion.maxBodyBytes : 'none');

/** For two routes that serve the same request. */
export function routeChanges(old: Route, now: Route): OtherChange[] {
  const place = (field: string) => writePlace([now.api.name, 'routes', now.key, field]);
  const limit = ({ rateLimit, api }: Route) =>
    rateLimit === undefined
      ? 'none'
      : `${rateLimit.binding}, counted for the ${rateLimit.scope === api.name ? 'API' : 'route'}, ${countedBy(rateLimit)}`;
  return [
    difference(place('rate_limit'), limit(old), limit(now)),
    difference(place('report'), writeReport(old.report), writeReport(now.report)),
  ].flat();
}

const writeReport = (report: Rules | undefined) =>
  report === undefined ? 'none' : JSON.stringify(canonicalRules(report));

/** Their order says nothing. */
const writeSupported = ({ scopesSupported }: Api) =>
  scopesSupported === undefined ? 'those of the routes' : [...new Set(scopesSupported)].sort().join(' ');

const writeTrial = ({ trial }: Api) =>
  trial === undefined ? 'enforced' : `on trial${trial.until === undefined ? '' : ` until ${trial.until}`}`;

const difference = (place: string, before: unknown, now: unknown): OtherChange[] =>
  before === now ? [] : [{ place, before: String(before), now: String(now) }];
