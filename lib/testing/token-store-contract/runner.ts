// The test runner of whoever calls: jest, mocha, or vitest with globals.

/**
 * For a slow machine and a server that takes its time to come back; a case that works needs a
 * fraction of it.
 */
const TIME_LIMIT_MS = 120_000;

/** `it` of any runner. */
export interface It {
  (title: string, run: () => Promise<void>, timeoutMs: number): void;
  skip(title: string, run: () => void): void;
}

/** What a runner puts among the globals. */
export interface Runner {
  describe(title: string, define: () => void): void;
  it: It;
}

/**
 * Looked up when it is called: an application that imports the rest of `./testing` has no runner.
 * @param caller for the error
 */
export function runner(caller: string): Runner {
  const { describe, it } = globalThis as Partial<Runner>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new Error(
    `${caller} needs \`describe\` and \`it\` as globals: call it in a test file of jest, mocha, or vitest with \`globals: true\`.`,
  );
}

/** A test with the time limit of a contract. */
export function timed(it: It, title: string, run: () => Promise<void>): void {
  // A mocha test has its time limit on `this`; the others take it as an argument.
  it(
    title,
    async function (this: { timeout?: (ms: number) => void } | undefined | void) {
      if (typeof this?.timeout === 'function') this.timeout(TIME_LIMIT_MS);
      await run();
    },
    TIME_LIMIT_MS,
  );
}
