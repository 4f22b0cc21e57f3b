/** What changed at a point in time, before and after it. */
import type { Dimension } from '../count/dimensions.ts';
import type { Side, Turn } from '../count/turn.ts';
import { cut, formatInstant, number } from './rows.ts';

/** Of each kind; `--json` has the rest. */
const MAX_VALUES = 3;

const WORDS: Readonly<Record<Dimension, string>> = {
  reason: 'reason',
  entry: 'entry',
  route: 'route',
  client: 'client',
  issuer: 'issuer',
  audience: 'audience',
  path: 'path',
  address: 'address',
  country: 'country',
  worker_version: 'Worker',
  policy_version: 'policy',
};

export function turnRows({ at, given, before, after, differences }: Turn): {
  readonly title: string;
  readonly lines: string[];
} {
  const when = `${formatInstant(at)} UTC`;
  const title = given ? `before and after ${when}` : `changed most at ${when} (or: --at)`;
  const shown = (Object.keys(WORDS) as Dimension[]).flatMap((what) =>
    differences
      .filter((one) => one.what === what)
      .slice(0, MAX_VALUES)
      .map(({ value, before: one, after: other }) => row(WORDS[what], value, number(one), number(other))),
  );
  return {
    title: `${title.padEnd(60)}${'before'.padStart(10)}${'after'.padStart(10)}`,
    lines: [
      row('requests', '', number(before.requests), number(after.requests)),
      row('refused', shareText(before, after), number(refused(before)), number(refused(after))),
      ...shown,
    ],
  };
}

const row = (what: string, value: string, before: string, after: string) =>
  `  ${what.padEnd(9)} ${cut(value, 47).padEnd(48)}${before.padStart(10)}${after.padStart(10)}`;

const refused = ({ denied, would_deny }: Side) => denied + would_deny;

function shareText(before: Side, after: Side): string {
  const share = (side: Side) =>
    side.requests === 0 ? 'none' : `${Math.round((100 * refused(side)) / side.requests)} %`;
  return `${share(before)} → ${share(after)}${before.would_deny + after.would_deny > 0 ? ' (would deny is counted)' : ''}`;
}
