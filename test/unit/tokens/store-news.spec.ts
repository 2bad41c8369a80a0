// What the vault makes of a store that passes messages on, and of one that does not, fails or hangs.
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sealer } from '../../../lib/sealing/sealer.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import type { TokenStore } from '../../../lib/tokens/token-store.js';
import { type WechatEvent, WechatEvents } from '../../../lib/common/wechat-events.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeVault } from '../../support/parts.js';

const PATIENCE = 40;
const CHANNEL = 'wechat:wx1:scan:Ab-_';

let logs: LogCapture;
let events: WechatEvent['type'][];
beforeEach(() => {
  Logger.overrideLogger((logs = new LogCapture()));
  events = [];
});
afterEach(() => Logger.overrideLogger(false));

type Talking = Required<Pick<TokenStore, 'publish' | 'subscribe'>>;

function newsOf(parts: Partial<Talking>) {
  const bus = new WechatEvents();
  bus.events$.subscribe(({ type }) => events.push(type));
  const store = Object.assign(new MemoryTokenStore() as TokenStore, parts);
  const vault = makeVault(store, new Sealer([]), bus, undefined, PATIENCE);
  return { vault, news: vault.news };
}

/** As a store does that works: hands everything to all that listen. */
function talking(): Talking & { listening: Set<(message: string) => void> } {
  const listening = new Set<(message: string) => void>();
  return {
    listening,
    publish: async (_, message) => listening.forEach((listener) => listener(message)),
    subscribe: async (_, listener) => {
      listening.add(listener);
      return async () => void listening.delete(listener);
    },
  };
}

const hang = () => new Promise<never>(() => {});
const fail = () => Promise.reject(new TypeError('secret words'));
const throws = () => {
  throw new RangeError('secret words');
};

it('a message reaches who listens, until that is ended', async () => {
  const { news } = newsOf(talking());
  const heard: string[] = [];
  const stop = await news.listen(CHANNEL, (message) => heard.push(message));
  await news.tell(CHANNEL, 'one');
  await stop!();
  await news.tell(CHANNEL, 'two');
  expect([news.canTell, heard]).toEqual([true, ['one']]);
});

it.each<[string, Partial<Talking>]>([
  ['neither', {}],
  ['publish only', { publish: hang }],
  ['subscribe only', { subscribe: hang }],
])('a store with %s is not asked', async (_, parts) => {
  const { news } = newsOf(parts);
  expect(news.canTell).toBe(false);
  await news.tell(CHANNEL, 'one');
  expect(await news.listen(CHANNEL, () => {})).toBeUndefined();
});

it.each([
  ['rejects', fail, 'TypeError'],
  ['throws', throws, 'RangeError'],
  ['hangs', hang, 'StoreHangs'],
])(
  'a store that %s at telling costs no more than the patience, and is not down',
  async (_, publish, name) => {
    const { news } = newsOf({ ...talking(), publish });
    const startedAt = performance.now();
    await news.tell(CHANNEL, 'one');
    expect(performance.now() - startedAt).toBeLessThan(PATIENCE * 5);
    expect(events).toEqual([]);
    expect(logs.text).toBe(`debug The token store passes no message on (${name}). WechatOAuth`);
  },
);

it.each([
  ['rejects', fail, 'TypeError'],
  ['throws', throws, 'RangeError'],
])('a store that %s at listening is one that cannot', async (_, subscribe, name) => {
  const { news } = newsOf({ ...talking(), subscribe });
  expect(await news.listen(CHANNEL, () => {})).toBeUndefined();
  expect(events).toEqual([]);
  expect(logs.text).toBe(`debug The token store does not listen (${name}). WechatOAuth`);
});

it('a subscription that comes too late is ended at once', async () => {
  const store = talking();
  const late = async (...args: Parameters<Talking['subscribe']>) => {
    await sleep(5_100);
    return store.subscribe(...args);
  };
  const { news } = newsOf({ ...store, subscribe: late });
  expect(await news.listen(CHANNEL, () => {})).toBeUndefined();
  await sleep(300);
  expect(store.listening.size).toBe(0);
}, 10_000);

it('an end that fails is no failure of the caller', async () => {
  const { news } = newsOf({ ...talking(), subscribe: async () => fail });
  const stop = await news.listen(CHANNEL, () => {});
  await expect(stop!()).resolves.toBeUndefined();
  expect(logs.text).toContain('does not stop listening (TypeError)');
});

it('a listener that throws does not disturb the others, nor the store', async () => {
  const { news } = newsOf(talking());
  const heard: string[] = [];
  await news.listen(CHANNEL, throws);
  await news.listen(CHANNEL, (message) => heard.push(message));
  await news.tell(CHANNEL, 'one');
  expect(heard).toEqual(['one']);
  expect(logs.lines.map(({ level }) => level)).toEqual(['error']);
  expect(logs.text).toContain('A listener of the token store threw (RangeError).');
  expect(logs.text).not.toContain('secret words');
});

it('after the shutdown nothing is asked any more', async () => {
  const { vault, news } = newsOf({ publish: throws, subscribe: throws });
  vault.onApplicationShutdown();
  await news.tell(CHANNEL, 'one');
  expect(await news.listen(CHANNEL, () => {})).toBeUndefined();
  expect(logs.text).toBe('');
});
