// The contract itself: that each of its cases catches a store that has the fault, that it skips
// only what is declared, and leaves nothing behind.
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import type {
  TokenStoreCapabilities,
  TokenStoreHarness,
} from '../../lib/testing/token-store-contract/harness.js';
import { TOKEN_STORE_CASES } from '../../lib/testing/token-store-contract/cases.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import { FlakyStore } from '../support/flaky-store.js';

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Keeps everything under a key, or with a value, that somebody has changed on the way. */
class ChangingStore extends MemoryTokenStore {
  protected key = (key: string) => key;
  protected value = (value: string) => value;
  protected ttl = (ttl: number) => ttl;

  override get = async (key: string) => super.get(this.key(key));
  override delete = async (key: string) => super.delete(this.key(key));
  override set = async (key: string, value: string, ttl: number) =>
    super.set(this.key(key), this.value(value), this.ttl(ttl));
  override setIfAbsent = async (key: string, value: string, ttl: number) =>
    super.setIfAbsent(this.key(key), this.value(value), this.ttl(ttl));
  override replaceIfEqual = async (key: string, old: string, value: string | undefined, ttl: number) =>
    super.replaceIfEqual(
      this.key(key),
      this.value(old),
      value === undefined ? undefined : this.value(value),
      this.ttl(ttl),
    );
}

const changingKeys = (change: (key: string) => string) => () =>
  new (class extends ChangingStore {
    protected override key = change;
  })();
const changingValues = (change: (value: string) => string) => () =>
  new (class extends ChangingStore {
    protected override value = change;
  })();
const changingTimes = (change: (ttl: number) => number) => () =>
  new (class extends ChangingStore {
    protected override ttl = change;
  })();

const cut = (bytes: number) => (value: string) =>
  new TextDecoder().decode(Buffer.from(value).subarray(0, bytes));

const KEYS_APART = 'keeps keys apart that look alike, by case, accent or padding';
const TEXTS = 'keeps every text as it is, and compares it exactly';
const DROPS = 'drops an entry when its time is over: not early, and not a second late';
const ANEW = 'counts the time anew with every write, and only then';
const LENGTHS = 'takes every length of time: months, fractions, nothing and less';

