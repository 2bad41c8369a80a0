// Catches what a call throws, so that a test can look at it.
import { inspect } from 'node:util';

/** What the call fails with, sooner or later. */
export async function failureOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`threw something that is no error: ${inspect(error)}`);
  }
  throw new Error('did not fail');
}

/** What the call throws at once, which has to be of this type. */
export function thrownBy<T extends Error>(
  type: abstract new (...args: never[]) => T,
  call: () => unknown,
): T {
  try {
    call();
  } catch (error) {
    if (error instanceof type) return error;
    throw new Error(`threw something else than ${type.name}: ${inspect(error)}`);
  }
  throw new Error('did not throw');
}
