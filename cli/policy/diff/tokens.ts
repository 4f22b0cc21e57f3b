/** Tokens by which a difference may show. */
import { sketchToken, type TokenSketch } from '../what-if/token.ts';
import type { CallerDifference } from './caller-differences.ts';
import { type Side, withoutBlocked } from './callers.ts';
import type { Candidate } from './difference.ts';

/** A caller that is let in. @param also another side that should let it in too, if that is possible */
export function someCaller(side: Side, nowSeconds: number, also?: Side): (TokenSketch | undefined)[] {
  const { callers } = side;
  if (callers.kind === 'nobody') return [];
  if (callers.kind === 'anyone')
    return also === undefined || also.callers.kind === 'anyone'
      ? [undefined]
      : [...someCaller(also, nowSeconds), undefined];
  const { tokens, withoutToken } = callers;
  const others = also?.callers.kind === 'checked' ? also.callers.tokens : undefined;
  const blocked = [side, also].flatMap((one) => [...(one?.policy.settings.blockedClients ?? [])]);
  const clients = [...(tokens.clients ?? others?.clients ?? [])].filter(
    (client) => !blocked.includes(client) && (others?.clients?.has(client) ?? true),
  );
  const wanted = {
    demands: withoutBlocked([...tokens.demands, ...(others?.demands ?? [])], new Set(blocked)),
    clients: clients.length === 0 ? undefined : new Set(clients),
  };
  const sketches = [...tokens.issuers.values()]
    .filter(({ issuer }) => others?.issuers.has(issuer) ?? true)
    .map((issuer) => sketchToken(issuer, wanted, nowSeconds));
  return [...(withoutToken ? [undefined] : []), ...sketches];
}

/** Callers of `losing` that `keeping` does not let in. */
export function tokensThatShow(
  difference: CallerDifference,
  losing: Side,
  keeping: Side,
  nowSeconds: number,
): Candidate['tokens'] {
  if (difference.of === 'without-token') return [undefined];
  if (difference.of === 'bad-token') return ['bad'];
  if (losing.callers.kind !== 'checked') return [];
  const kept = keeping.callers.kind === 'checked' ? keeping.callers.tokens.demands : [];
  const blockedBy = ({ policy }: Side) => policy.settings.blockedClients;
  const { clients, demands: own } = losing.callers.tokens;
  const tokens = { clients, demands: withoutBlocked(own, blockedBy(losing)) };
  const all = { clients, demands: withoutBlocked([...tokens.demands, ...kept], blockedBy(keeping)) };
  const shownBy = difference.of === 'issuer' ? difference.shownBy : [difference.properties];
  const lacks = difference.of === 'blocklist' ? undefined : difference.lacks;
  return shownBy.flatMap((properties) =>
    [all, tokens].map((wanted) => sketchToken(difference.issuer, wanted, nowSeconds, properties, lacks)),
  );
}
