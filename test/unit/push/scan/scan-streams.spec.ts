// Browsers that wait: one clock for all, none for nobody, and no stream that outlives its time.
import { Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { type WechatEvent, WechatEvents } from '../../../../lib/common/wechat-events.js';
import { claim, type Scanned, scan, type ScanRecord } from '../../../../lib/push/scan/scenes/scan-record.js';
import { ScanRecords } from '../../../../lib/push/scan/scenes/scan-records.js';
import { ScanStreams } from '../../../../lib/push/scan/waiting/scan-streams.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { HandClock } from '../../../support/hand-clock.js';
import { makeParts, makeVault } from '../../../support/parts.js';
import { FakeResponse } from '../../../support/scan-process.js';
import { QuietStore } from '../../../support/talking-store.js';

const { app } = makeParts();
let clock: HandClock;
let store: QuietStore;
let records: ScanRecords;
let streams: ScanStreams;
let events: WechatEvent['type'][];

beforeEach(() => {
  Logger.overrideLogger(false);
  clock = new HandClock();
  store = new QuietStore({ now: clock.now });
  const bus = new WechatEvents();
  events = [];
  bus.events$.subscribe(({ type }) => events.push(type));
  records = new ScanRecords(makeVault(store, new Sealer([]), bus, clock), clock);
  streams = new ScanStreams(records, bus, clock);
});

const idOf = (name: string) => name.padEnd(43, '-');
const seat = { browser: '', system: '', place: '' };
const waiting = (): ScanRecord => ({
  stage: 'waiting',
  url: 'http://u',
  since: clock.time,
  until: clock.time + 300_000,
  seat,
});
function open(name = 'a', { isTold = true, lifetime = 300_000 } = {}): FakeResponse {
  const response = new FakeResponse();
  const until = clock.time + lifetime;
  const as = response as unknown as ServerResponse;
  streams.open(app, idOf(name), as, { status: 'waiting', until, isTold });
  return response;
}
const beats = ({ body }: FakeResponse) => body.match(/^:$/gm)?.length ?? 0;

it('says at once how far it is, and keeps the line warm every 15 seconds', async () => {
  const response = open();
  expect(response.body).toBe('data: waiting\n\n');
  await clock.advance(14_000);
  expect(beats(response)).toBe(0);
  await clock.advance(1_000);
  expect(response.body).toBe('data: waiting\n\n:\n\n');
  await clock.advance(45_000);
  expect(beats(response)).toBe(4);
});

it('ends at the lifetime of the code, and says so', async () => {
  const response = open('a', { lifetime: 60_000 });
  await clock.advance(59_000);
  expect([response.ended, response.statuses]).toEqual([false, ['waiting']]);
  await clock.advance(1_000);
  expect([response.ended, response.statuses, events]).toEqual([
    true,
    ['waiting', 'expired'],
    ['scan.expired'],
  ]);
  expect([streams.count(app), streams.has(idOf('a'))]).toEqual([0, false]);
});

it('at the end it is looked once: whoever has scanned meanwhile has longer', async () => {
  await records.create(app, idOf('a'), waiting());
  const response = open();
  await clock.advance(290_000);
  await records.step(app, idOf('a'), (record) => scan(record, 'oMing', clock.time, '012345'));
  store.asked.length = 0;
  await clock.advance(10_000);
  expect([response.statuses, response.ended]).toEqual([['waiting', 'scanned'], false]);
  expect(store.asked).toEqual(['get scan']);
  await clock.advance(170_000);
  expect([response.statuses.at(-1), response.ended, events]).toEqual(['expired', true, ['scan.expired']]);
});

it('an end comes though the store is down', async () => {
  store.failing.add('get');
  const response = open('a', { lifetime: 5_000 });
  await clock.advance(6_000);
  expect([response.statuses.at(-1), response.ended]).toEqual(['expired', true]);
});

it('whoever reads nothing is hung up on', async () => {
  const [slow, quick] = [open('a'), open('b')];
  slow.writableLength = 4_096;
  await clock.advance(1_000);
  expect(slow.destroyed).toBe(false);
  slow.writableLength = 4_097;
  await clock.advance(1_000);
  expect([slow.destroyed, quick.destroyed, streams.count(app)]).toEqual([true, false, 1]);
});

it('a second one of a browser takes the place of the first', async () => {
  const [first, second] = [open(), open()];
  expect(first.body).toBe('data: waiting\n\nevent: replaced\ndata:\n\n');
  expect([first.ended, second.ended, streams.count(app)]).toEqual([true, false, 1]);
  // What the first one does now is nobody's business.
  first.emit('close');
  expect(streams.has(idOf('a'))).toBe(true);
});

it.each(['close', 'error'])('is forgotten at "%s"', (event) => {
  const response = open();
  response.emit(event, new Error('gone'));
  expect(streams.count(app)).toBe(0);
});

it('a thousand browsers have one clock, nobody has none, and it begins again', async () => {
  const all = Array.from({ length: 1_000 }, (_, index) => open(`n${index}`));
  await clock.advance(3_000);
  expect([clock.waiting, clock.pauses.length]).toEqual([1, 4]);
  for (const response of all) response.destroy();
  await clock.advance(1_000);
  const pauses = clock.pauses.length;
  await clock.advance(60_000);
  expect([clock.waiting, clock.pauses.length]).toEqual([0, pauses]);
  const later = open();
  await clock.advance(15_000);
  expect([clock.waiting, beats(later)]).toEqual([1, 1]);
});

it('only where the store cannot tell is it read, every 2 seconds, 16 at a time', async () => {
  open('told');
  for (let index = 0; index < 40; index++) open(`n${index}`, { isTold: false });
  let [now, most] = [0, 0];
  const get = store.get;
  store.get = async (key) => {
    most = Math.max(most, ++now);
    await new Promise(setImmediate);
    now--;
    return get(key);
  };
  await clock.advance(1_999);
  expect(store.asked).toEqual([]);
  await clock.advance(1);
  expect([store.asked.length, most]).toEqual([40, 16]);
  await clock.advance(8_000);
  expect(store.asked.length).toBe(200);
});

it('shows a record once for each change, and ends with the last', () => {
  const response = open();
  const scanned = scan(waiting(), 'oMing', clock.time, '012345') as Scanned;
  const claimed = claim(scanned, clock.time);
  for (const record of [waiting(), scanned, { ...scanned, tries: 1 }, claimed, scanned])
    streams.show(idOf('a'), record);
  expect([response.statuses, response.ended]).toEqual([['waiting', 'scanned'], false]);
  streams.show(idOf('a'), { ...claimed, result: { kind: 'refused', code: 'X' } });
  expect([response.statuses, response.ended]).toEqual([['waiting', 'scanned', 'finished'], true]);
  streams.show(idOf('a'), scanned);
  expect(response.statuses).toHaveLength(3);
});

it('nothing is known of a store that is down, and the browser waits on', async () => {
  await records.create(app, idOf('a'), waiting());
  const response = open('a', { isTold: false });
  store.failing.add('get');
  await clock.advance(10_000);
  expect([response.statuses, response.ended]).toEqual([['waiting'], false]);
  store.failing.clear();
  await records.step(app, idOf('a'), (record) => scan(record, 'oMing', clock.time, '012345'));
  await clock.advance(3_000);
  expect(response.statuses).toEqual(['waiting', 'scanned']);
});

it('closes all of them, and whoever comes then', async () => {
  const before = [open('a'), open('b')];
  streams.close();
  const after = open('c');
  expect([...before, after].map(({ ended }) => ended)).toEqual([true, true, true]);
  await clock.advance(2_000);
  expect([streams.count(app), clock.waiting]).toEqual([0, 0]);
});