const FAULTY: [fault: string, title: string, create: () => MemoryTokenStore][] = [
  ['keys are compared without case', KEYS_APART, changingKeys((key) => key.toLowerCase())],
  ['trailing space of a key is ignored', KEYS_APART, changingKeys((key) => key.trimEnd())],
  [
    'keys are compared without accents',
    KEYS_APART,
    changingKeys((key) => key.normalize('NFD').replace(/\p{M}/gu, '')),
  ],
  ['keys are brought into one Unicode form', KEYS_APART, changingKeys((key) => key.normalize('NFC'))],
  ['full-width letters are plain ones', KEYS_APART, changingKeys((key) => key.normalize('NFKC'))],
  ['keys are cut', 'takes keys with odd characters', changingKeys((key) => key.slice(0, 64))],
  ['values end at NUL', TEXTS, changingValues((value) => value.split('\0')[0]!)],
  ['values are trimmed', TEXTS, changingValues((value) => value.trim())],
  ['values are Latin-1', TEXTS, changingValues((value) => Buffer.from(value, 'latin1').toString('latin1'))],
  [
    'emoji become question marks',
    TEXTS,
    changingValues((value) => value.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '?')),
  ],
  ['line ends are unified', TEXTS, changingValues((value) => value.replaceAll('\r\n', '\n'))],
  ['values are cut at 65,535 bytes', 'keeps values of 64 KiB', changingValues(cut(65_535))],
  ['0 is for ever', LENGTHS, changingTimes((ttl) => (ttl === 0 ? 3_600_000 : ttl))],
  ['less than 0 is for ever', LENGTHS, changingTimes((ttl) => (ttl < 0 ? 3_600_000 : ttl))],
  ['times overflow 31 bits', LENGTHS, changingTimes((ttl) => ttl | 0)],
  ['times are cut to seconds', DROPS, changingTimes((ttl) => Math.floor(ttl / 1_000) * 1_000)],
  ['entries go by the minute', DROPS, changingTimes((ttl) => Math.ceil(ttl / 60_000) * 60_000)],
  [
    'null for a missing entry',
    'gives back what was set, and undefined for what was not',
    () =>
      new (class extends MemoryTokenStore {
        override get = async (key: string) => (await super.get(key)) ?? (null as unknown as undefined);
      })(),
  ],
  [
    'deleting rejects when there is nothing',
    'deletes, also what is not there',
    () =>
      new (class extends MemoryTokenStore {
        override delete = async (key: string) => {
          if ((await this.get(key)) === undefined) throw new Error('no such row');
          return super.delete(key);
        };
      })(),
  ],
  [
    'an existing entry is overwritten',
    'setIfAbsent creates once',
    () =>
      new (class extends MemoryTokenStore {
        override setIfAbsent = async (key: string, value: string, ttl: number) => {
          const absent = (await this.get(key)) === undefined;
          await this.set(key, value, ttl);
          return absent;
        };
      })(),
  ],
  [
    'a row that does not change is no success',
    'replaceIfEqual replaces and deletes only what is expected',
    () =>
      new (class extends MemoryTokenStore {
        override replaceIfEqual = async (key: string, old: string, value: string | undefined, ttl: number) =>
          old !== value && super.replaceIfEqual(key, old, value, ttl);
      })(),
  ],
  [
    'values are compared without case',
    'does not take one value for another that looks like it',
    () =>
      new (class extends MemoryTokenStore {
        override replaceIfEqual = async (
          key: string,
          old: string,
          value: string | undefined,
          ttl: number,
        ) => {
          const current = await this.get(key);
          const equal = current?.toLowerCase() === old.toLowerCase();
          return equal && super.replaceIfEqual(key, current!, value, ttl);
        };
      })(),
  ],
  [
    'reading prolongs',
    ANEW,
    () =>
      new (class extends MemoryTokenStore {
        override get = async (key: string) => {
          const value = await super.get(key);
          if (value !== undefined) await super.set(key, value, 600);
          return value;
        };
      })(),
  ],
  [
    'replacing does not prolong',
    ANEW,
    () =>
      new (class extends MemoryTokenStore {
        private readonly ends = new Map<string, number>();
        override set = async (key: string, value: string, ttl: number) => {
          this.ends.set(key, Date.now() + ttl);
          return super.set(key, value, ttl);
        };
        override replaceIfEqual = async (key: string, old: string, value: string | undefined) =>
          super.replaceIfEqual(key, old, value, this.ends.get(key)! - Date.now());
      })(),
  ],
  [
    'two inserts at once collide',
    'survives 50 callers that write one key at once',
    () =>
      new (class extends MemoryTokenStore {
        override set = async (key: string, value: string, ttl: number) => {
          const exists = (await this.get(key)) !== undefined;
          await pause();
          if (!exists && !(await super.setIfAbsent(key, value, ttl))) throw new Error('duplicate key');
          return super.set(key, value, ttl);
        };
      })(),
  ],
  [
    'creating is a read and a write',
    'setIfAbsent lets one of 50 callers win',
    () =>
      new (class extends MemoryTokenStore {
        override setIfAbsent = async (key: string, value: string, ttl: number) => {
          if ((await this.get(key)) !== undefined) return false;
          await this.set(key, value, ttl);
          return true;
        };
      })(),
  ],
  [
    'creating loses its place to a late deletion of what was over',
    'setIfAbsent lets one of 50 callers win',
    () =>
      new (class extends MemoryTokenStore {
        private readonly seen = new Set<string>();
        override set = async (key: string, value: string, ttl: number) => {
          this.seen.add(key);
          return super.set(key, value, ttl);
        };
        override setIfAbsent = async (key: string, value: string, ttl: number) => {
          const over = this.seen.has(key) && (await super.get(key)) === undefined;
          await pause();
          if (over) await super.delete(key);
          return super.setIfAbsent(key, value, ttl);
        };
      })(),
  ],
  [
    'replacing is a read and a write',
    'replaceIfEqual lets one of 50 callers win, and loses no update',
    () =>
      new (class extends MemoryTokenStore {
        override replaceIfEqual = async (
          key: string,
          old: string,
          value: string | undefined,
          ttl: number,
        ) => {
          if ((await this.get(key)) !== old) return false;
          await (value === undefined ? this.delete(key) : this.set(key, value, ttl));
          return true;
        };
      })(),
  ],
];

