// `describeTokenStore`: the contract of a token store as tests, for our own adapters and for those
// an application writes.
import { TOKEN_STORE_CASES } from './cases.js';
import { runner, timed } from './runner.js';
import type { TokenStoreCapabilities, TokenStoreHarness } from './harness.js';

/**
 * Defines the tests of the token-store contract, in a runner with `describe` and `it` as globals
 * (jest, vitest with `globals: true`, mocha). They take about five seconds, use keys of their own
 * below `wechat:contract-…`, and delete them.
 *
 * ```ts
 * describeTokenStore('MyTokenStore', () => ({
 *   open: async () => {
 *     const client = await connect();
 *     return { store: new MyTokenStore(client), close: () => client.close() };
 *   },
 *   stop: () => server.stop(),
 *   start: () => server.start(),
 * }));
 * ```
 */
export function describeTokenStore(
  name: string,
  factory: () => TokenStoreHarness | Promise<TokenStoreHarness>,
  capabilities: TokenStoreCapabilities = {},
): void {
  const { describe, it } = runner('describeTokenStore');
  describe(`${name} keeps the token-store contract`, () => {
    for (const { title, needs, run } of TOKEN_STORE_CASES) {
      const declared = needs.find((need) => capabilities[need] === false);
      if (declared !== undefined) {
        it.skip(`${title} (declared: ${declared}: false)`, () => undefined);
        continue;
      }
      timed(it, title, async () => run(await factory()));
    }
  });
}
