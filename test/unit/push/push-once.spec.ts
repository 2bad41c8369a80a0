// One run for each push: within a process, between processes, with a store that comes and goes, and
// after somebody who died.
import { Logger } from '@nestjs/common';
import { PushOnce, type PushOutcome } from '../../../lib/push/push-once.js';
import { PushNotTaken } from '../../../lib/push/push-forerunner.js';
import { Sealer } from '../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../lib/index.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { FakeRuntime, makeVault } from '../../support/parts.js';

const sealed = new Sealer([new WechatSecret('session-secret-canary-0123456789abcdef')]);
const APP = 'wx1';
const MINUTE = 60_000;

/** Pauses pass at once, and the clock with them. */
class QuickRuntime extends FakeRuntime {
  override sleep = async (ms: number): Promise<void> => {
    this.time += ms;
    await new Promise(setImmediate);
  };
}

let runtime: QuickRuntime;
let store: FlakyStore;
let runs: number;

beforeEach(() => {
  Logger.overrideLogger(false);
  runtime = new QuickRuntime();
  store = new FlakyStore({ now: runtime.now });
  runs = 0;
});

/** As another process would have it: only the store is the same. */
const process = (sealer = sealed) => new PushOnce(makeVault(store, sealer), runtime);
const work = async (): Promise<PushOutcome> => ({
  createTime: 1,
  reply: { MsgType: 'text', Content: `${++runs}` },
});
const run = (once: PushOnce, id = 'a', doing = work) => once.run(APP, id, runtime.time + 4_500, doing);
const contents = (results: { outcome: PushOutcome }[]) =>
  results.map(({ outcome }) => outcome.reply?.['Content']);

it('runs once for deliveries that come together, and for those that come later', async () => {
  const once = process();
  const together = await Promise.all([run(once), run(once), run(once)]);
  const later = await run(once);
  expect(contents([...together, later])).toEqual(['1', '1', '1', '1']);
  expect([...together, later].map(({ repeated }) => repeated)).toEqual([false, true, true, true]);
  expect(contents([await run(once, 'b')])).toEqual(['2']);
});

it('runs once over all processes', async () => {
  const [one, other] = [process(), process()];
  expect(contents(await Promise.all([run(one), run(other)]))).toEqual(['1', '1']);
  expect(contents([await run(process())])).toEqual(['1']);
});

it('remembers what another process made of it, for when the store goes down', async () => {
  const other = process();
  await run(process());
  await run(other);
  store.mode = 'rejects';
  expect(contents([await run(other)])).toEqual(['1']);
});

it('is told apart by app', async () => {
  const once = process();
  await run(once);
  await once.run('wx2', 'a', runtime.time, work);
  expect(runs).toBe(2);
});

it('remembers for as long as the same push could come again', async () => {
  const [one, other] = [process(), process()];
  await run(one);
  runtime.time += 10 * MINUTE;
  expect(contents([await run(one), await run(other)])).toEqual(['1', '1']);
  runtime.time += 2 * MINUTE;
  expect(contents([await run(one)])).toEqual(['2']);
});

it.each(['rejects', 'throws'] as const)(
  'runs at least once while the store %s, and once in each process',
  async (mode) => {
    store.mode = mode;
    const [one, other] = [process(), process()];
    expect(contents([await run(one), await run(one), await run(other)])).toEqual(['1', '1', '2']);
  },
);

it('runs where the store goes down while another is at work', async () => {
  let end!: () => void;
  const first = run(process(), 'a', () => new Promise((resolve) => (end = () => resolve(work()))));
  await new Promise(setImmediate);
  store.mode = 'rejects';
  expect(contents([await run(process())])).toEqual(['1']);
  end();
  expect(contents([await first])).toEqual(['2']);
});

it('takes over from whoever died, once, and waits for whoever may be alive', async () => {
  void run(process(), 'a', () => new Promise(() => {}));
  await new Promise(setImmediate);
  // WeChat sends again after 5 s.
  runtime.time += 5_000;
  const startedAt = runtime.time;
  const [one, other] = await Promise.all([run(process()), run(process())]);
  expect(contents([one, other])).toEqual(['1', '1']);
  expect(runtime.time - startedAt).toBeGreaterThan(900);
});

it('is not received when nobody is ready in time: WeChat has to send it again', async () => {
  void run(process(), 'a', () => new Promise(() => {}));
  await new Promise(setImmediate);
  await expect(run(process())).rejects.toBeInstanceOf(PushNotTaken);
  expect(runs).toBe(0);
});

it('is begun anew after it was given back', async () => {
  const once = process();
  const fail = async () => {
    throw new PushNotTaken();
  };
  await expect(run(once, 'a', fail)).rejects.toBeInstanceOf(PushNotTaken);
  expect(contents([await run(process())])).toEqual(['1']);
  expect(contents([await run(once)])).toEqual(['1']);
});

it('runs where an entry cannot be read, as after a change of secrets', async () => {
  await run(process());
  const changed = process(new Sealer([new WechatSecret('another-session-secret-0123456789abcdef')]));
  expect(contents([await run(changed)])).toEqual(['2']);
});

it('keeps its replies sealed', async () => {
  await run(process());
  const raw = await store.get(`wechat:${APP}:push:a`);
  expect(raw).toMatch(/^v1\./);
});
