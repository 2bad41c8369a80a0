// Records in the store: one step wins, what a process remembers leads to nothing wrong, and an outage
// is never taken for an answer.
import { Logger } from '@nestjs/common';
import { WechatSecret } from '../../../../lib/index.js';
import { ScanRecords, type Step } from '../../../../lib/push/scan/scenes/scan-records.js';
import {
  claim,
  fail,
  refuse,
  type Scanned,
  scan,
  type ScanRecord,
} from '../../../../lib/push/scan/scenes/scan-record.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { expectFreeOf } from '../../../support/canary.js';
import { FakeRuntime, makeParts, makeVault } from '../../../support/parts.js';
import { QuietStore } from '../../../support/talking-store.js';

const ID = 'i'.repeat(43);
const { app } = makeParts();
let runtime: FakeRuntime;
let store: QuietStore;
let waiting: ScanRecord;

beforeEach(() => {
  Logger.overrideLogger(false);
  runtime = new FakeRuntime();
  store = new QuietStore({ now: runtime.now });
  const seat = { browser: 'Chrome', system: 'Windows', place: '' };
  const since = runtime.time;
  waiting = { stage: 'waiting', url: 'http://u', since, until: since + 300_000, seat };
});

/** As another process would have it: only the store is the same. */
const secret = (text: string) => new Sealer([new WechatSecret(text.padEnd(40, '.'))]);
const records = (sealer = secret('one')) => new ScanRecords(makeVault(store, sealer), runtime);
const by =
  (openid: string, digits = '123456') =>
  (record: ScanRecord) =>
    scan(record, openid, runtime.time, digits);
const wrong = (record: ScanRecord) => (record.stage === 'scanned' ? fail(record, runtime.time) : undefined);
const take = (record: ScanRecord) => (record.stage === 'scanned' ? claim(record, runtime.time) : undefined);
const stage = (step: Step | 'down' | undefined) => (step as Step).record.stage;

it('a step upon what was just written asks the store once', async () => {
  const one = records();
  await one.create(app, ID, waiting);
  store.asked.length = 0;
  const step = await one.step(app, ID, by('oMing'));
  expect([step, store.asked]).toMatchObject([
    { changed: true, record: { stage: 'scanned', openid: 'oMing' } },
    ['replaceIfEqual scan'],
  ]);
});

it('a code is created once', async () => {
  expect(await records().create(app, ID, waiting)).toBe(true);
  expect(await records().create(app, ID, { ...waiting, url: 'http://other' })).toBe(false);
  expect(await records().look(app, ID)).toEqual(waiting);
});

it('what is kept is sealed, and gone when its time is over', async () => {
  const one = records();
  await one.create(app, ID, waiting);
  await one.step(app, ID, by('oMingCanary', '271828'));
  const raw = await store.get(`wechat:${app.appId}:scan:${ID}`);
  expectFreeOf(raw, ['oMingCanary', '271828', 'http://u']);
  runtime.time += 180_000;
  expect(await one.look(app, ID)).toBeUndefined();
  expect(await one.step(app, ID, by('oMing'))).toBeUndefined();
});

