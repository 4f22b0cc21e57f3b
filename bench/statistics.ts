export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Half the width of the 95 % interval of the median, by the deviations from it. NaN of one value. */
  readonly noise: number;
}

/** Of values that are spread normally: the median of deviations, and the error of a median, to those of a mean. */
const DEVIATION_TO_SIGMA = 1.4826;
const MEDIAN_TO_MEAN = 1.2533;

export function spread(values: readonly number[]): Spread {
  const median = medianOf(values);
  const sigma = DEVIATION_TO_SIGMA * medianOf(values.map((value) => Math.abs(value - median)));
  return {
    median,
    min: values.length === 0 ? Number.NaN : Math.min(...values),
    max: values.length === 0 ? Number.NaN : Math.max(...values),
    noise: values.length < 2 ? Number.NaN : (1.96 * MEDIAN_TO_MEAN * sigma) / Math.sqrt(values.length),
  };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
}

/** Ratios of what was measured in the same round: what disturbs a round disturbs both sides. */
export function ratios(values: readonly number[], base: readonly number[]): Spread {
  return spread(values.map((value, round) => value / (base[round] ?? Number.NaN)));
}
