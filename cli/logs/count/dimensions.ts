/** What requests differ in, as far as the log says: one table for lists and for comparisons. */
import type { LoggedRequest } from '../read/line.ts';
import { isData } from './segments.ts';

export type Dimension =
  | 'reason'
  | 'entry'
  | 'route'
  | 'client'
  | 'issuer'
  | 'audience'
  | 'path'
  | 'address'
  | 'country'
  | 'worker_version'
  | 'policy_version';

interface Axis {
  /** Versions are told of all requests that have them; the rest of refused ones. */
  readonly of: 'refused' | 'all';
  read(request: LoggedRequest): string | undefined;
}

/** Ids differ from request to request: paths that differ in nothing else are told as one. */
const maskData = (path: string) =>
  path
    .split('/')
    .map((segment) => (isData(segment) ? ':id' : segment))
    .join('/');

/** A client or an issuer that nobody has checked is named so. */
const verifiedOr = (verified: string | undefined, claimed: string | undefined) =>
  verified ?? (claimed === undefined ? undefined : `${claimed} (unverified)`);

export const DIMENSIONS: Readonly<Record<Dimension, Axis>> = {
  reason: { of: 'refused', read: ({ reason, wouldDeny }) => reason ?? wouldDeny },
  entry: { of: 'refused', read: ({ entry }) => (entry === undefined ? undefined : String(entry)) },
  route: { of: 'refused', read: ({ route }) => route ?? '(no route)' },
  client: {
    of: 'refused',
    read: ({ client, unverified, caller }) => verifiedOr(client, unverified.client) ?? caller,
  },
  issuer: { of: 'refused', read: ({ issuer, unverified }) => verifiedOr(issuer, unverified.issuer) },
  audience: { of: 'refused', read: ({ unverified }) => verifiedOr(undefined, unverified.audience) },
  path: {
    of: 'refused',
    read: ({ method, host, path }) =>
      path === undefined ? undefined : `${method} ${host ?? ''}${maskData(path)}`,
  },
  address: { of: 'refused', read: ({ address }) => address },
  country: { of: 'refused', read: ({ country }) => country },
  worker_version: { of: 'all', read: ({ workerVersion }) => workerVersion },
  policy_version: { of: 'all', read: ({ policyVersion }) => policyVersion },
};

export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as Dimension[];

/** For a rule on trial it counts as well: the question is who would notice. */
const isRefused = ({ allowed, wouldDeny }: LoggedRequest): boolean => !allowed || wouldDeny !== undefined;

/** Hands on what a request has of each. */
export function eachDimension(request: LoggedRequest, take: (name: Dimension, value: string) => void): void {
  const refused = isRefused(request);
  for (const name of DIMENSION_NAMES) {
    const { of, read } = DIMENSIONS[name];
    if (of === 'refused' && !refused) continue;
    const value = read(request);
    if (value !== undefined) take(name, value);
  }
}
