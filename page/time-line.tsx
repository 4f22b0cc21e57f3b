import type { Bar } from './live.ts';
import { clock, duration } from './times.ts';

const HEIGHT = 40;

/** Requests over time, refused ones in another colour. */
export function TimeLine({ bars, seconds }: { readonly bars: readonly Bar[]; readonly seconds: number }) {
  const most = Math.max(1, ...bars.map(({ allowed, refused }) => allowed + refused));
  const worst = bars.reduce<Bar | undefined>(
    (a, b) => (a === undefined || b.refused > a.refused ? b : a),
    undefined,
  );
  const first = bars[0]?.fromMs ?? 0;
  const last = (bars.at(-1)?.fromMs ?? 0) + seconds * 1000;
  const summary =
    worst === undefined || worst.refused === 0
      ? 'none refused'
      : `most refusals from ${clock(worst.fromMs)}: ${worst.refused} in ${duration(seconds)}`;
  return (
    <figure class="time-line">
      <svg
        viewBox={`0 0 ${Math.max(bars.length, 12) * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Requests from ${clock(first)} to ${clock(last)}: ${summary}`}
      >
        {bars.map(({ fromMs, allowed, refused }, i) => {
          const [low, high] = [(HEIGHT * refused) / most, (HEIGHT * allowed) / most];
          return (
            <g key={fromMs}>
              <title>
                {clock(fromMs)}: {allowed} allowed, {refused} refused
              </title>
              <rect class="hit" x={i * 10} y="0" width="10" height={HEIGHT} />
              <rect class="refused" x={i * 10} y={HEIGHT - low} width="8" height={low} />
              <rect class="allowed" x={i * 10} y={HEIGHT - low - high} width="8" height={high} />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span>{clock(first)}</span>
        <span class="legend">
          <span class="key refused" /> refused <span class="key allowed" /> allowed; a bar is{' '}
          {duration(seconds)}, the highest {most}
        </span>
        <span>{clock(last)}</span>
      </figcaption>
    </figure>
  );
}
