// How long a store that does not answer is waited for, and by whom: an outage must cost each login
// little, and be told once.
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Sealer } from '../../../lib/sealing/sealer.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import { Vault } from '../../../lib/tokens/vault.js';
import { type WechatEvent, WechatEvents } from '../../../lib/common/wechat-events.js';
import { LogCapture } from '../../support/log-capture.js';

const PATIENCE = 40;
const KEY = 'wechat:wx1:token:oABCDEF';

let time: number;
let asked: number;
let answer: () => Promise<string | undefined>;
let events: WechatEvent['type'][];
let vault: Vault;

beforeEach(() => {
  Logger.overrideLogger(new LogCapture());
  time = 1;
  asked = 0;
  events = [];
  const store = new MemoryTokenStore();
  store.get = () => {
    asked++;
    return answer();
  };
  const bus = new WechatEvents();
  bus.events$.subscribe(({ type }) => events.push(type));
  vault = new Vault(store, new Sealer([]), bus, { monotonic: () => time }, PATIENCE);
});
afterEach(() => Logger.overrideLogger(false));

const hang = () => new Promise<never>(() => {});
const failLate = async () => {
  await sleep(PATIENCE / 2);
  throw new Error('Command timed out');
};

it.each([
  ['hangs', hang],
  ['is given up by its own client, after a while', failLate],
])('a store that %s is left alone for a while', async (_, fails) => {
  answer = fails;
  for (let i = 0; i < 5; i++) expect(await vault.read(KEY)).toBeUndefined();
  expect(asked).toBe(1);
});

it('a store that fails at once is asked every time, since that costs nothing', async () => {
  answer = () => Promise.reject(new Error('not connected'));
  for (let i = 0; i < 5; i++) await vault.read(KEY);
  expect(asked).toBe(5);
});

it('one caller at a time finds out whether it answers again, and the others do not wait', async () => {
  answer = hang;
  await vault.read(KEY);
  time += PATIENCE;

  const probe = vault.read(KEY);
  await Promise.all(Array.from({ length: 10 }, () => vault.read(KEY)));

  expect(asked).toBe(2);
  await probe;
  time += PATIENCE;
  answer = async () => '{"n":1}';
  expect(await vault.read(KEY)).toMatchObject({ value: { n: 1 } });
  expect(await Promise.all([vault.read(KEY), vault.read(KEY)])).toHaveLength(2);
  expect(asked).toBe(5);
  expect(events).toEqual(['store.down', 'store.up']);
});

it('a process that stood still does not blame the store', async () => {
  answer = async () => {
    await sleep(PATIENCE / 4);
    return '{"n":1}';
  };
  const read = vault.read(KEY);
  // Its answer is due before the patience is over, but nobody looks.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * PATIENCE);

  expect(await read).toMatchObject({ value: { n: 1 } });
  expect(events).toEqual([]);
});

it('a process that stood still looks at the socket first, where the answer has long been', async () => {
  // In a thread of its own, so that it answers while we stand still. Timers run before sockets are
  // read.
  const server = new Worker(
    `const { parentPort } = require('node:worker_threads');
    const server = require('node:net').createServer((socket) => socket.on('data', () => socket.write('{"n":1}')));
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  try {
    const [port] = (await once(server, 'message')) as [number];
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    answer = async () => {
      const reply = once(socket, 'data');
      socket.write('?');
      return String((await reply)[0]);
    };
    const read = vault.read(KEY);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5 * PATIENCE);

    expect(await read).toMatchObject({ value: { n: 1 } });
    expect(events).toEqual([]);
    socket.destroy();
  } finally {
    await server.terminate();
  }
});

it('but waits no longer than once more', async () => {
  answer = hang;
  const read = vault.read(KEY);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * PATIENCE);

  expect(await read).toBeUndefined();
  expect(events).toEqual(['store.down']);
});
