/** Lets questions wait until there is something to answer. */

export interface News {
  tell(): void;
  /** Resolves soon after there is news, or when the time is over. */
  wait(hasNews: () => boolean, times: { readonly waitMs: number; readonly batchMs: number }): Promise<void>;
  /** Nobody waits any more. */
  end(): void;
}

export function createNews(): News {
  const waiting = new Set<() => void>();
  let hasEnded = false;
  const wakeAll = () => {
    for (const wake of [...waiting]) wake();
  };
  return {
    tell: wakeAll,
    end() {
      hasEnded = true;
      wakeAll();
    },
    async wait(hasNews, { waitMs, batchMs }) {
      if (hasEnded) return;
      if (!hasNews()) await pause(waitMs, waiting);
      // What comes right behind goes along.
      if (!hasEnded && hasNews()) await pause(batchMs);
    },
  };
}

function pause(milliseconds: number, waiting?: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      waiting?.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    timer.unref();
    waiting?.add(wake);
  });
}
