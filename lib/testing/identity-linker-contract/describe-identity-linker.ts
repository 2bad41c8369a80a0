// `describeIdentityLinker`: the contract of an identity linker as tests, for the linkers of
// applications.
import { runner, timed } from '../token-store-contract/runner.js';
import { IDENTITY_LINKER_CASES } from './cases.js';
import type { IdentityLinkerHarness } from './harness.js';

/**
 * Defines the tests of the identity-linker contract, in a runner with `describe` and `it` as
 * globals (jest, vitest with `globals: true`, mocha). Every case uses apps, openids and unionids of
 * its own, at random, and leaves its rows: give it a database of its own.
 * @param factory asked once for each case
 * @throws Error where there is no such runner
 * @example
 * describeIdentityLinker('ShopLinker', () => ({
 *   linker: new ShopLinker(users),
 *   signUp: (identity) => users.findOrCreate(identity),
 *   idOf: (user) => user.id,
 * }));
 */
export function describeIdentityLinker<User>(
  name: string,
  factory: () => IdentityLinkerHarness<User> | Promise<IdentityLinkerHarness<User>>,
): void {
  const { describe, it } = runner('describeIdentityLinker');
  describe(`${name} keeps the identity-linker contract`, () => {
    for (const { title, run } of IDENTITY_LINKER_CASES) {
      timed(it, title, async () => {
        const harness = await factory();
        try {
          await run(harness as IdentityLinkerHarness<unknown>);
        } finally {
          await harness.close?.();
        }
      });
    }
  });
}
