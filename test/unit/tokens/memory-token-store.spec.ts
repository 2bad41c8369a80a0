// The default store: expiry, its limit, and the two atomic operations under many callers at once.
import { WechatConfigError } from '../../../lib/errors/errors.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import { expectFreeOf } from '../../support/canary.js';
import { runScript } from '../../support/child-process.js';

const HOUR = 3_600_000;
let time: number;
const now = () => time;
let store: MemoryTokenStore;

beforeEach(() => {
  time = Date.UTC(2026, 0, 1);
  store = new MemoryTokenStore({ now });
});

describe('MemoryTokenStore', () => {
  it('gives back what was set, and nothing else', async () => {
    await store.set('a', 'one', HOUR);
    expect(await store.get('a')).toBe('one');
    expect(await store.get('A')).toBeUndefined();
    expect(await store.get('b')).toBeUndefined();
    await store.set('a', 'two', HOUR);
    expect(await store.get('a')).toBe('two');
  });

  it('keeps an empty value apart from none', async () => {
    await store.set('a', '', HOUR);
    expect(await store.get('a')).toBe('');
    expect(await store.setIfAbsent('a', 'x', HOUR)).toBe(false);
    expect(await store.replaceIfEqual('a', '', 'x', HOUR)).toBe(true);
  });

  it('deletes', async () => {
    await store.set('a', 'one', HOUR);
    await store.delete('a');
    await store.delete('never was');
    expect(await store.get('a')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('forgets an entry when its time is over, to the millisecond', async () => {
    await store.set('a', 'one', 1_000);
    time += 999;
    expect(await store.get('a')).toBe('one');
    time += 1;
    expect(await store.get('a')).toBeUndefined();
    expect(store.size).toBe(0);
  });

  it('does not prolong an entry that is read', async () => {
    await store.set('a', 'one', 1_000);
    for (let i = 0; i < 9; i++) {
      time += 111;
      await store.get('a');
    }
    time += 1;
    expect(await store.get('a')).toBeUndefined();
  });

  it('counts the time anew for an entry that is written', async () => {
    await store.set('a', 'one', 1_000);
    time += 900;
    await store.replaceIfEqual('a', 'one', 'two', 1_000);
    time += 900;
    expect(await store.get('a')).toBe('two');
  });

  it('treats an entry past its time as absent, in every operation', async () => {
    await store.set('a', 'one', 1_000);
    time += 1_000;
    expect(await store.replaceIfEqual('a', 'one', 'two', HOUR)).toBe(false);
    expect(await store.setIfAbsent('a', 'three', HOUR)).toBe(true);
    expect(await store.get('a')).toBe('three');
  });

  it.each([[0], [-1], [NaN]])('keeps nothing for %p ms', async (ttl) => {
    await store.set('a', 'one', ttl);
    expect(await store.get('a')).toBeUndefined();
  });

  it('lets one of 50 callers create an entry', async () => {
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.setIfAbsent('a', `value ${index}`, HOUR)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('a')).toBe(`value ${won.indexOf(true)}`);
  });

  it('lets one of 50 callers replace what they all read', async () => {
    await store.set('a', 'old', HOUR);
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.replaceIfEqual('a', 'old', `value ${index}`, HOUR)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('a')).toBe(`value ${won.indexOf(true)}`);
  });

  it('lets one of 50 callers delete what they all read', async () => {
    await store.set('a', 'old', HOUR);
    const won = await Promise.all(
      Array.from({ length: 50 }, () => store.replaceIfEqual('a', 'old', undefined, 0)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('a')).toBeUndefined();
  });

  it('replaces only what is exactly as expected, and nothing that is not there', async () => {
    await store.set('a', '{"n":1}', HOUR);
    for (const other of ['{"n": 1}', '{"n":1} ', '', '{"n":2}']) {
      expect(await store.replaceIfEqual('a', other, 'x', HOUR)).toBe(false);
    }
    expect(await store.replaceIfEqual('b', '', 'x', HOUR)).toBe(false);
    expect(await store.get('a')).toBe('{"n":1}');
    expect(await store.get('b')).toBeUndefined();
  });

  it.each([
    ['__proto__'],
    ['constructor'],
    ['toString'],
    ['hasOwnProperty'],
    [''],
    ['wechat:x:token:__proto__'],
  ])('knows the key %p as any other', async (key) => {
    expect(await store.get(key)).toBeUndefined();
    expect(await store.setIfAbsent(key, 'one', HOUR)).toBe(true);
    expect(await store.get(key)).toBe('one');
    expect(await store.replaceIfEqual(key, 'one', 'two', HOUR)).toBe(true);
    await store.delete(key);
    expect(await store.get(key)).toBeUndefined();
    expect(({} as Record<string, unknown>)['one']).toBeUndefined();
  });

  it('holds 10,000 entries if nothing else is said', async () => {
    for (let i = 0; i < 10_500; i++) await store.set(`k${i}`, 'v', HOUR);
    expect(store.size).toBe(10_000);
    expect(await store.get('k499')).toBeUndefined();
    expect(await store.get('k500')).toBe('v');
  });

  it('drops what was not used for longest', async () => {
    store = new MemoryTokenStore({ max: 3, now });
    for (const key of ['a', 'b', 'c']) await store.set(key, key, HOUR);
    await store.get('a');
    await store.set('d', 'd', HOUR);
    expect(await store.get('b')).toBeUndefined();
    await store.replaceIfEqual('c', 'c', 'C', HOUR);
    await store.set('e', 'e', HOUR);
    expect(await store.get('a')).toBeUndefined();
    expect(await Promise.all(['c', 'd', 'e'].map((key) => store.get(key)))).toEqual(['C', 'd', 'e']);
  });

  it.each([[0], [-1], [1.5], [NaN], [Infinity], ['10'], [null]])('refuses %p as its limit', (max) => {
    const create = () => new MemoryTokenStore({ max: max as number });
    expect(create).toThrow(WechatConfigError);
    expect(create).toThrow(/MemoryTokenStore\.max.*Write e\.g\. 10_000/);
  });

  it.each(['token', 'session-key', 'ended'])(
    'keeps every entry of the kind %s while thirty thousand made-up logins go through',
    async (kind) => {
      const keys = Array.from({ length: 5_000 }, (_, person) => `wechat:wx1:${kind}:o${person}`);
      for (const key of keys) await store.set(key, 'kept', 30 * 24 * HOUR);
      for (let login = 0; login < 10_000; login++) {
        for (const other of ['claim', 'code', 'login'])
          await store.set(`wechat:wx1:${other}:${login}`, 'x', HOUR);
      }
      expect(await Promise.all(keys.map((key) => store.get(key)))).toEqual(keys.map(() => 'kept'));
    },
  );

  it('has a bound whatever kinds there are', async () => {
    const small = new MemoryTokenStore({ max: 2, now });
    for (let kind = 0; kind < 200; kind++) {
      const name = String.fromCharCode(97 + (kind % 26), 97 + Math.floor(kind / 26));
      for (const id of ['a', 'b', 'c']) await small.set(`wechat:wx1:${name}:${id}`, 'x', HOUR);
    }
    for (let id = 0; id < 100; id++) {
      for (const key of [`wechat:wx1:UPPER:${id}`, `other:${id}`, `wechat:${id}`])
        await small.set(key, 'x', HOUR);
    }
    expect(small.size).toBeLessThanOrEqual(2 * 21);
    expect(await small.get('wechat:wx1:UPPER:99')).toBeUndefined();
    expect(await small.get('wechat:99')).toBe('x');
  });

  it('may hold a single entry of a kind', async () => {
    const single = new MemoryTokenStore({ max: 1, now });
    await single.set('a', 'one', HOUR);
    await single.set('b', 'two', HOUR);
    expect([await single.get('a'), await single.get('b')]).toEqual([undefined, 'two']);
  });

  it('says that no other process sees its entries', () => {
    expect(store.keepsInProcess()).toBe(true);
  });

  it('goes by the clock of the machine if it is given none', async () => {
    store = new MemoryTokenStore();
    await store.set('a', 'one', HOUR);
    expect(await store.get('a')).toBe('one');
    await store.set('a', 'one', -HOUR);
    expect(await store.get('a')).toBeUndefined();
  });

  it('shows no value to those who print it', async () => {
    await store.set('a', 'canary', HOUR);
    expectFreeOf(store, ['canary']);
  });

  it('keeps no process alive', () => {
    const { status, stdout, stderr } = runScript(
      `import { MemoryTokenStore } from './tokens/memory-token-store.ts';
       const store = new MemoryTokenStore();
       for (let i = 0; i < 100; i++) await store.set('k' + i, 'v', 86_400_000);
       await store.setIfAbsent('a', 'v', 86_400_000);
       console.log('done', store.size);`,
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done 101\n', stderr: '' });
  });
});
