/** Work that several requests wait for. */
export interface Flight {
  readonly startedAtMs: number;
  readonly done: Promise<void>;
}

/** Waits for work that another request may have started, and that the platform may cancel with it. */
export async function wait(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  if (timer !== undefined) clearTimeout(timer);
}
