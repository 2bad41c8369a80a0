// `describeTokenStore`: the contract of a token store as tests, for our own adapters and for those
// an application writes.
import { TOKEN_STORE_CASES } from './cases.js';
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
  const { describe, it } = runner();
  describe(`${name} keeps the token-store contract`, () => {
    for (const { title, needs, run } of TOKEN_STORE_CASES) {
      const declared = needs.find((need) => capabilities[need] === false);
      if (declared !== undefined) {
        it.skip(`${title} (declared: ${declared}: false)`, () => undefined);
        continue;
      }
      // A mocha test has its time limit on `this`; the others take it as an argument.
      it(
        title,
        async function (this: { timeout?: (ms: number) => void } | undefined | void) {
          if (typeof this?.timeout === 'function') this.timeout(TIME_LIMIT_MS);
          await run(await factory());
        },
        TIME_LIMIT_MS,
      );
    }
  });
}

/**
 * For a slow machine and a server that takes its time to come back; a case that works needs a
 * fraction of it.
 */
const TIME_LIMIT_MS = 120_000;

interface It {
  (title: string, run: () => Promise<void>, timeoutMs: number): void;
  skip(title: string, run: () => void): void;
}

interface Runner {
  describe(title: string, define: () => void): void;
  it: It;
}

/**
 * Looked up when it is called: an application that imports the rest of `./testing` has no runner.
 */
function runner(): Runner {
  const { describe, it } = globalThis as Partial<Runner>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new Error(
    'describeTokenStore needs `describe` and `it` as globals: call it in a test file of jest, mocha, or vitest with `globals: true`.',
  );
}
