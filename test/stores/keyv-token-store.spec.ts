// KeyvTokenStore without a server: in memory by the contract, its warning, and how it hears of the
// errors that Keyv keeps to itself.
import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import { Keyv as Keyv5 } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { WechatConfigError } from '../../lib/errors/errors.js';
import { type KeyvLike, KeyvTokenStore } from '../../lib/stores/keyv/index.js';
import { describeTokenStore } from '../../lib/testing/token-store-contract/describe-token-store.js';
import { LogCapture } from '../support/log-capture.js';

/** The two have types of their own; both are a `KeyvLike`, without a cast. */
const versions: [name: string, create: (options?: object) => KeyvLike][] = [
  ['Keyv 5', (options) => new Keyv5(options)],
  ['Keyv 6', (options) => new Keyv6(options)],
];

for (const [name, createKeyv] of versions) {
  describeTokenStore(
    `KeyvTokenStore on ${name} in memory`,
    () => {
      const store = new KeyvTokenStore(createKeyv());
      return { open: () => ({ store }) };
    },
    { atomic: false, shared: false, outage: false },
  );
}

type Trouble = 'none' | 'throws' | 'emits' | 'says false';

/**
 * A storage behind Keyv, as its adapters are: some throw when they fail, some only emit the error.
 */
class Storage extends EventEmitter {
  readonly entries = new Map<string, unknown>();
  trouble: Trouble = 'none';
  /** What happens while it is asked. */
  meanwhile: () => void = () => undefined;

  get = async (key: string) => this.through(() => this.entries.get(key));
  set = async (key: string, value: unknown) => {
    const kept = await this.through(() => this.entries.set(key, value));
    return this.trouble === 'says false' ? false : kept !== undefined;
  };
  delete = async (key: string) => (await this.through(() => this.entries.delete(key))) ?? false;
  has = async (key: string) => this.entries.has(key);
  clear = async () => this.entries.clear();

  private async through<T>(work: () => T): Promise<T | undefined> {
    await new Promise((resolve) => setImmediate(resolve));
    this.meanwhile();
    if (this.trouble === 'throws') throw new RangeError('storage is down');
    if (this.trouble === 'emits') {
      this.emit('error', new RangeError('storage is down'));
      return undefined;
    }
    return work();
  }
}

const operations: [name: string, run: (store: KeyvTokenStore) => Promise<unknown>][] = [
  ['get', (store) => store.get('k')],
  ['set', (store) => store.set('k', 'v', 60_000)],
  ['delete', (store) => store.delete('k')],
  ['setIfAbsent', (store) => store.setIfAbsent('k', 'v', 60_000)],
  ['replaceIfEqual', (store) => store.replaceIfEqual('k', 'a', 'b', 60_000)],
];

describe.each(versions)('KeyvTokenStore on %s', (name, createKeyv) => {
  const create = (storage: Storage, options = {}) =>
    new KeyvTokenStore(createKeyv({ store: storage, ...options }), { warn: false });

  it.each(operations)('%s rejects while the storage throws', async (_, run) => {
    const storage = new Storage();
    const store = create(storage);
    storage.trouble = 'throws';
    await expect(run(store)).rejects.toThrow('storage is down');
    storage.trouble = 'none';
    await expect(run(store)).resolves.not.toThrow();
  });

  it.each(operations)('%s rejects while the storage emits errors and carries on', async (_, run) => {
    const storage = new Storage();
    const store = create(storage);
    storage.trouble = 'emits';
    await expect(run(store)).rejects.toThrow('storage is down');
    storage.trouble = 'none';
    await expect(run(store)).resolves.not.toThrow();
  });

  it('rejects when the storage says that it has not kept an entry', async () => {
    const storage = new Storage();
    const store = create(storage);
    storage.trouble = 'says false';
    await expect(store.set('k', 'v', 60_000)).rejects.toThrow('Keyv did not keep the entry.');
  });

  it('trusts what it found, whatever else went wrong meanwhile', async () => {
    const storage = new Storage();
    const store = create(storage);
    await store.set('k', 'v', 60_000);
    storage.meanwhile = () => storage.emit('error', new Error('of somebody else'));
    expect(await store.get('k')).toBe('v');
  });

  it('survives an error between two operations', async () => {
    const storage = new Storage();
    const store = create(storage);
    storage.emit('error', new Error('socket closed'));
    expect(await store.get('k')).toBeUndefined();
    expect(await store.setIfAbsent('k', 'v', 60_000)).toBe(true);
  });

  it('makes an error of what is none', async () => {
    const storage = new Storage();
    const store = create(storage);
    storage.meanwhile = () => storage.emit('error', 'text');
    await expect(store.get('k')).rejects.toThrow('Keyv reports an error of its storage.');
  });

  it('keeps an application that reads through the same Keyv as it was', async () => {
    const keyv = createKeyv({ store: new Storage() }) as Keyv5;
    const store = new KeyvTokenStore(keyv, { warn: false });
    await store.set('wechat:wx1:token:o', 'v', 60_000);
    expect(await keyv.get('wechat:wx1:token:o')).toBe('v');
    await keyv.set('wechat:wx1:token:o', { not: 'ours' });
    expect(await store.get('wechat:wx1:token:o')).toBeUndefined();
  });

  if (name === 'Keyv 5') {
    it('hears of errors with emitErrors: false when throwOnErrors is on', async () => {
      const storage = new Storage();
      const store = create(storage, { emitErrors: false, throwOnErrors: true });
      storage.trouble = 'throws';
      for (const [, run] of operations) await expect(run(store)).rejects.toThrow('storage is down');
    });
  }
});

