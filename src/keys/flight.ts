/** Work that several requests wait for. */
export interface Flight {
  readonly startedAtMs: number;
  readonly done: Promise<void>;
}

/** Starts work that other requests may wait for; `waitUntil` keeps it going when this request is answered. */
export function takeOff<Slot extends string>(
  memory: { [name in Slot]: Flight | undefined },
  slot: Slot,
  work: () => Promise<void>,
  io: { now(): number; waitUntil(promise: Promise<unknown>): void },
): Promise<void> {
  const flight: Flight = { startedAtMs: io.now(), done: work() };
  memory[slot] = flight;
  const landed = flight.done.finally(() => {
    if (memory[slot] === flight) memory[slot] = undefined;
  });
  io.waitUntil(landed);
  return landed;
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
