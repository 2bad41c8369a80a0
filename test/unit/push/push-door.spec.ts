// The address on a raw server: which requests are taken, and how whoever sends for ever is let go.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { WechatEvents } from '../../../lib/index.js';
import { PushDoor } from '../../../lib/push/push-door.js';
import { PushHandling } from '../../../lib/push/push-handling.js';
import { PushOnce } from '../../../lib/push/push-once.js';
import { PushReceiver } from '../../../lib/push/push-receiver.js';
import { LogCapture } from '../../support/log-capture.js';
import { FakeRuntime, makeParts } from '../../support/parts.js';
import { forge, PUSH, PUSH_APP_ID, post, request, textXml } from '../../support/push-kit.js';

class DoorRuntime extends FakeRuntime {
  override time = Date.now();
  override sleep = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
}

let logs: LogCapture;
let runtime: DoorRuntime;
let server: http.Server;
let passed: string[];
let receiver: PushReceiver;

beforeEach(async () => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  runtime = new DoorRuntime();
  passed = [];
  const { config, vault } = makeParts({
    appId: PUSH_APP_ID,
    secret: 'app-secret-canary-0123456789',
    push: PUSH,
  });
  const events = new WechatEvents();
  const once = new PushOnce(vault, runtime);
  receiver = new PushReceiver(
    once,
    runtime,
    events,
    new PushHandling(runtime, events, [], async () => undefined),
  );
  const door = new PushDoor(config, receiver, runtime, '/wechat/push');
  server = http.createServer((incoming, response) => {
    if (door.take(incoming, response)) return;
    passed.push(incoming.url!);
    response.end('passed');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  Logger.overrideLogger(false);
  await new Promise((resolve) => server.close(resolve));
});

const port = () => (server.address() as AddressInfo).port;
const target = () => `/wechat/push?${new URLSearchParams(forge({ message: textXml() }).query).toString()}`;

it('takes two addresses of an app that is alone, and no other', async () => {
  for (const path of ['/wechat/push', '/wechat/push/default'])
    expect((await request(port(), path)).status).toBe(403);
  const others = [
    '/',
    '/wechat',
    '/wechat/push/',
    '/wechat/push/other',
    '/wechat/push/default/',
    '/wechat/pushx',
  ];
  for (const path of [...others, '/wechat/push/__proto__']) await request(port(), path);
  expect(passed).toEqual([...others, '/wechat/push/__proto__']);
});

it('hangs up on whoever begins and never ends', async () => {
  // One that would keep the connection.
  const agent = new http.Agent({ keepAlive: true });
  const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)));
  const answer = await request(port(), target(), {
    method: 'POST',
    agent,
    headers: { 'content-length': 1_000 },
    send: (outgoing) => outgoing.on('error', () => {}).write('<xml>'),
  });
  expect([answer.status, answer.body, answer.headers.connection]).toEqual([408, '', 'close']);
  expect(logs.text).toContain('debug A request to the push address of "default" was refused (408)');
  await closed;
  // The limit of the body, and how long the connection lingers.
  expect(runtime.pauses).toEqual([2_500, 1_000]);
});

it('answers 500 without a word to a fault of ours, and says its name alone', async () => {
  receiver.receive = () => Promise.reject(new RangeError('canary'));
  const answer = await post(port(), forge({ message: textXml() }));
  expect([answer.status, answer.body]).toEqual([500, '']);
  expect(logs.text).toContain('RangeError');
  expect(logs.text).not.toContain('canary');
});
