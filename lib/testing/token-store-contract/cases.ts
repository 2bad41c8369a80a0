// The cases of the token-store contract. Each stands for a way in which some real database merges,
// changes, loses or keeps an entry.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, equal, onBench, rejects, same, untilGone, untilItAnswers } from './bench.js';
import { addUp, CALLERS, createOnce, openSeveral, replaceOnce } from './callers.js';
import { LARGE_VALUES, LOOKALIKES, ODD_KEYS, VALUES } from './samples.js';
import { keepChannelsApart, passMessages } from './messages.js';
import type { TokenStoreCapabilities, TokenStoreHarness } from './harness.js';

/** One rule of the contract. */
export interface TokenStoreCase {
  title: string;
  /** Skipped when the store declares that it lacks one of these. */
  needs: readonly (keyof TokenStoreCapabilities)[];
  run(harness: TokenStoreHarness): Promise<void>;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

export const TOKEN_STORE_CASES: readonly TokenStoreCase[] = [
  one('gives back what was set, and undefined for what was not', async ({ open, key }) => {
    const store = await open();
    const [a, b] = [key('a'), key('b')];
    equal(await store.get(a), undefined);
    equal(await store.set(a, 'one', MINUTE), undefined);
    equal(await store.get(a), 'one');
    equal(await store.get(b), undefined);
    await store.set(a, 'two', MINUTE);
    equal(await store.get(a), 'two');
    // Nothing changes: some drivers count only changed rows.
    await store.set(a, 'two', MINUTE);
    equal(await store.get(a), 'two');
  }),

  one('deletes, also what is not there', async ({ open, key }) => {
    const store = await open();
    const [a, b] = [key('a'), key('b')];
    await store.set(a, 'one', MINUTE);
    await store.set(b, 'two', MINUTE);
    equal(await store.delete(a), undefined);
    await store.delete(a);
    await store.delete(key('never was'));
    equal(await store.get(a), undefined);
    equal(await store.get(b), 'two');
  }),

  one('setIfAbsent creates once', async ({ open, key }) => {
    const store = await open();
    const a = key();
    equal(await store.setIfAbsent(a, 'one', MINUTE), true);
    equal(await store.setIfAbsent(a, 'one', MINUTE), false, 'the same value is no exception');
    equal(await store.setIfAbsent(a, 'two', MINUTE), false);
    equal(await store.get(a), 'one');
    await store.delete(a);
    equal(await store.setIfAbsent(a, 'three', MINUTE), true);
    equal(await store.get(a), 'three');
  }),

  one('replaceIfEqual replaces and deletes only what is expected', async ({ open, key }) => {
    const store = await open();
    const a = key();
    equal(await store.replaceIfEqual(a, 'one', 'two', MINUTE), false, 'there is nothing to replace');
    equal(await store.get(a), undefined);
    await store.set(a, 'one', MINUTE);
    equal(await store.replaceIfEqual(a, 'other', 'two', MINUTE), false);
    equal(await store.replaceIfEqual(a, 'other', undefined, MINUTE), false);
    equal(await store.get(a), 'one');
    equal(await store.replaceIfEqual(a, 'one', 'two', MINUTE), true);
    equal(await store.get(a), 'two');
    equal(await store.replaceIfEqual(a, 'two', 'two', MINUTE), true, 'the value may stay as it is');
    equal(await store.get(a), 'two');
    equal(await store.replaceIfEqual(a, 'two', undefined, 0), true, 'a removal has no use for the time');
    equal(await store.get(a), undefined);
    equal(await store.replaceIfEqual(a, 'two', undefined, 0), false);
  }),

  one('keeps every text as it is, and compares it exactly', async ({ open, key }) => {
    const store = await open();
    for (const [name, value] of Object.entries(VALUES)) {
      const a = key('value');
      await store.set(a, value, MINUTE);
      same(await store.get(a), value, name);
      equal(await store.setIfAbsent(a, 'other', MINUTE), false, name);
      equal(await store.replaceIfEqual(a, `${value}.`, 'other', MINUTE), false, name);
      equal(await store.replaceIfEqual(a, value, 'next', MINUTE), true, name);
      equal(await store.replaceIfEqual(a, 'next', value, MINUTE), true, name);
      same(await store.get(a), value, `${name}, written by replaceIfEqual`);
      await store.delete(a);
      equal(await store.setIfAbsent(a, value, MINUTE), true, name);
      same(await store.get(a), value, `${name}, written by setIfAbsent`);
    }
  }),

  one('does not take one value for another that looks like it', async ({ open, key }) => {
    const store = await open();
    const a = key();
    for (const value of LOOKALIKES) {
      await store.set(a, value, MINUTE);
      for (const other of LOOKALIKES) {
        if (other === value) continue;
        const replaced = await store.replaceIfEqual(a, other, 'wrong', MINUTE);
        equal(replaced, false, `${JSON.stringify(value)} passed for ${JSON.stringify(other)}`);
      }
      same(await store.get(a), value, JSON.stringify(value));
    }
  }),

  one('keeps values of 64 KiB', async ({ open, key }) => {
    const store = await open();
    for (const [name, value] of Object.entries(LARGE_VALUES)) {
      const [a, b] = [key('a'), key('b')];
      await store.set(a, value, MINUTE);
      same(await store.get(a), value, name);
      equal(await store.setIfAbsent(b, value, MINUTE), true, name);
      // Only the end differs: an index over the first bytes, or a column that cuts, would not see
      // it.
      const almost = `${value.slice(0, -2)}zz`;
      equal(await store.replaceIfEqual(b, almost, 'wrong', MINUTE), false, name);
      equal(await store.replaceIfEqual(b, value, almost, MINUTE), true, name);
      same(await store.get(b), almost, `${name}, written by replaceIfEqual`);
    }
  }),

  one('keeps keys apart that look alike, by case, accent or padding', async ({ open, key }) => {
    const store = await open();
    const keys = LOOKALIKES.map((suffix) => key(suffix));
    for (const [index, a] of keys.entries()) {
      equal(await store.setIfAbsent(a, `${index}`, MINUTE), true, `${JSON.stringify(a)} was there already`);
    }
    for (const [index, a] of keys.entries()) equal(await store.get(a), `${index}`, JSON.stringify(a));
    await store.delete(keys[0]!);
    for (const [index, a] of keys.entries()) {
      equal(await store.get(a), index === 0 ? undefined : `${index}`, JSON.stringify(a));
    }
  }),

  one('takes keys with odd characters', async ({ open, key }) => {
    const store = await open();
    const keys = ODD_KEYS.map((suffix) => key(suffix));
    for (const a of keys) equal(await store.get(a), undefined, JSON.stringify(a));
    await Promise.all(keys.map((a) => store.set(a, `set ${a}`, MINUTE)));
    for (const a of keys) {
      equal(await store.get(a), `set ${a}`, JSON.stringify(a));
      equal(await store.replaceIfEqual(a, `set ${a}`, `replaced ${a}`, MINUTE), true, JSON.stringify(a));
      equal(await store.get(a), `replaced ${a}`, JSON.stringify(a));
    }
    for (const a of keys) {
      await store.delete(a);
      equal(await store.setIfAbsent(a, 'again', MINUTE), true, JSON.stringify(a));
    }
  }),

  one('drops an entry when its time is over: not early, and not a second late', async ({ open, key }) => {
    const store = await open();
    const ttl = 1_200;
    const written = Date.now();
    const [a, b, c, d] = [key('set'), key('setIfAbsent'), key('replaceIfEqual'), key('unchanged')];
    await Promise.all([
      store.set(a, 'one', ttl),
      store.setIfAbsent(b, 'one', ttl),
      store.set(c, 'one', DAY).then(() => store.replaceIfEqual(c, 'one', 'two', ttl)),
      store.set(d, 'one', DAY).then(() => store.replaceIfEqual(d, 'one', 'one', ttl)),
    ]);
    const done = Date.now();
    await Promise.all(
      [a, b, c, d].map(async (entry) => {
        await untilGone(store, entry, done + ttl + 1_000);
        // A clock is not a stopwatch: a hundredth of a second may be lost to its steps.
        assert(Date.now() >= written + ttl - 20, `${entry} went after ${Date.now() - written} of ${ttl} ms`);
      }),
    );
    equal(await store.replaceIfEqual(a, 'one', 'two', MINUTE), false, 'what is over cannot be replaced');
    equal(await store.replaceIfEqual(a, 'one', undefined, MINUTE), false, 'what is over cannot be removed');
    equal(await store.get(a), undefined);
    equal(await store.setIfAbsent(b, 'next', MINUTE), true, 'what is over does not stand in the way');
    equal(await store.get(b), 'next');
    await store.set(c, 'next', MINUTE);
    equal(await store.get(c), 'next');
  }),

  one('counts the time anew with every write, and only then', async ({ open, key }) => {
    const store = await open();
    const ttl = 600;
    const [a, b, c, d, e] = [key('set'), key('replaced'), key('unchanged'), key('read'), key('refused')];
    await Promise.all([a, b, c, d, e].map((entry) => store.set(entry, 'one', ttl)));
    const written = Date.now();
    await sleep(300);
    await Promise.all([
      store.set(a, 'one', MINUTE),
      store.replaceIfEqual(b, 'one', 'two', MINUTE),
      store.replaceIfEqual(c, 'one', 'one', MINUTE),
      store.get(d),
      store.setIfAbsent(e, 'two', MINUTE),
      store.replaceIfEqual(e, 'two', 'three', MINUTE),
    ]);
    // Reading does not prolong, and neither does a write that is refused.
    await untilGone(store, d, written + ttl + 1_000);
    await untilGone(store, e, written + ttl + 1_000);
    equal(await store.get(a), 'one');
    equal(await store.get(b), 'two');
    equal(await store.get(c), 'one');
  }),

  one('takes every length of time: months, fractions, nothing and less', async ({ open, key }) => {
    const store = await open();
    // 30 days in milliseconds do not fit into 31 bits, which is what a timer and an INT column
    // have.
    for (const ttl of [30 * DAY, 365 * DAY, 90_000.75]) {
      const [a, b, c] = [key('long'), key('long'), key('long')];
      await store.set(a, 'one', ttl);
      equal(await store.setIfAbsent(b, 'one', ttl), true);
      await store.set(c, 'none', MINUTE);
      equal(await store.replaceIfEqual(c, 'none', 'one', ttl), true);
      for (const entry of [a, b, c]) equal(await store.get(entry), 'one', `after ${ttl} ms`);
    }
    // A caller computes the time from an expiry that may have passed. Many databases take 0 for
    // "for ever".
    const short = [];
    for (const ttl of [0, -1, -DAY, 0.4]) {
      const [a, b, c] = [key(`set ${ttl}`), key(`setIfAbsent ${ttl}`), key(`replaceIfEqual ${ttl}`)];
      await store.set(a, 'one', ttl);
      equal(await store.setIfAbsent(b, 'one', ttl), true);
      await store.set(c, 'none', MINUTE);
      equal(await store.replaceIfEqual(c, 'none', 'one', ttl), true);
      short.push(a, b, c);
    }
    const deadline = Date.now() + 1_000;
    for (const entry of short) await untilGone(store, entry, deadline);
  }),

  one('survives 50 callers that write one key at once', async ({ open, key }) => {
    const store = await open();
    const a = key();
    await Promise.all(CALLERS.map((caller) => store.set(a, `${caller}`, MINUTE)));
    assert(CALLERS.includes(Number(await store.get(a))));
    await Promise.all(
      CALLERS.map((caller) => (caller % 2 === 0 ? store.set(a, `${caller}`, MINUTE) : store.delete(a))),
    );
    await store.set(a, 'last', MINUTE);
    equal(await store.get(a), 'last');
  }),

  one('setIfAbsent lets one of 50 callers win', async ({ open, key }) => {
    await createOnce(await openSeveral(open, 1), key);
  }),

  one('replaceIfEqual lets one of 50 callers win, and loses no update', async ({ open, key }) => {
    await replaceOnce(await openSeveral(open, 1), key);
    await addUp(await openSeveral(open, 1), key);
  }),

  one(
    'setIfAbsent lets one of 50 callers win, on several clients',
    async ({ open, key }) => {
      await createOnce(await openSeveral(open, 5), key);
    },
    ['atomic', 'shared'],
  ),

  one(
    'replaceIfEqual lets one of 50 callers win, and loses no update, on several clients',
    async ({ open, key }) => {
      await replaceOnce(await openSeveral(open, 5), key);
      await addUp(await openSeveral(open, 5), key);
    },
    ['atomic', 'shared'],
  ),

  one(
    'shows every client what another has done',
    async ({ open, key }) => {
      const [left, right] = [await open(), await open()];
      const a = key();
      await left.set(a, 'one', MINUTE);
      equal(await right.get(a), 'one');
      equal(await right.setIfAbsent(a, 'two', MINUTE), false);
      equal(await right.replaceIfEqual(a, 'one', 'two', MINUTE), true);
      equal(await left.get(a), 'two');
      equal(await left.replaceIfEqual(a, 'one', 'three', MINUTE), false);
      await left.delete(a);
      equal(await right.get(a), undefined);
      equal(await right.setIfAbsent(a, 'four', MINUTE), true);
      equal(await left.replaceIfEqual(a, 'four', undefined, 0), true);
      equal(await right.get(a), undefined);
    },
    ['shared'],
  ),

  one(
    'keeps entries and their times over a restart of the application',
    async ({ open, closeAll, key }) => {
      const [a, b] = [key('long'), key('short')];
      const before = await open();
      await before.set(a, VALUES['every byte'], MINUTE);
      await before.set(b, 'one', 1_000);
      const written = Date.now();
      await closeAll();
      const after = await open();
      same(await after.get(a), VALUES['every byte'], 'every byte');
      equal(await after.replaceIfEqual(a, VALUES['every byte'], 'two', MINUTE), true);
      // The time goes on while the application is down.
      await untilGone(after, b, written + 2_000);
    },
    ['shared'],
  ),

  one('passes messages to every listener of a channel, if it has publish and subscribe', passMessages),

  one('keeps channels apart, if it has publish and subscribe', keepChannelsApart),

  one(
    'rejects while the server is down, and works again when it is back',
    async ({ harness, open, key }) => {
      const { stop, start } = harness;
      assert(stop && start, 'without `stop` and `start` in the harness, declare `outage: false`');
      const store = await open();
      const a = key();
      await store.set(a, 'one', MINUTE);
      await stop.call(harness);
      try {
        // A rejection that nobody handles, from a client or an adapter, is reported by the test
        // runner itself.
        await rejects('get', () => store.get(a));
        await rejects('set', () => store.set(a, 'two', MINUTE));
        await rejects('delete', () => store.delete(a));
        await rejects('setIfAbsent', () => store.setIfAbsent(a, 'two', MINUTE));
        await rejects('replaceIfEqual', () => store.replaceIfEqual(a, 'one', 'two', MINUTE));
        await Promise.all(CALLERS.map(() => rejects('get', () => store.get(a))));
      } finally {
        await start.call(harness);
      }
      await untilItAnswers(store, a);
      // Whether the entry outlived the outage is up to the server, and so is a write that was on
      // its way.
      await store.set(a, 'three', MINUTE);
      equal(await store.get(a), 'three');
      equal(await store.replaceIfEqual(a, 'three', 'four', MINUTE), true);
      equal(await store.setIfAbsent(a, 'five', MINUTE), false);
      await store.delete(a);
      equal(await store.setIfAbsent(a, 'six', MINUTE), true);
    },
    ['outage'],
  ),
];

function one(
  title: string,
  test: (bench: Bench) => Promise<void>,
  needs: TokenStoreCase['needs'] = [],
): TokenStoreCase {
  return { title, needs, run: (harness) => onBench(harness, test) };
}