describe('two processes', () => {
  it('what one remembers is not concluded from: the second stranger voids', async () => {
    const [a, b] = [records(), records()];
    await a.create(app, ID, waiting);
    await b.step(app, ID, by('oMing'));
    // `a` still remembers it as waiting, and would let the stranger be the first.
    const step = await a.step(app, ID, by('oStranger'));
    expect(step).toMatchObject({ changed: true, record: { stage: 'void', why: 'two', openid: 'oMing' } });
  });

  it('nor that there is nothing to be done', async () => {
    const [a, b] = [records(), records()];
    await a.create(app, ID, waiting);
    await b.step(app, ID, by('oMing'));
    // `a` remembers "waiting", at which nothing can be claimed.
    expect(await a.step(app, ID, take)).toMatchObject({ changed: true, record: { stage: 'finished' } });
  });

  it('wrong digits at both are counted together', async () => {
    const [a, b] = [records(), records()];
    await a.create(app, ID, waiting);
    await a.step(app, ID, by('oMing'));
    await b.look(app, ID);
    const steps = [await a.step(app, ID, wrong), await b.step(app, ID, wrong), await a.step(app, ID, wrong)];
    expect(steps.map(stage)).toEqual(['scanned', 'scanned', 'void']);
    expect(await b.step(app, ID, take)).toMatchObject({ changed: false, record: { stage: 'void' } });
  });

  it('of twenty claims at once, over two processes, one wins', async () => {
    const both = [records(), records()] as const;
    await both[0].create(app, ID, waiting);
    await both[0].step(app, ID, by('oMing'));
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => both[index % 2]!.step(app, ID, take)),
    );
    expect(claims.filter((step) => (step as Step).changed)).toHaveLength(1);
    expect(claims.map(stage)).toEqual(Array.from({ length: 20 }, () => 'finished'));
  });

  it('a claim and a refusal at once: one of them wins, and both say the same of it', async () => {
    const [a, b] = [records(), records()];
    await a.create(app, ID, waiting);
    await a.step(app, ID, by('oMing'));
    await b.look(app, ID);
    const no = (record: ScanRecord) => refuse(record, 'oMing', runtime.time);
    const steps = (await Promise.all([a.step(app, ID, take), b.step(app, ID, no)])) as Step[];
    expect(steps.filter(({ changed }) => changed)).toHaveLength(1);
    expect(stage(steps[0])).toBe(stage(steps[1]));
  });

  it('with another secret there is no record', async () => {
    await records().create(app, ID, waiting);
    expect(await records(secret('two')).look(app, ID)).toBeUndefined();
    expect(await records(secret('two')).step(app, ID, by('oMing'))).toBeUndefined();
  });
});

describe('a store that is down', () => {
  it.each([
    ['setIfAbsent', (one: ScanRecords) => one.create(app, 'j'.repeat(43), waiting), false],
    ['get', (one: ScanRecords) => one.look(app, ID), 'down'],
    ['replaceIfEqual', (one: ScanRecords) => one.step(app, ID, by('oMing')), 'down'],
  ] as const)('%s', async (operation, ask, answer) => {
    const one = records();
    await one.create(app, ID, waiting);
    store.failing.add(operation);
    expect(await ask(one)).toBe(answer);
    store.failing.clear();
    expect(await records().look(app, ID)).toEqual(waiting);
  });

  it('nothing is concluded from what is remembered while nothing can be read', async () => {
    const one = records();
    await one.create(app, ID, waiting);
    store.failing.add('get');
    expect(await one.step(app, ID, () => undefined)).toBe('down');
  });

  it('a write that was not taken is not remembered', async () => {
    const one = records();
    await one.create(app, ID, waiting);
    store.failing.add('replaceIfEqual');
    await one.step(app, ID, by('oMing'));
    store.failing.clear();
    expect(await one.step(app, ID, by('oStranger'))).toMatchObject({ record: { openid: 'oStranger' } });
  });

  it('somebody who always comes in between is given up against', async () => {
    const one = records();
    await one.create(app, ID, waiting);
    store.asked.length = 0;
    store.replaceIfEqual = async () => false;
    expect(await one.step(app, ID, by('oMing'))).toBe('down');
    expect(store.asked).toEqual(Array.from({ length: 7 }, () => 'get scan'));
  });
});

it('tells of each step that it made, with what stood there before, and of no other', async () => {
  const [a, b] = [records(), records()];
  const told: string[] = [];
  a.onStep((_, id, now, before) => told.push(`${id === ID} ${before.stage} ${now.stage}`));
  await a.create(app, ID, waiting);
  await a.step(app, ID, by('oMing'));
  await a.step(app, ID, by('oMing'));
  await b.step(app, ID, wrong);
  await a.step(app, ID, wrong);
  expect(told).toEqual(['true waiting scanned', 'true scanned scanned']);
  const record = (await a.look(app, ID)) as Scanned;
  expect(record.tries).toBe(2);
});