describe('KeyvTokenStore', () => {
  /** A Keyv of before 5.4 has no `getRaw`. */
  function small(entries = new Map<string, unknown>()): KeyvLike & { ttls: number[] } {
    const ttls: number[] = [];
    return {
      ttls,
      get: async (key) => entries.get(key),
      set: async (key, value, ttl) => {
        ttls.push(ttl);
        entries.set(key, value);
      },
      delete: async (key) => entries.delete(key),
      on: () => undefined,
    };
  }

  it('needs no more than get, set, delete and on', async () => {
    const store = new KeyvTokenStore(small(), { warn: false });
    expect(await store.setIfAbsent('k', 'one', 1_000)).toBe(true);
    expect(await store.setIfAbsent('k', 'two', 1_000)).toBe(false);
    expect(await store.replaceIfEqual('k', 'one', 'two', 1_000)).toBe(true);
    expect(await store.get('k')).toBe('two');
    await store.delete('k');
    expect(await store.get('k')).toBeUndefined();
  });

  it.each([
    [1_500, 1_500],
    [1_500.2, 1_501],
    [0.4, 1],
    [0, 1],
    [-1, 1],
    [NaN, 1],
  ])('keeps an entry for %d ms, never for ever: %d', async (ttl, ms) => {
    const keyv = small();
    const store = new KeyvTokenStore(keyv, { warn: false });
    await store.set('k', 'one', ttl);
    await store.replaceIfEqual('k', 'one', 'two', ttl);
    await store.setIfAbsent('other', 'one', ttl);
    expect(keyv.ttls).toEqual([ms, ms, ms]);
  });

  it('runs one operation per key at a time, in the order they came, and keys side by side', async () => {
    const steps: string[] = [];
    const keyv = small();
    const get = keyv.get;
    keyv.get = async (key) => {
      steps.push(`${key} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push(`${key} ends`);
      return get(key);
    };
    const store = new KeyvTokenStore(keyv, { warn: false });
    const answers = await Promise.all([
      store.setIfAbsent('a', 'one', 1_000),
      store.replaceIfEqual('a', 'one', 'two', 1_000),
      store.get('a'),
      store.get('b'),
    ]);
    expect(answers).toEqual([true, true, 'two', undefined]);
    expect(steps.filter((step) => step.startsWith('a'))).toEqual([
      'a begins',
      'a ends',
      'a begins',
      'a ends',
      'a begins',
      'a ends',
    ]);
    expect(steps.indexOf('b begins')).toBeLessThan(steps.indexOf('a ends'));
  });

  it('goes on after an operation that failed', async () => {
    const keyv = small();
    const get = keyv.get;
    keyv.get = async () => {
      keyv.get = get;
      throw new Error('once');
    };
    const store = new KeyvTokenStore(keyv, { warn: false });
    const outcomes = await Promise.allSettled([
      store.get('k'),
      store.setIfAbsent('k', 'one', 1_000),
      store.get('k'),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it.each([
    [undefined],
    [null],
    ['redis://127.0.0.1'],
    [Promise.resolve(new Keyv5())],
    [new Map()],
    [createCache()],
  ])('refuses %p for a Keyv', (keyv) => {
    const create = () => new KeyvTokenStore(keyv as never);
    expect(create).toThrow(WechatConfigError);
    expect(create).toThrow(/got no Keyv.*cache\.stores\[0\]/s);
  });

  describe('says that it is not atomic across processes', () => {
    let log: LogCapture;
    beforeEach(() => Logger.overrideLogger((log = new LogCapture())));
    afterEach(() => Logger.overrideLogger(true));

    it.each([
      ['Keyv 5 with a storage', () => new Keyv5({ store: new Storage() })],
      ['Keyv 6 with a storage', () => new Keyv6({ store: new Storage() } as object)],
      ['anything of that shape', () => small()],
    ])('once, with %s', async (_, keyv) => {
      const store = new KeyvTokenStore(keyv());
      await store.setIfAbsent('k', 'one', 1_000);
      expect(log.lines).toEqual([
        { level: 'warn', text: expect.stringContaining('atomic across processes') as string },
      ]);
    });

    it.each([
      ['Keyv 5', () => new Keyv5()],
      ['Keyv 6', () => new Keyv6()],
      ['Keyv 5 over a Map', () => new Keyv5({ store: new Map() })],
      ['the cache of cache-manager by default', () => createCache().stores[0]!],
    ])('but not with %s, whose entries end with the process', (_, keyv) => {
      expect(new KeyvTokenStore(keyv())).toBeInstanceOf(KeyvTokenStore);
      expect(log.text).toBe('');
    });

    it('and can be told not to', () => {
      expect(new KeyvTokenStore(small(), { warn: false })).toBeInstanceOf(KeyvTokenStore);
      expect(log.text).toBe('');
    });
  });
});
