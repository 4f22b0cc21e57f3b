/** Which tokens of an issuer one definition of it takes, and another does not. */
import { DEFAULT_CLAIMS } from '../../../src/policy/claims.ts';
import type { ClaimSelector, Issuer, KeyLocation, StatusLists } from '../../../src/policy/policy.ts';
import { statusOn, type TokenProperties } from '../what-if/token.ts';

/** A field of `[vars.ISSUERS.…]` by which tokens are lost. */
export interface IssuerSetting {
  readonly field: string;
  /** Tokens that show it, likely ones first. Empty: only a signature would. */
  readonly shownBy: readonly TokenProperties[];
}

/** The settings by which tokens are lost that pass by `from`. Its `claims` are not looked at: demands are compared elsewhere. */
export function differingSettings(from: Issuer, to: Issuer, nowSeconds: number): IssuerSetting[] {
  return [
    ...lostSet('algorithms', algorithmsOf(from), algorithmsOf(to), (alg) => ({ alg })),
    ...lostSet('token_types', from.tokenTypes, to.tokenTypes, (typ) => ({ typ })),
    ...lostTimes(from, to, nowSeconds),
    ...lostPlace('scope_claim', from.scopeClaim, to.scopeClaim, DEFAULT_CLAIMS.scope),
    ...lostPlace('client_claim', from.clientClaim, to.clientClaim, DEFAULT_CLAIMS.client),
    ...lostPlace('audience_claim', from.audienceClaim, to.audienceClaim, DEFAULT_CLAIMS.audience),
    ...lostStatus(from.statusLists, to.statusLists),
    ...(writeKeys(from) === writeKeys(to) ? [] : [{ field: 'keys', shownBy: [] }]),
  ];
}

/** The place that an issuer's keys come from. */
export function writeKeys({ keys, issuer, service }: Issuer): string {
  return `${writePlace(keys, issuer)}${service === undefined ? '' : ` through the binding ${service}`}`;
}

function writePlace(keys: KeyLocation, issuer: string): string {
  return keys.kind === 'discovery' ? `the metadata of ${issuer}` : keys.uri;
}

/** EdDSA and Ed25519 are the same here. */
const algorithmsOf = ({ algorithms }: Issuer): ReadonlySet<string> =>
  new Set([...algorithms].map((name) => (name === 'Ed25519' ? 'EdDSA' : name)));

function lostSet(
  field: string,
  from: ReadonlySet<string>,
  to: ReadonlySet<string>,
  show: (value: string) => TokenProperties,
): IssuerSetting[] {
  const lost = [...from].filter((value) => !to.has(value));
  return lost.length === 0 ? [] : [{ field, shownBy: lost.map(show) }];
}

function lostTimes(from: Issuer, to: Issuer, now: number): IssuerSetting[] {
  const settings: IssuerSetting[] = [];
  if (from.clockToleranceSeconds > to.clockToleranceSeconds)
    settings.push({ field: 'clock_tolerance', shownBy: [{ exp: now - to.clockToleranceSeconds }] });

  // The earliest date of issue that `from` takes; `undefined`: none is needed.
  const oldest =
    from.maxTokenAgeSeconds === undefined
      ? from.notBeforeSeconds
      : Math.max(from.notBeforeSeconds ?? 0, now - from.maxTokenAgeSeconds - from.clockToleranceSeconds + 1);
  const { maxTokenAgeSeconds, notBeforeSeconds } = to;
  if (maxTokenAgeSeconds !== undefined) {
    const tooOld = now - maxTokenAgeSeconds - to.clockToleranceSeconds;
    if (oldest === undefined || oldest <= tooOld)
      settings.push({ field: 'max_token_age', shownBy: [{ iat: tooOld }, { iat: null }] });
    else if (from.maxTokenAgeSeconds === undefined)
      settings.push({
        field: 'max_token_age',
        shownBy: [{ iat: Math.max(oldest, now + to.clockToleranceSeconds + 1) }],
      });
  }
  if (notBeforeSeconds !== undefined && (oldest ?? -1) < notBeforeSeconds) {
    const early = Math.max(oldest ?? 0, Math.min(notBeforeSeconds - 1, now));
    settings.push({ field: 'not_before', shownBy: [{ iat: early }, { iat: null }] });
  }
  return settings;
}

/** Revoked tokens are lost too, where lists are looked at now: a token without a place in one shows it, or a bad place. */
function lostStatus(from: StatusLists | undefined, to: StatusLists | undefined): IssuerSetting[] {
  if (to === undefined) return [];
  if (from === undefined)
    return [{ field: 'status_list', shownBy: [to.isRequired ? { status: null } : { status: {} }] }];
  const gone = [...from.hosts].filter((host) => !to.hosts.has(host));
  return [
    ...(to.isRequired && !from.isRequired ? [{ field: 'status_list', shownBy: [{ status: null }] }] : []),
    ...(gone.length === 0
      ? []
      : [{ field: 'status_list_hosts', shownBy: gone.map((host) => ({ status: statusOn(host) })) }]),
  ];
}

/**
 * Values that stand elsewhere are not found, or others are found before them; and what stands in a place that the table
 * names may be malformed.
 */
function lostPlace(
  field: 'scope_claim' | 'client_claim' | 'audience_claim',
  from: ClaimSelector | undefined,
  to: ClaimSelector | undefined,
  usual: readonly string[],
): IssuerSetting[] {
  const paths = (selector: ClaimSelector | undefined): (readonly string[])[] =>
    selector === undefined ? usual.map((name) => [name]) : [selector.path];
  if (JSON.stringify(paths(from)) === JSON.stringify(paths(to))) return [];
  const shownBy = paths(from).flatMap((path): TokenProperties[] => {
    const place = { field, path };
    const others = paths(to).filter((other) => JSON.stringify(other) !== JSON.stringify(path));
    return [{ place }, ...others.map((other) => ({ place, other }))];
  });
  shownBy.push(...paths(to).map((path) => ({ malformed: path })));
  return [{ field, shownBy }];
}
