// What one client tells another: it arrives whole, at all that listen to this channel, and only
// there.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenStore } from '../../tokens/token-store.js';
import { type Bench, equal, same } from './bench.js';

/** How long a message may take, in ms. */
const ARRIVES_WITHIN_MS = 5_000;

/** 1 KiB in bytes, of one to four each. */
const MESSAGE = `{"微信":"🐼é"}${'微'.repeat(333)}${'x'.repeat(6)}`;

/** Channels that a store may take for each other, by case or by a pattern. */
const CHANNELS = ['Ab-_09', 'ab-_09', 'Ab-_0', 'Ab-_09:', 'Ab-_09:x', 'Ab__09'];

type Talking = TokenStore & Required<Pick<TokenStore, 'publish' | 'subscribe'>>;

/** Whether there is anything to test; a store with one of the two only fails. */
function talks(store: TokenStore): store is Talking {
  const [publish, subscribe] = [typeof store.publish, typeof store.subscribe];
  assert(
    (publish === 'function') === (subscribe === 'function'),
    `the store has ${publish === 'function' ? 'publish without subscribe' : 'subscribe without publish'}: it needs both or neither`,
  );
  return publish === 'function';
}

export async function passMessages({ open, key }: Pick<Bench, 'open' | 'key'>): Promise<void> {
  const [left, right] = [await open(), await open()];
  if (!talks(left) || !talks(right)) return;
  const channel = key('scan');
  const heard = { first: [] as string[], second: [] as string[] };
  const first = await right.subscribe(channel, (message) => heard.first.push(message));
  const second = await right.subscribe(channel, (message) => heard.second.push(message));
  // Who tells may listen, too, and hears itself or not.
  await left.subscribe(channel, () => undefined);
  equal(await left.publish(channel, MESSAGE), undefined);
  await arrived(heard.first, 1);
  await arrived(heard.second, 1);
  same(heard.first[0], MESSAGE, 'a message of 1 KiB');
  equal(await first(), undefined);
  await left.publish(channel, 'two');
  await arrived(heard.second, 2);
  equal(heard.first.length, 1, 'a listener that has ended is called');
  await second();
  await second();
  await left.publish(channel, 'three');
  await sleep(200);
  equal(heard.second.length, 2, 'a listener that has ended is called');
  // What ends must not take with it what begins at the same moment.
  let end = second;
  for (let round = 0; round < 5; round++) {
    const again: string[] = [];
    const ended = end();
    end = await right.subscribe(channel, (message) => again.push(message));
    await ended;
    await left.publish(channel, `${round}`);
    await arrived(again, 1);
    equal(again[0], `${round}`);
  }
}

export async function keepChannelsApart({ open, key }: Pick<Bench, 'open' | 'key'>): Promise<void> {
  const [left, right] = [await open(), await open()];
  if (!talks(left) || !talks(right)) return;
  const heard = new Map<string, string[]>();
  await Promise.all(
    CHANNELS.map((suffix) => {
      const channel = key(suffix);
      const messages: string[] = [];
      heard.set(channel, messages);
      return right.subscribe(channel, (message) => messages.push(message));
    }),
  );
  for (const channel of heard.keys()) await left.publish(channel, channel);
  for (const messages of heard.values()) await arrived(messages, 1);
  await sleep(100);
  for (const [channel, messages] of heard) equal(messages.join(), channel, 'channels are not kept apart');
}

async function arrived(messages: string[], count: number): Promise<void> {
  const deadline = Date.now() + ARRIVES_WITHIN_MS;
  while (messages.length < count) {
    assert(Date.now() < deadline, `a message has not arrived after ${ARRIVES_WITHIN_MS} ms`);
    await sleep(10);
  }
}
