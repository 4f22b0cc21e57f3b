/** An unexpected error, in the log of gateway and issuer. */
export interface ErrorLine {
  readonly event: 'error';
  readonly name: string;
  readonly frames: readonly string[];
}

/** An unexpected error, without its message: that may quote what must not be logged. */
export function errorLine(error: unknown): ErrorLine {
  const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: undefined };
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { event: 'error', name, frames: frames.slice(0, 5).map((line) => line.trim()) };
}
