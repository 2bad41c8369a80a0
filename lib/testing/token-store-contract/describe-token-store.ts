// `describeTokenStore`: the contract of a token store as tests, for our own adapters and for those an application writes.
import type { TokenStore } from '../../tokens/token-store.js';
import { TOKEN_STORE_CASES } from './cases.js';

/** One client of the store under test. */
export interface OpenTokenStore {
  store: TokenStore;
  /** Ends the connection, if the store has one. A promise is waited for. */
  close?(): unknown;
}

/** How the contract gets at the store under test. Every case asks the factory for one of its own. */
export interface TokenStoreHarness {
  /**
   * A new client of the same storage. Opened twice it is a second process or a restart: what one wrote, the other reads. With `shared: false` every
   * call may give the same object.
   */
  open(): Promise<OpenTokenStore> | OpenTokenStore;
  /** The server goes down: until `start`, nothing reaches it. What is stored may be lost. */
  stop?(): Promise<unknown>;
  /** The server is back, under the same address. */
  start?(): Promise<unknown>;
}

/** What a store cannot do. Declaring it is the only way to skip a case, and the runner shows the case as skipped. */
export interface TokenStoreCapabilities {
  /**
   * false: `setIfAbsent` and `replaceIfEqual` are atomic among the callers of one store object, but not across clients, so not across processes. Two
   * processes may then both get `true`: a token is refreshed twice, and the older result may stay.
   */
  atomic?: boolean;
  /** false: entries live in one process and end with it; there are no other clients, and a restart forgets everything. */
  shared?: boolean;
  /** false: nothing between the caller and the data can be down, or it cannot be stopped for a test. */
  outage?: boolean;
}

/**
 * Defines the tests of the token-store contract, in a runner with `describe` and `it` as globals (jest, vitest with `globals: true`, mocha).
 * They take about five seconds, use keys of their own below `wechat:contract-…`, and delete them.
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

/** For a slow machine and a server that takes its time to come back; a case that works needs a fraction of it. */
const TIME_LIMIT_MS = 120_000;

interface It {
  (title: string, run: () => Promise<void>, timeoutMs: number): void;
  skip(title: string, run: () => void): void;
}

interface Runner {
  describe(title: string, define: () => void): void;
  it: It;
}

/** Looked up when it is called: an application that imports the rest of `./testing` has no runner. */
function runner(): Runner {
  const { describe, it } = globalThis as Partial<Runner>;
  if (typeof describe === 'function' && typeof it === 'function') return { describe, it };
  throw new Error(
    'describeTokenStore needs `describe` and `it` as globals: call it in a test file of jest, mocha, or vitest with `globals: true`.',
  );
}