const caseNamed = (title: string) => TOKEN_STORE_CASES.find((one) => one.title === title)!;

/** As a shared store with an outage is: one memory behind every client. */
function sharedHarness(store = new FlakyStore()): TokenStoreHarness {
  return {
    open: () => ({ store }),
    stop: async () => void (store.mode = 'rejects'),
    start: async () => void (store.mode = 'up'),
  };
}

// Side by side: most of the time goes into waiting for something to expire.
describe('the token-store contract catches', () => {
  it.concurrent.each(FAULTY)('%s', async (_, title, create) => {
    const store = create();
    await expect(caseNamed(title).run({ open: () => ({ store }) })).rejects.toThrow(/./);
  });

  it.each([
    ['shows every client what another has done'],
    ['keeps entries and their times over a restart of the application'],
  ])('clients that do not see each other (%s)', async (title) => {
    await expect(caseNamed(title).run({ open: () => ({ store: new MemoryTokenStore() }) })).rejects.toThrow(
      /./,
    );
  });

  it.each([['setIfAbsent'], ['replaceIfEqual']])('%s that is atomic for one client only', async (name) => {
    const entries = new MemoryTokenStore();
    class LocalTurns extends MemoryTokenStore {
      private last: Promise<unknown> = Promise.resolve();
      private async turn<T>(work: () => Promise<T>): Promise<T> {
        const mine = this.last.then(work);
        this.last = mine;
        return mine;
      }
      override get = (key: string) => entries.get(key);
      override set = (key: string, value: string, ttl: number) => entries.set(key, value, ttl);
      override delete = (key: string) => entries.delete(key);
      override setIfAbsent = (key: string, value: string, ttl: number) =>
        this.turn(async () => {
          const absent = (await entries.get(key)) === undefined;
          await pause();
          if (absent) await entries.set(key, value, ttl);
          return absent;
        });
      override replaceIfEqual = (key: string, old: string, value: string | undefined, ttl: number) =>
        this.turn(async () => {
          const equal = (await entries.get(key)) === old;
          await pause();
          if (equal) await (value === undefined ? entries.delete(key) : entries.set(key, value, ttl));
          return equal;
        });
    }
    const [alone, several] = TOKEN_STORE_CASES.filter(({ title }) => title.startsWith(`${name} lets one`));
    const harness = { open: () => ({ store: new LocalTurns() }) };
    await alone!.run(harness);
    await expect(several!.run(harness)).rejects.toThrow(/callers|updates/);
  });

  it.each([
    ['rejects nothing while it is down', 'up', 'get resolved although the server is down'],
    ['throws instead of rejecting', 'throws', 'cannot keep'],
  ] as const)('a store that %s', async (_, mode, message) => {
    const store = new FlakyStore();
    store.get = mode === 'throws' ? throwing(store) : store.get;
    const outage = TOKEN_STORE_CASES.at(-1)!;
    const harness = { ...sharedHarness(store), stop: async () => void (store.mode = mode) };
    await expect(outage.run(harness)).rejects.toThrow(message);
    // The next case finds the server as it was.
    expect(store.mode).toBe('up');
  });

  /** The store's own `get` is async, so that what it throws is a rejection already. */
  function throwing(store: FlakyStore): FlakyStore['get'] {
    return () => {
      if (store.mode === 'throws') throw new RangeError('cannot keep');
      return Promise.resolve(undefined);
    };
  }

  it('a harness that cannot stop the server but does not declare so', async () => {
    await expect(
      TOKEN_STORE_CASES.at(-1)!.run({ open: () => ({ store: new MemoryTokenStore() }) }),
    ).rejects.toThrow('without `stop` and `start` in the harness, declare `outage: false`');
  });
});

