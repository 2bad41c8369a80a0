// What a login by a scan costs the store, whichever processes its parts come to.
import { Logger } from '@nestjs/common';
import { HandClock, settle } from '../../../support/hand-clock.js';
import { type Desk, digitsIn, makeProcess, type Process } from '../../../support/scan-process.js';
import { QuietStore, TalkingStore } from '../../../support/talking-store.js';

let clock: HandClock;
beforeEach(() => {
  Logger.overrideLogger(false);
  clock = new HandClock();
});

/** Processes that have been running for a while: they listen, and have some of the day's codes. */
async function running<S extends QuietStore>(store: S, many: number): Promise<[S, ...Process[]]> {
  const processes = Array.from({ length: many }, () => makeProcess(store, clock));
  for (const one of processes) {
    const desk = one.desk('203.0.113.99');
    await one.page(desk);
    (await one.wait(desk)).end();
  }
  await clock.advance(10_000);
  store.asked.length = 0;
  return [store, ...processes];
}

/** A login whose parts come to these processes; a promise that everything has come to an end. */
async function login(desk: Desk, at: { page: Process; push: Process; finish: Process }) {
  await at.page.page(desk);
  const stream = await at.page.wait(desk);
  const text = await at.push.scan(at.page.scenes.at(-1)!);
  await settle();
  expect(stream.statuses).toEqual(['waiting', 'scanned']);
  const done = await at.finish.finish(desk, digitsIn(text));
  await settle();
  expect([done.status, done.headers.get('Location')]).toEqual([303, ['https://shop.example.com/orders']]);
  return stream;
}

describe('a store that tells', () => {
  it('one process: six operations, and nothing is read', async () => {
    const [store, a] = await running(new TalkingStore({ now: clock.now }), 1);
    const stream = await login(a!.desk(), { page: a!, push: a!, finish: a! });
    expect(store.asked).toEqual([
      'setIfAbsent scan-slot',
      'setIfAbsent scan',
      'replaceIfEqual scan',
      'publish scan',
      'replaceIfEqual scan',
      'replaceIfEqual scan',
    ]);
    expect([stream.statuses.at(-1), stream.ended]).toEqual(['finished', true]);
  });

  it('the push comes to another process, the digits to the first: eight', async () => {
    const [store, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    const stream = await login(a!.desk(), { page: a!, push: b!, finish: a! });
    expect(store.asked).toEqual([
      'setIfAbsent scan-slot',
      'setIfAbsent scan',
      'get scan',
      'replaceIfEqual scan',
      'publish scan',
      'get scan',
      'replaceIfEqual scan',
      'replaceIfEqual scan',
    ]);
    expect([stream.statuses.at(-1), stream.ended]).toEqual(['finished', true]);
  });

  it('push and digits come to another process: eight', async () => {
    const [store, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    await login(a!.desk(), { page: a!, push: b!, finish: b! });
    expect(store.asked).toHaveLength(8);
  });

  it('the digits alone come to another process: seven', async () => {
    const [store, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    await login(a!.desk(), { page: a!, push: a!, finish: b! });
    expect(store.asked).toHaveLength(7);
  });

  it('each part comes to a process of its own: nine, since the last has to read', async () => {
    const [store, a, b, c] = await running(new TalkingStore({ now: clock.now }), 3);
    await login(a!.desk(), { page: a!, push: b!, finish: c! });
    expect(store.asked).toHaveLength(9);
  });

  it('a browser that waits for a minute costs nothing', async () => {
    const [store, a] = await running(new TalkingStore({ now: clock.now }), 2);
    const desk = a!.desk();
    await a!.page(desk);
    const stream = await a!.wait(desk);
    store.asked.length = 0;
    await clock.advance(60_000);
    expect(store.asked).toEqual([]);
    expect([stream.ended, stream.body.match(/^:$/gm)?.length]).toEqual([false, 4]);
  });

  it('wrong digits are nobody else’s business', async () => {
    const [store, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    const desk = a!.desk();
    await a!.page(desk);
    await a!.wait(desk);
    const right = digitsIn(await b!.scan(a!.scenes.at(-1)!));
    await settle();
    store.asked.length = 0;
    const wrong = await b!.finish(desk, String((Number(right) + 1) % 1_000_000).padStart(6, '0'));
    await settle();
    expect([wrong.status, store.asked]).toEqual([422, ['replaceIfEqual scan']]);
  });

  it('a tab that waits at another process learns of the end before its time is over', async () => {
    const [, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    const desk = a!.desk();
    await a!.page(desk);
    const stream = await a!.wait(desk);
    const text = await b!.scan(a!.scenes.at(-1)!);
    await settle();
    await clock.advance(100_000);
    await b!.finish(desk, digitsIn(text));
    await clock.advance(81_000);
    expect([stream.statuses, stream.ended]).toEqual([['waiting', 'scanned', 'finished'], true]);
  });

  it('what ends a scene elsewhere is told at once', async () => {
    const [, a, b] = await running(new TalkingStore({ now: clock.now }), 2);
    const desk = a!.desk();
    await a!.page(desk);
    const stream = await a!.wait(desk);
    await b!.scan(a!.scenes.at(-1)!);
    await b!.scan(a!.scenes.at(-1)!, 'oStranger');
    await settle();
    expect([stream.statuses.at(-1), stream.ended]).toEqual(['void', true]);
  });
});

describe('a store that cannot tell', () => {
  it('is read every two seconds for each browser, and for nobody when none waits', async () => {
    const [store, a] = await running(new QuietStore({ now: clock.now }), 1);
    const desk = a!.desk();
    await a!.page(desk);
    store.asked.length = 0;
    const stream = await a!.wait(desk);
    expect(store.asked).toEqual(['get scan']);
    await clock.advance(60_000);
    expect(store.asked).toEqual(Array.from({ length: 31 }, () => 'get scan'));
    stream.destroy();
    await clock.advance(2_000);
    store.asked.length = 0;
    await clock.advance(60_000);
    expect([store.asked, clock.waiting]).toEqual([[], 0]);
  });

  it('hears of a push to another process within two seconds', async () => {
    const [, a, b] = await running(new QuietStore({ now: clock.now }), 2);
    const desk = a!.desk();
    await a!.page(desk);
    const stream = await a!.wait(desk);
    await b!.scan(a!.scenes.at(-1)!);
    await clock.advance(3_000);
    expect(stream.statuses).toEqual(['waiting', 'scanned']);
  });
});
