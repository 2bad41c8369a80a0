// How long an answer of a store is waited for.

/** The answer is not there in time. It may still come, and nobody looks at it then. */
export class StoreHangs extends Error {
  constructor(ms: number) {
    super(`No answer within ${ms} ms.`);
  }
}

/**
 * The answer, or a rejection with `StoreHangs`. Keeps no process alive.
 * @param ms how long it may take
 */
export async function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new StoreHangs(ms));
    const due = performance.now() + ms;
    const judge = () => {
      // A process that stood still (a long computation, a debugger) has not looked at answers
      // meanwhile: its timers run first, so it waits once more.
      const stoodStill = performance.now() - due > ms / 4;
      if (stoodStill) timer = setTimeout(giveUp, ms).unref();
      else giveUp();
    };
    timer = setTimeout(judge, ms).unref();
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