describe('every case', () => {
  it.concurrent.each(TOKEN_STORE_CASES.map((one) => [one.title, one] as const))(
    'passes on a good store, deletes its keys and closes its clients: %s',
    async (_, one) => {
      const store = new FlakyStore();
      let open = 0;
      await one.run({
        ...sharedHarness(store),
        open: () => {
          open++;
          return { store, close: async () => void open-- };
        },
      });
      expect(store.size).toBe(0);
      expect(open).toBe(0);
    },
  );

  it('deletes its keys and closes its clients when it fails, and reports why it failed', async () => {
    const store = changingKeys((key) => key.toLowerCase())();
    let open = 0;
    const harness = {
      open: () => {
        open++;
        return { store, close: () => void open-- };
      },
    };
    await expect(caseNamed(KEYS_APART).run(harness)).rejects.toThrow('was there already');
    expect(store.size).toBe(0);
    expect(open).toBe(0);
  });

  it('reports its own failure rather than that of the cleaning', async () => {
    const store = new FlakyStore();
    store.get = async () => {
      store.mode = 'rejects';
      return 'wrong';
    };
    await expect(TOKEN_STORE_CASES[0]!.run({ open: () => ({ store }) })).rejects.toThrow(/undefined/);
  });
});

describe('describeTokenStore', () => {
  interface Defined {
    title: string;
    skipped: boolean;
    run?: () => Promise<void>;
    timeout?: number;
  }

  /** Stands in for the runner while the tests are being defined. */
  function define(capabilities?: TokenStoreCapabilities, factory = () => sharedHarness()): Defined[] {
    const defined: Defined[] = [];
    const it = (title: string, run: () => Promise<void>, timeout: number) =>
      defined.push({ title, skipped: false, run, timeout });
    it.skip = (title: string) => defined.push({ title, skipped: true });
    withGlobals({ it, describe: (_: string, body: () => void) => body() }, () => {
      describeTokenStore('X', factory, capabilities);
    });
    return defined;
  }

  function withGlobals(replaced: object, body: () => void): void {
    const { describe, it } = globalThis;
    Object.assign(globalThis, replaced);
    try {
      body();
    } finally {
      Object.assign(globalThis, { describe, it });
    }
  }

  it('skips nothing by itself', () => {
    const defined = define();
    expect(defined.map(({ title }) => title)).toEqual(TOKEN_STORE_CASES.map(({ title }) => title));
    expect(defined.some(({ skipped }) => skipped)).toBe(false);
  });

  it.each([
    [{ atomic: false }, 2],
    [{ shared: false }, 4],
    [{ outage: false }, 1],
    [{ atomic: false, shared: false, outage: false }, 5],
    [{ atomic: true, shared: true, outage: true }, 0],
  ])('with %o skips %d cases, and says why', (capabilities, count) => {
    const skipped = define(capabilities).filter((one) => one.skipped);
    expect(skipped).toHaveLength(count);
    for (const { title } of skipped) expect(title).toMatch(/\(declared: (atomic|shared|outage): false\)$/);
  });

  it('asks for a harness per case, and gives a case time enough', async () => {
    let harnesses = 0;
    const [first, second] = define({}, () => {
      harnesses++;
      return sharedHarness();
    });
    expect(harnesses).toBe(0);
    await first!.run!();
    await second!.run!();
    expect(harnesses).toBe(2);
    expect(first!.timeout).toBeGreaterThan(60_000);
  });

  it('tells mocha, which takes no third argument, how long a case may last', async () => {
    const [first] = define();
    let limit = 0;
    await first!.run!.call({ timeout: (ms: number) => (limit = ms) } as never);
    expect(limit).toBe(first!.timeout);
  });

  it('says what is missing where no test runner is', () => {
    withGlobals({ describe: undefined, it: undefined }, () => {
      expect(() => describeTokenStore('X', sharedHarness)).toThrow(/needs `describe` and `it` as globals/);
    });
  });
});
