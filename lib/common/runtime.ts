// Time and chance, in one place that tests can hold.
import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from './random-bytes.js';

/** Time and chance, held still by tests. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from no time in particular, which no clock that is set can move: for waits. */
  monotonic(): number;
  /** Waits without keeping the process alive. */
  sleep(ms: number): Promise<void>;
  /** From 0 up to, but not including, 1. */
  random(): number;
  randomBytes(size: number): Buffer;
}

/** The clocks and the chance of this machine. */
export function systemRuntime(now: () => number): Runtime {
  return {
    now,
    monotonic: () => performance.now(),
    sleep: (ms) => pause(ms, undefined, { ref: false }),
    random: Math.random,
    randomBytes,
  };
}

/**
 * What `work` comes to, or `TOO_LATE` after `ms`. Nothing comes of what ends later, not even an
 * unhandled rejection.
 */
export async function inTime<T>(
  runtime: Pick<Runtime, 'sleep'>,
  work: Promise<T>,
  ms: number,
): Promise<T | typeof TOO_LATE> {
  return Promise.race([work, runtime.sleep(ms).then((): typeof TOO_LATE => TOO_LATE)]);
}

export const TOO_LATE = Symbol('too late');
