// Word between processes: it wakes the others, not oneself, and may be lost.
import { Logger } from '@nestjs/common';
import { ScanNews } from '../../../../lib/push/scan/waiting/scan-news.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import type { TokenStore } from '../../../../lib/tokens/token-store.js';
import { HandClock, settle } from '../../../support/hand-clock.js';
import { makeParts, makeVault } from '../../../support/parts.js';
import { QuietStore, TalkingStore } from '../../../support/talking-store.js';

const ID = 'i'.repeat(43);
const { app } = makeParts();
let clock: HandClock;
let store: TalkingStore;
let woken: string[];

beforeEach(() => {
  Logger.overrideLogger(false);
  clock = new HandClock();
  store = new TalkingStore({ now: clock.now });
  woken = [];
});

function process(name: string, on: TokenStore = store): ScanNews {
  const news = new ScanNews(makeVault(on, new Sealer([])), clock);
  news.onNews((of, id) => woken.push(`${name} ${of.name} ${id}`));
  return news;
}

it('wakes every other process that listens, and not the one that says it', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => process(name)) as [ScanNews, ScanNews, ScanNews];
  for (const one of [a, b]) await one.listen(app);
  a.tell(app, ID);
  await settle();
  expect(woken).toEqual([`b default ${ID}`]);
  c.tell(app, ID);
  await settle();
  expect(woken.slice(1)).toEqual([`a default ${ID}`, `b default ${ID}`]);
});

it('listens once for an account, and says nothing but the id', async () => {
  const a = process('a');
  await Promise.all([a.listen(app), a.listen(app), a.listen(app)]);
  a.tell(app, ID);
  await settle();
  const [[channel, listeners]] = [...store.heard] as [[string, Set<unknown>]];
  expect([channel, listeners.size]).toEqual([`wechat:${app.appId}:scan:news`, 1]);
  expect(store.said).toEqual([expect.stringMatching(/^i{43}\.[\w-]{8}$/)]);
});

it.each([
  '',
  ID,
  `${ID}.`,
  `${ID}.1234567`,
  `${ID}.123456789`,
  `${ID}!.12345678`,
  `${ID}.12345678\n`,
  'x.12345678',
])('a message that is none of ours (%j) wakes nobody', async (message) => {
  const a = process('a');
  await a.listen(app);
  await store.publish(`wechat:${app.appId}:scan:news`, message);
  await settle();
  expect(woken).toEqual([]);
});

describe('whether nothing can have happened to a code', () => {
  it('only where this process listened before it was made, clocks apart, and heard nothing', async () => {
    const [a, b] = [process('a'), process('b')];
    const channel = await a.listen(app);
    const began = clock.time;
    expect(a.isUntouched(undefined, ID, began + 60_000)).toBe(false);
    expect(a.isUntouched(channel, ID, began + 5_000)).toBe(false);
    expect(a.isUntouched(channel, ID, began + 5_001)).toBe(true);
    // Of its own clock it is sure.
    a.made('o'.repeat(43));
    expect(a.isUntouched(channel, 'o'.repeat(43), began)).toBe(true);
    expect(a.isUntouched(channel, 'o'.repeat(43), began - 1)).toBe(false);
    b.tell(app, ID);
    await settle();
    expect(a.isUntouched(channel, ID, began + 60_000)).toBe(false);
    expect(a.isUntouched(channel, 'j'.repeat(43), began + 60_000)).toBe(true);
  });

  it.each(['tell', 'note'] as const)('nor where this process did it itself: %s', async (what) => {
    const a = process('a');
    const channel = await a.listen(app);
    if (what === 'tell') a.tell(app, ID);
    else a.note(ID);
    expect(a.isUntouched(channel, ID, clock.time + 60_000)).toBe(false);
    await settle();
    expect(store.said).toHaveLength(what === 'tell' ? 1 : 0);
  });
});

it('a store that cannot tell is not asked to', async () => {
  const quiet = new QuietStore({ now: clock.now });
  const a = process('a', quiet);
  expect(await a.listen(app)).toBeUndefined();
  a.tell(app, ID);
  await settle();
  expect([quiet.asked, woken]).toEqual([[], []]);
});

it('a store that does not listen just now is asked again after ten seconds', async () => {
  const a = process('a');
  store.failing.add('subscribe');
  expect(await a.listen(app)).toBeUndefined();
  store.failing.clear();
  await clock.advance(9_999);
  expect(await a.listen(app)).toBeUndefined();
  await clock.advance(1);
  expect(await a.listen(app)).toMatchObject({ since: clock.time });
});

it('a message that is lost is nobody’s failure', async () => {
  const [a, b] = [process('a'), process('b')];
  await b.listen(app);
  store.failing.add('publish');
  a.tell(app, ID);
  await settle();
  expect(woken).toEqual([]);
});

it('ends with the application', async () => {
  const [a, b] = [process('a'), process('b')];
  await a.listen(app);
  await a.close();
  b.tell(app, ID);
  a.tell(app, ID);
  await settle();
  expect([woken, store.said.length, await a.listen(app)]).toEqual([[], 1, undefined]);
  expect([...store.heard.values()].map(({ size }) => size)).toEqual([0]);
});
