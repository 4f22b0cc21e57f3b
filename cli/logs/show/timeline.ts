/** The log along time, as bars. */
import { paint } from '../../text/terminal.ts';
import type { Bucket, Summary } from '../count/summary.ts';
import { formatSpan } from '../trial/trials.ts';
import { number, WIDTH } from './rows.ts';

const MAX_BARS = 16;
/** People read these; the finer ones are for short logs. */
const STEPS_S = [
  60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
];

interface Bar {
  readonly fromMs: number;
  allowed: number;
  denied: number;
  would_deny: number;
}

/** Nothing where there is one bar only: it would say what the counts say. */
export function timelineRows({ timeline }: Summary): { readonly title: string; readonly lines: string[] } {
  const { stepMs, bars } = barsOf(timeline.buckets, timeline.bucket_s);
  if (bars.length < 2) return { title: '', lines: [] };
  const label = labelFor(bars, stepMs);
  const numbers = ['allowed', 'denied', 'would deny'];
  const width = WIDTH - 2 - label(bars[0]?.fromMs ?? 0).length - 2 - 9 - 8 - 12;
  const scale = width / Math.max(...bars.map(({ allowed, denied }) => allowed + denied));
  const lines = bars.flatMap((bar, i) => {
    const gapMs = i === 0 ? 0 : bar.fromMs - (bars[i - 1]?.fromMs ?? 0) - stepMs;
    const gap = gapMs > 0 ? [paint('dim', `  … nothing for ${formatSpan(gapMs / 1_000)}`)] : [];
    return [...gap, `  ${label(bar.fromMs)}  ${draw(bar, scale, width)}${numbersOf(bar)}`];
  });
  const [a = '', d = '', w = ''] = numbers;
  const legend = `UTC, each ${formatSpan(stepMs / 1_000)}: █ allowed ▒ would deny ░ denied`;
  return { title: `${legend.padEnd(WIDTH - 29)}${a.padStart(9)}${d.padStart(8)}${w.padStart(12)}`, lines };
}

const numbersOf = ({ allowed, denied, would_deny }: Bar) =>
  number(allowed).padStart(9) + number(denied).padStart(8) + number(would_deny).padStart(12);

/** The finest step of which there are few enough bars. */
function barsOf(buckets: readonly Bucket[], bucketSeconds: number): { stepMs: number; bars: Bar[] } {
  const steps = STEPS_S.filter((step) => step >= bucketSeconds && step % bucketSeconds === 0);
  for (const step of steps) {
    const bars = group(buckets, step * 1_000);
    if (bars.length <= MAX_BARS || step === steps.at(-1))
      return { stepMs: step * 1_000, bars: bars.slice(-MAX_BARS) };
  }
  return { stepMs: bucketSeconds * 1_000, bars: [] };
}

function group(buckets: readonly Bucket[], stepMs: number): Bar[] {
  const bars = new Map<number, Bar>();
  for (const { from, allowed, denied, would_deny } of buckets) {
    const fromMs = Math.floor(Date.parse(from) / stepMs) * stepMs;
    const bar = bars.get(fromMs) ?? { fromMs, allowed: 0, denied: 0, would_deny: 0 };
    bars.set(fromMs, bar);
    bar.allowed += allowed;
    bar.denied += denied;
    bar.would_deny += would_deny;
  }
  return [...bars.values()];
}

function labelFor(bars: readonly Bar[], stepMs: number): (atMs: number) => string {
  const iso = (atMs: number) => new Date(atMs).toISOString();
  if (stepMs >= 86_400_000) return (atMs) => iso(atMs).slice(0, 10);
  const days = new Set(bars.map(({ fromMs }) => iso(fromMs).slice(0, 10)));
  return (atMs) => (days.size === 1 ? iso(atMs).slice(11, 16) : iso(atMs).slice(5, 16).replace('T', ' '));
}

/** What there is some of is seen, however little. */
function draw({ allowed, denied, would_deny }: Bar, scale: number, width: number): string {
  const cells = (count: number) => (count === 0 ? 0 : Math.max(1, Math.round(count * scale)));
  const [red, yellow] = [cells(denied), cells(would_deny)];
  const green = Math.max(0, Math.min(cells(allowed - would_deny), width - red - yellow));
  const blank = ' '.repeat(Math.max(0, width - green - yellow - red));
  return `${paint('green', '█'.repeat(green))}${paint('yellow', '▒'.repeat(yellow))}${paint('red', '░'.repeat(red))}${blank}`;
}
