/** How many of the requests in a log a revocation or a switch would have refused. */

import { createHmac } from '../../src/hmac.ts';
import type { Issuer } from '../../src/policy/policy.ts';
import { follow } from '../logs/follow.ts';
import type { LoggedRequest } from '../logs/read/line.ts';
import { openSource, unreadable } from '../logs/source.ts';
import { CommandError, EXIT } from '../text/terminal.ts';
import type { ChosenRevocation, ChosenSwitch } from './chosen.ts';

export type Chosen = ChosenRevocation | ChosenSwitch;

/** What a log says of a change that is not made. */
export interface Tried {
  /** Requests that were let through, and would not be. */
  readonly refused: number;
  readonly allowed: number;
  /** Who made the refused ones, and where: the most frequent first. */
  readonly clients: readonly (readonly [name: string, requests: number])[];
  readonly routes: readonly (readonly [name: string, requests: number])[];
  /** Lines that were not understood. */
  readonly broken: number;
  /** Why the log can't tell. */
  readonly unknown?: string;
}

/** The fields of a log that name what is refused; those that no line has can't be counted. */
const SILENT = {
  token: 'the log never names tokens (jti)',
  session: 'the log never names sessions (sid)',
  subject: 'the log has no subjects; log_subject = "plain" or "hash" of [vars.GATEWAY] writes them',
  hashed: 'the subjects of the log are hashed; set LOG_KEY to the secret of that name that the gateway has',
} as const;

/** As `log_subject = "hash"` writes it. */
const HASHED = /^[0-9a-f]{32}$/;

/** @param logKey the secret LOG_KEY, for a log with hashed subjects */
export async function tryOnLog(
  chosen: Chosen,
  file: string,
  config: string,
  logKey: string | undefined,
): Promise<Tried> {
  const hash = logKey === undefined || logKey === '' ? undefined : createHmac(logKey);
  const hashed =
    chosen.kind === 'subject' && hash !== undefined
      ? (await hash(`${chosen.issuer}\n${chosen.id}`)).slice(0, 32)
      : undefined;
  const counts = { refused: 0, allowed: 0, subjects: 0, plain: 0, requests: 0, broken: 0 };
  const clients = new Map<string, number>();
  const routes = new Map<string, number>();
  const isHit = matcher(chosen, hashed);
  const add = (request: LoggedRequest) => {
    counts.requests++;
    if (request.subject !== undefined) counts.subjects++;
    if (request.subject !== undefined && !HASHED.test(request.subject)) counts.plain++;
    if (!request.allowed) return;
    counts.allowed++;
    if (!isHit(request)) return;
    counts.refused++;
    clients.set(request.caller, (clients.get(request.caller) ?? 0) + 1);
    const route = request.route ?? '(no route)';
    routes.set(route, (routes.get(route) ?? 0) + 1);
  };
  const source = openSource(file, { config }, new AbortController().signal);
  const sink = {
    add: (entry: { readonly kind: string }) => {
      if (entry.kind === 'request') add((entry as unknown as { request: LoggedRequest }).request);
    },
    addFormat() {},
    // What another Worker or wrangler wrote is no request.
    addOther() {},
    addBroken() {
      counts.broken++;
    },
  };
  await follow(source.input, sink, new AbortController().signal).catch((error: unknown) => {
    throw unreadable(source.name, error);
  });
  if (counts.requests === 0)
    throw new CommandError(
      `${source.name} has no request of the gateway in it; claimgate logs says more`,
      EXIT.failed,
    );
  const silent = whySilent(chosen.kind, counts, hash !== undefined);
  return {
    refused: counts.refused,
    allowed: counts.allowed,
    clients: ranked(clients),
    routes: ranked(routes),
    broken: counts.broken,
    ...(silent !== undefined && { unknown: SILENT[silent] }),
  };
}

/** Whether a request would be refused. @param hashedSubject as the log has it */
function matcher(one: Chosen, hashedSubject: string | undefined): (request: LoggedRequest) => boolean {
  const isOf = (issuer: Issuer) => (request: LoggedRequest) => request.issuer === issuer.name;
  switch (one.kind) {
    case 'api':
    case 'route':
      return ({ route, nearMisses }) =>
        [route, ...nearMisses].some((name) =>
          one.kind === 'route'
            ? name?.replace(/\s+/g, ' ') === one.target
            : name?.split(' ')[0] === one.target,
        );
    case 'key':
      return ({ kid }) => kid === one.target;
    case 'issuer':
      return isOf(one.from);
    case 'client':
      return 'from' in one
        ? (request) => isOf(one.from)(request) && request.client === one.id
        : ({ client }) => client === one.target;
    case 'subject':
      return (request) =>
        isOf(one.from)(request) &&
        request.subject !== undefined &&
        (request.subject === one.id || request.subject === hashedSubject);
    default:
      return () => false;
  }
}

function whySilent(
  kind: Chosen['kind'],
  { subjects, plain }: { readonly subjects: number; readonly plain: number },
  hasKey: boolean,
): keyof typeof SILENT | undefined {
  if (kind === 'token' || kind === 'session') return kind;
  if (kind !== 'subject') return undefined;
  if (subjects === 0) return 'subject';
  return plain === 0 && !hasKey ? 'hashed' : undefined;
}

const ranked = (counts: ReadonlyMap<string, number>) => [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
