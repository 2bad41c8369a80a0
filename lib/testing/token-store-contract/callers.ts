// 50 callers at once on one key: one may create it, one may replace it, and no update is lost.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenStore } from '../../tokens/token-store.js';
import { type Bench, equal, untilGone } from './bench.js';

const MINUTE = 60_000;
export const CALLERS = Array.from({ length: 50 }, (_, index) => index);

export async function createOnce(stores: TokenStore[], key: Bench['key']): Promise<void> {
  const [fresh, over] = [key('fresh'), key('over')];
  await stores[0]!.set(over, 'old', 50);
  await sleep(100);
  await untilGone(stores[0]!, over, Date.now() + 1_000);
  // An entry that is over but not yet swept away is the harder case: its row is there, and one
  // caller may take its place.
  for (const entry of [fresh, over]) {
    const won = await Promise.all(
      CALLERS.map((caller) => pick(stores, caller).setIfAbsent(entry, `${caller}`, MINUTE)),
    );
    const winners = CALLERS.filter((caller) => won[caller]);
    equal(winners.length, 1, `${winners.length} callers created ${entry}`);
    equal(await stores[0]!.get(entry), `${winners[0]}`, 'what is kept is not of the caller that won');
  }
}

export async function replaceOnce(stores: TokenStore[], key: Bench['key']): Promise<void> {
  const a = key('replaced');
  await stores[0]!.set(a, 'old', MINUTE);
  const won = await Promise.all(
    CALLERS.map((caller) => pick(stores, caller).replaceIfEqual(a, 'old', `${caller}`, MINUTE)),
  );
  const winners = CALLERS.filter((caller) => won[caller]);
  equal(winners.length, 1, `${winners.length} callers replaced ${a}`);
  equal(await stores[0]!.get(a), `${winners[0]}`, 'what is kept is not of the caller that won');
  const removed = await Promise.all(
    CALLERS.map((caller) => pick(stores, caller).replaceIfEqual(a, `${winners[0]}`, undefined, 0)),
  );
  equal(removed.filter(Boolean).length, 1, 'callers removed the one entry');
}

/** Every caller adds one, by compare-and-set until it succeeds. */
export async function addUp(stores: TokenStore[], key: Bench['key']): Promise<void> {
  const a = key('sum');
  await stores[0]!.set(a, '0', MINUTE);
  await Promise.all(
    CALLERS.map(async (caller) => {
      const store = pick(stores, caller);
      for (;;) {
        const current = (await store.get(a)) ?? assert.fail('the entry is gone');
        if (await store.replaceIfEqual(a, current, `${Number(current) + 1}`, MINUTE)) return;
      }
    }),
  );
  equal(await stores[0]!.get(a), `${CALLERS.length}`, 'updates are lost');
}

export async function openSeveral(open: Bench['open'], count: number): Promise<TokenStore[]> {
  const stores = [];
  for (let i = 0; i < count; i++) stores.push(await open());
  return stores;
}

function pick(stores: TokenStore[], caller: number): TokenStore {
  return stores[caller % stores.length]!;
}
