// What is decided about a push, with time held still: limits, who is asked first, what is told.
import { Logger } from '@nestjs/common';
import { type WechatEvent, WechatEvents, type WechatOAuthModuleOptions } from '../../../lib/index.js';
import { pushAppOf } from '../../../lib/push/wire/push-envelope.js';
import { PushHandling } from '../../../lib/push/push-handling.js';
import { PushOnce } from '../../../lib/push/push-once.js';
import { PushReceiver } from '../../../lib/push/push-receiver.js';
import { PushForerunner, PushNotTaken } from '../../../lib/push/push-forerunner.js';
import type { WechatPush, WechatPushHandler } from '../../../lib/push/index.js';
import { expectFreeOf } from '../../support/canary.js';
import { LogCapture } from '../../support/log-capture.js';
import { FakeRuntime, makeParts } from '../../support/parts.js';
import { forge, PUSH, PUSH_APP_ID, PUSH_KEY, PUSH_TOKEN, textXml } from '../../support/push-kit.js';

class HeldRuntime extends FakeRuntime {
  /** Whether limits are over at once. */
  late = false;
  override sleep = (): Promise<void> => (this.late ? Promise.resolve() : new Promise(() => {}));
}

let runtime: HeldRuntime;
let logs: LogCapture;
let told: WechatEvent[];

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  runtime = new HeldRuntime();
  told = [];
});
afterEach(() => Logger.overrideLogger(false));

type OnPush = WechatPushHandler['onPush'];

function make(onPush: OnPush, forerunners: PushForerunner[] = [], options: WechatOAuthModuleOptions = {}) {
  const parts = makeParts({
    appId: PUSH_APP_ID,
    secret: 'app-secret-canary-0123456789',
    push: PUSH,
    ...options,
  });
  const events = new WechatEvents();
  events.events$.subscribe((event) => told.push(event));
  const once = new PushOnce(parts.vault, runtime);
  const receiver = new PushReceiver(
    once,
    runtime,
    events,
    new PushHandling(runtime, events, forerunners, async () => ({ onPush })),
  );
  const app = pushAppOf(parts.app)!;
  return async (forged: Partial<Parameters<typeof forge>[0]> = {}) => {
    const timestamp = String(Math.floor(runtime.time / 1000));
    const { query, body } = forge({ message: textXml(), timestamp, ...forged });
    const stamp = receiver.readAddress(app, new URLSearchParams(query));
    return 'status' in stamp ? stamp : receiver.receive(app, stamp, body, runtime.monotonic());
  };
}

it('counts five minutes either way and no more', async () => {
  const receive = make(async () => {});
  const at = (seconds: number) => receive({ timestamp: String(runtime.time / 1000 + seconds) });
  expect((await at(-300)).status).toBe(200);
  expect((await at(300)).status).toBe(200);
  expect((await at(-301)).status).toBe(403);
  expect((await at(301)).status).toBe(403);
});

it('gives up a reply after 4.5 s, says so once, and gives the late one to nobody', async () => {
  let end!: (content: string) => void;
  const receive = make(
    () => new Promise((resolve) => (end = (content) => resolve({ msgType: 'text', content }))),
  );
  runtime.late = true;
  expect(await receive()).toMatchObject({ status: 200, text: 'success' });
  end('too late');
  await new Promise(setImmediate);
  expect(await receive()).toMatchObject({ status: 200, text: 'success' });
  expect(logs.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  expect(logs.text).toContain('took longer than 4500 ms');
});

it('tells of a handler that fails late, and nothing of what it said', async () => {
  const receive = make(
    () => new Promise((_, reject) => setImmediate(() => reject(new RangeError('canary')))),
  );
  runtime.late = true;
  expect(await receive()).toMatchObject({ text: 'success' });
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(logs.text).toContain('RangeError');
  expect(told.map(({ type }) => type)).toEqual(['push.received', 'push.failed']);
  expectFreeOf([logs.lines, told], ['canary', PUSH_TOKEN, PUSH_KEY]);
});

describe('A forerunner', () => {
  const pushes: WechatPush[] = [];
  const first = (onPush: PushForerunner['onPush']): PushForerunner => ({ onPush });
  const handler: OnPush = async (push) => {
    pushes.push(push);
    return { msgType: 'text', content: 'from the application' };
  };
  beforeEach(() => (pushes.length = 0));

  it('may answer, and then the application is not asked', async () => {
    const receive = make(handler, [
      first(async () => undefined),
      first(async () => ({
        reply: { msgType: 'text', content: 'from us' },
        createdAt: 1_714_112_445_000,
        repeated: false,
      })),
      first(async () => Promise.reject(new Error('is not asked any more'))),
    ]);
    const { status, text } = await receive();
    expect([status, text === 'success', pushes.length]).toEqual([200, false, 0]);
  });

  it('may end it without a word', async () => {
    const receive = make(handler, [first(async () => ({ createdAt: 0, repeated: true }))]);
    expect(await receive()).toMatchObject({ text: 'success' });
    expect(pushes).toEqual([]);
  });

  it('leaves to the application what is not its own', async () => {
    const receive = make(handler, [first(async () => undefined)]);
    expect((await receive()).type).toBe('application/xml');
    expect(pushes).toHaveLength(1);
  });

  it.each([
    ['says so', new PushNotTaken()],
    ['breaks', new TypeError('canary')],
  ])(
    'that %s has not received it: no success, and it begins anew when it comes again',
    async (_how, error) => {
      let broken = true;
      const receive = make(handler, [
        first(async () => {
          if (broken) throw error;
          return undefined;
        }),
      ]);
      expect(await receive()).toEqual({ status: 503, text: '', type: 'text/plain' });
      expect(pushes).toEqual([]);
      broken = false;
      expect(await receive()).toMatchObject({ status: 200 });
      expect(pushes).toHaveLength(1);
      expect(logs.text).not.toContain('canary');
    },
  );

  it('that takes too long has not received it', async () => {
    const receive = make(handler, [first(() => new Promise(() => {}))]);
    runtime.late = true;
    expect(await receive()).toMatchObject({ status: 503, text: '' });
    expect(pushes).toEqual([]);
  });
});

it('keeps what is secret out of what it holds, tells and answers', async () => {
  const receive = make(async () => ({ msgType: 'text', content: 'ok' }));
  const answers = [
    await receive(),
    await receive({ key: 'B'.repeat(43) }),
    await receive({ token: 'Other1' }),
  ];
  expectFreeOf([answers, told, logs.lines, pushAppOf(makeParts({ push: PUSH }).app)], [PUSH_TOKEN, PUSH_KEY]);
  expect(told.map(({ type }) => type)).toEqual(['push.received', 'push.refused', 'push.refused']);
});
