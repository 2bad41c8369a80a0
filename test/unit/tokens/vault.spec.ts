// The way to the store: what lies there, what cannot be read there, and what happens while the
// store is away.
import { Logger } from '@nestjs/common';
import { Sealer } from '../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import type { Vault } from '../../../lib/tokens/vault.js';
import { type WechatEvent, WechatEvents } from '../../../lib/common/wechat-events.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeVault } from '../../support/parts.js';

const HOUR = 3_600_000;
const KEY = 'wechat:wx1:token:oABCDEF';
const OTHER = 'wechat:wx1:token:oGHIJKL';
const SECRET = 'session-secret-canary-0123456789abcdef';
const sealerOf = (...secrets: string[]) => new Sealer(secrets.map((secret) => new WechatSecret(secret)));

let logs: LogCapture;
let store: FlakyStore;
let events: WechatEvent['type'][];
let bus: WechatEvents;
let clear: Vault;
let sealed: Vault;

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  store = new FlakyStore();
  bus = new WechatEvents();
  events = [];
  bus.events$.subscribe(({ type }) => events.push(type));
  clear = makeVault(store, sealerOf(), bus);
  sealed = makeVault(store, sealerOf(SECRET), bus);
});
afterEach(() => Logger.overrideLogger(false));

describe('An entry', () => {
  it('stands under wechat:<appId>:<kind>:<id>', () => {
    expect(clear.key('wx1', 'token', 'oABCDEF')).toBe('wechat:wx1:token:oABCDEF');
    expect(clear.key('wx1', 'session-key', 'oABCDEF')).toBe('wechat:wx1:session-key:oABCDEF');
  });

  it('is plain JSON where no sessionSecret is configured', async () => {
    await clear.write(KEY, { openid: 'oABCDEF', n: 1 }, HOUR);
    expect(await store.get(KEY)).toBe('{"openid":"oABCDEF","n":1}');
    expect(await clear.read(KEY)).toEqual({
      value: { openid: 'oABCDEF', n: 1 },
      raw: '{"openid":"oABCDEF","n":1}',
    });
  });

  it('is sealed where one is', async () => {
    await sealed.write(KEY, { openid: 'oABCDEF' }, HOUR);
    const raw = await store.get(KEY);
    expect(raw).toMatch(/^v1\.[\w-]+$/);
    expect(await sealed.read(KEY)).toEqual({ value: { openid: 'oABCDEF' }, raw });
  });

  it('that was put in the place of another does not open', async () => {
    await sealed.write(KEY, { openid: 'oABCDEF' }, HOUR);
    await sealed.write(OTHER, { openid: 'oGHIJKL' }, HOUR);
    const [one, two] = [(await store.get(KEY))!, (await store.get(OTHER))!];
    await store.set(KEY, two, HOUR);
    await store.set(OTHER, one, HOUR);
    expect(await sealed.read(KEY)).toBeUndefined();
    expect(await sealed.read(OTHER)).toBeUndefined();
    // Each alone, where it belongs, is as good as before.
    await store.set(KEY, one, HOUR);
    expect((await sealed.read(KEY))?.value).toEqual({ openid: 'oABCDEF' });
  });

  it('survives a change of the sessionSecret', async () => {
    await sealed.write(KEY, { n: 1 }, HOUR);
    const next = makeVault(store, sealerOf('another-session-secret-0123456789abc', SECRET));
    expect((await next.read(KEY))?.value).toEqual({ n: 1 });
  });

  it.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['half of JSON', '{"openid":'],
    ['null', 'null'],
    ['a number', '7'],
    ['a text in JSON', '"hello"'],
    ['what another secret sealed', sealerOf('x'.repeat(32)).seal('store', KEY, '{}')],
  ])('that is %s counts as missing', async (_name, raw) => {
    await store.set(KEY, raw, HOUR);
    expect(await clear.read(KEY)).toBeUndefined();
    expect(await sealed.read(KEY)).toBeUndefined();
  });

  it('that is not sealed counts as missing where it should be: anybody may have written it', async () => {
    await store.set(KEY, '{"openid":"oABCDEF"}', HOUR);
    expect(await sealed.read(KEY)).toBeUndefined();
  });

  it('of another shape than was asked for counts as missing', async () => {
    await clear.write(KEY, { n: 'one' }, HOUR);
    const isNumber = ({ n }: Record<string, unknown>) => typeof n === 'number';
    expect(await clear.read(KEY, isNumber)).toBeUndefined();
    expect(await clear.read(KEY)).toBeDefined();
  });

  it('that cannot be read is warned of once, without its content', async () => {
    await store.set(KEY, 'canary of whatever', HOUR);
    await store.set(OTHER, '{"canary":', HOUR);
    for (let i = 0; i < 5; i++) {
      await sealed.read(KEY);
      await sealed.read(OTHER);
    }
    expect(logs.lines).toHaveLength(1);
    expect(logs.lines[0]).toMatchObject({ level: 'warn' });
    expect(logs.text).toContain('counts as missing');
    expect(logs.text).not.toContain('canary');
  });
});

describe('A write', () => {
  it('creates only what is not there', async () => {
    expect(await clear.create(KEY, { n: 1 }, HOUR)).toBe('done');
    expect(await clear.create(KEY, { n: 2 }, HOUR)).toBe('refused');
    expect((await clear.read(KEY))?.value).toEqual({ n: 1 });
  });

  it('replaces only what was read', async () => {
    await sealed.write(KEY, { n: 1 }, HOUR);
    const { raw } = (await sealed.read(KEY))!;
    expect(await sealed.replace(KEY, raw, { n: 2 }, HOUR)).toBe('done');
    expect(await sealed.replace(KEY, raw, { n: 3 }, HOUR)).toBe('refused');
    expect(await sealed.replace(KEY, raw, undefined, 0)).toBe('refused');
    expect((await sealed.read(KEY))?.value).toEqual({ n: 2 });
    expect(await sealed.replace(KEY, (await sealed.read(KEY))!.raw, undefined, 0)).toBe('done');
    expect(await sealed.read(KEY)).toBeUndefined();
  });

  it('passes on how long the entry lives', async () => {
    const ttls: unknown[] = [];
    store.set = async (...args) => void ttls.push(args[2]);
    store.setIfAbsent = async (...args) => ttls.push(args[2]) > 0;
    store.replaceIfEqual = async (...args) => ttls.push(args[3]) > 0;
    await clear.write(KEY, {}, 1);
    await clear.create(KEY, {}, 2);
    await clear.replace(KEY, 'x', {}, 3);
    await clear.update(
      KEY,
      () => ({ n: 1 }),
      ({ n }) => n + 3,
    );
    expect(ttls).toEqual([1, 2, 3, 4]);
  });
});

describe('An update', () => {
  const add = (vault: Vault) =>
    vault.update<{ n: number }>(
      KEY,
      (current) => ({ n: (current?.n ?? 0) + 1 }),
      () => HOUR,
    );

  it('starts from nothing, then from what is there', async () => {
    expect([await add(sealed), await add(sealed)]).toEqual(['done', 'done']);
    expect((await sealed.read(KEY))?.value).toEqual({ n: 2 });
  });

  it('leaves things alone when nothing is given', async () => {
    await sealed.write(KEY, { n: 1 }, HOUR);
    const raw = await store.get(KEY);
    await sealed.update(
      KEY,
      () => undefined,
      () => HOUR,
    );
    expect(await store.get(KEY)).toBe(raw);
  });

  it('loses nothing when others write between its look and its write', async () => {
    let intruders = 2;
    const { replaceIfEqual } = store;
    store.replaceIfEqual = async (...args) => {
      if (intruders-- > 0) await store.set(KEY, JSON.stringify({ n: 10 * (2 - intruders) }), HOUR);
      return replaceIfEqual(...args);
    };
    await clear.write(KEY, { n: 1 }, HOUR);
    await add(clear);
    expect((await clear.read(KEY))?.value).toEqual({ n: 21 });
  });

  it('gives up after three losses, or as many as the caller says, and tells so', async () => {
    let tries = 0;
    store.replaceIfEqual = async () => ++tries < 0;
    await clear.write(KEY, { n: 1 }, HOUR);
    expect(await add(clear)).toBe('refused');
    expect(tries).toBe(3);
    const keepOn = clear.update<{ n: number }>(
      KEY,
      () => ({ n: 2 }),
      () => HOUR,
      undefined,
      10,
    );
    expect(await keepOn).toBe('refused');
    expect(tries).toBe(13);
    expect((await clear.read(KEY))?.value).toEqual({ n: 1 });
  });

  it('loses nothing when somebody creates the entry first', async () => {
    const { setIfAbsent } = store;
    store.setIfAbsent = async (...args) => {
      await store.set(KEY, '{"n":5}', HOUR);
      return setIfAbsent(...args);
    };
    await add(clear);
    expect((await clear.read(KEY))?.value).toEqual({ n: 6 });
  });

  it.each([['hello'], ['[]'], ['{"n":"1"}']])('writes over %p, which cannot be read', async (raw) => {
    await store.set(KEY, raw, HOUR);
    const seen: unknown[] = [];
    await clear.update<{ n: number }>(
      KEY,
      (current) => {
        seen.push(current);
        return { n: 7 };
      },
      () => HOUR,
      ({ n }) => typeof n === 'number',
    );
    expect(seen).toEqual([undefined]);
    expect((await clear.read(KEY))?.value).toEqual({ n: 7 });
  });
});

describe('A store that is down', () => {
  const useAll = async (vault: Vault) => [
    await vault.read(KEY),
    await vault.write(KEY, { n: 1 }, HOUR),
    await vault.create(KEY, { n: 1 }, HOUR),
    await vault.replace(KEY, 'x', { n: 1 }, HOUR),
    await vault.replace(KEY, 'x', undefined, HOUR),
    await vault.update(
      KEY,
      () => ({ n: 1 }),
      () => HOUR,
    ),
  ];
  /** Each operation once, with success. */
  async function workAll(vault: Vault): Promise<void> {
    await vault.write(KEY, { n: 1 }, HOUR);
    const { raw } = (await vault.read(KEY))!;
    await vault.replace(KEY, raw, undefined, 0);
    await vault.create(KEY, { n: 1 }, HOUR);
  }
  const AWAY = [undefined, 'down', 'down', 'down', 'down', 'down'];

  it.each(['rejects', 'throws', 'throws text'] as const)(
    'and %s is a miss and a write that came to nothing, never an error',
    async (mode) => {
      store.mode = mode;
      expect(await useAll(sealed)).toEqual(AWAY);
    },
  );

  it('is told once for each outage, and once when it is over', async () => {
    let time = 0;
    const vault = makeVault(store, sealerOf(), bus, { monotonic: () => time });
    store.mode = 'rejects';
    for (let i = 0; i < 10; i++) await useAll(vault);
    expect(logs.lines.map(({ level }) => level)).toEqual(['error']);
    store.mode = 'up';
    for (let i = 0; i < 10; i++) await workAll(vault);
    expect(logs.lines.map(({ level }) => level)).toEqual(['error', 'log']);
    store.mode = 'throws';
    time += 10_000;
    for (let i = 0; i < 10; i++) await useAll(vault);
    expect(logs.lines.map(({ level }) => level)).toEqual(['error', 'log', 'error']);
    expect(events).toEqual(['store.down', 'store.up', 'store.down']);
  });

  it('is told once even to many who ask at the same time', async () => {
    store.mode = 'rejects';
    await Promise.all(Array.from({ length: 20 }, () => sealed.read(KEY)));
    expect(logs.lines).toHaveLength(1);
  });

  it.each([
    ['rejects', 'TypeError'],
    ['throws', 'RangeError'],
    ['throws text', 'string'],
  ] as const)('and %s is described without what it said, which may hold values', async (mode, name) => {
    store.mode = mode;
    await clear.write(KEY, { token: 'canary' }, HOUR);
    expect(logs.text).toContain(`(${name})`);
    expect(logs.text).not.toMatch(/canary|cannot keep/);
  });

  it('that comes and goes is told of once in ten seconds', async () => {
    let time = 0;
    const vault = makeVault(store, sealerOf(), bus, { monotonic: () => time });
    for (; time < 9_999; time += 3_333) {
      store.mode = 'rejects';
      for (let i = 0; i < 50; i++) await vault.read(KEY);
      store.mode = 'up';
      for (let i = 0; i < 50; i++) await vault.read(KEY);
    }
    expect(events).toEqual(['store.down', 'store.up']);
    time = 10_000;
    store.mode = 'rejects';
    await vault.read(KEY);
    expect(events).toEqual(['store.down', 'store.up', 'store.down']);
    expect(logs.lines).toHaveLength(3);
  });

  it('after the application has ended is neither asked nor told of', async () => {
    let fail: (error: Error) => void = () => {};
    let asked = 0;
    store.get = () => {
      asked++;
      return new Promise((_, reject) => (fail = reject));
    };
    const underWay = clear.read(KEY);
    clear.onApplicationShutdown();
    fail(new Error('Connection is closed.'));

    expect(await underWay).toBeUndefined();
    expect(await clear.look(KEY)).toBe('down');
    expect(await clear.write(KEY, { n: 1 }, HOUR)).toBe('down');
    expect(asked).toBe(1);
    expect(logs.lines).toEqual([]);
    expect(events).toEqual([]);
  });

  it('leaves in place what it held', async () => {
    await sealed.write(KEY, { n: 1 }, HOUR);
    store.mode = 'rejects';
    await useAll(sealed);
    store.mode = 'up';
    expect((await sealed.read(KEY))?.value).toEqual({ n: 1 });
  });
});

describe('A store that can do one thing and not another', () => {
  /** As ioredis has them: one class for all that a server refuses. */
  class ReplyError extends Error {}
  type Operation = 'get' | 'set' | 'setIfAbsent' | 'replaceIfEqual';
  const WRITES: Operation[] = ['set', 'setIfAbsent', 'replaceIfEqual'];
  const refuse = (operations: Operation[], error: Error) => {
    const mended = operations.map((name) => [name, store[name]] as const);
    for (const name of operations) store[name] = () => Promise.reject<never>(error);
    return () => Object.assign(store, Object.fromEntries(mended));
  };
  /** What a login does with the store. */
  async function login(vault: Vault): Promise<void> {
    await store.delete('other');
    await vault.create('other', { n: 1 }, HOUR);
    await vault.write(OTHER, { n: 1 }, HOUR);
    await vault.update(
      KEY,
      () => ({ n: 2 }),
      () => HOUR,
    );
    await vault.read(OTHER);
  }

  beforeEach(() => login(clear));

  it.each<[string, Operation[], string, string]>([
    [
      'is a replica',
      WRITES,
      "READONLY You can't write against a read only replica.",
      'written (ReplyError READONLY)',
    ],
    [
      'is full',
      WRITES,
      "OOM command not allowed when used memory > 'maxmemory'.",
      'written (ReplyError OOM)',
    ],
    [
      'forbids scripts',
      ['replaceIfEqual'],
      "NOPERM this user has no permissions to run the 'eval' command",
      'written (ReplyError NOPERM)',
    ],
    [
      'cannot save to its disk',
      WRITES,
      'MISCONF Redis is configured to save RDB snapshots',
      'written (ReplyError MISCONF)',
    ],
    ['may not be read', ['get'], 'NOPERM No permissions to access a key', 'read (ReplyError NOPERM)'],
    ['takes no new entries', ['setIfAbsent'], 'canary-1234 was not kept', 'written (ReplyError)'],
  ])('since it %s is told of once, until that works again', async (_, operations, message, told) => {
    let time = 0;
    const vault = makeVault(store, sealerOf(), bus, { monotonic: () => time });
    const mend = refuse(operations, new ReplyError(message));
    for (let i = 0; i < 20; i++, time += 60_000) await login(vault);

    expect(events).toEqual(['store.down']);
    expect(logs.lines).toHaveLength(1);
    expect(logs.text).toContain(`cannot be ${told}`);
    expect(logs.text.replace(told, '')).not.toMatch(/canary|permission|command|replica|ReplyError/);
    mend();
    for (let i = 0; i < 5; i++) await login(vault);
    expect(events).toEqual(['store.down', 'store.up']);
    expect(logs.lines).toHaveLength(2);
  });

  it('is not well because it says that there is nothing to write, as a replica does too', async () => {
    const mend = refuse(['replaceIfEqual'], new ReplyError('READONLY'));
    await clear.replace(KEY, 'x', { n: 1 }, HOUR);
    mend();

    expect(await clear.replace(KEY, 'not what is there', { n: 1 }, HOUR)).toBe('refused');

    expect(events).toEqual(['store.down']);
  });

  it.each([
    [
      'the code of a driver',
      Object.assign(new Error('canary'), { code: 'ECONNREFUSED' }),
      'Error ECONNREFUSED',
    ],
    ['no code with small letters', Object.assign(new Error('x'), { code: 'oCanary' }), 'Error'],
    ['no number', Object.assign(new Error('x'), { code: 13 }), 'Error'],
    ['no word that goes on', new Error('CANARY1234 is wrong'), 'Error'],
    ['no text that is one word', new Error('CANARY'), 'Error'],
  ])('is described by %s', async (_, error, text) => {
    refuse(['get'], error);
    await clear.read(KEY);
    expect(logs.text).toContain(`(${text})`);
  });
});

describe('A store that hangs', () => {
  const PATIENCE = 20;
  let time: number;
  let asked: number;
  let hangs: boolean;
  let vault: Vault;

  beforeEach(() => {
    time = 0;
    asked = 0;
    hangs = true;
    const slow = new FlakyStore();
    const { get } = slow;
    slow.get = (key) => {
      asked++;
      return hangs ? new Promise<never>(() => {}) : get(key);
    };
    vault = makeVault(slow, sealerOf(), bus, { monotonic: () => time }, PATIENCE);
  });

  it('counts as down after a while, and is not asked again at once', async () => {
    time = 1;
    expect(await vault.read('wechat:a:token:b')).toBeUndefined();
    expect(await vault.read('wechat:a:token:b')).toBeUndefined();
    expect(await vault.write('wechat:a:token:b', {}, 1_000)).toBe('down');
    expect(asked).toBe(1);
  });

  it('is found again without a restart', async () => {
    time = 1;
    await vault.read('wechat:a:token:b');
    hangs = false;
    time += PATIENCE;
    expect(await vault.write('wechat:a:token:b', { x: 1 }, 1_000)).toBe('done');
    expect((await vault.read<{ x: number }>('wechat:a:token:b'))?.value).toEqual({ x: 1 });
  });

  it.each([
    ['set back', -300_000],
    ['put on', 300_000],
  ])('is asked again in time, and not before, though the clock was %s', async (_, ms) => {
    let clock = 1_000_000;
    const runtime = { now: () => clock, monotonic: () => time };
    const slow = new FlakyStore();
    slow.get = async () => {
      asked++;
      return hangs ? new Promise<never>(() => {}) : undefined;
    };
    const patient = makeVault(slow, sealerOf(), bus, runtime, PATIENCE);
    await patient.look('wechat:a:token:b');
    hangs = false;
    clock += ms;

    expect(await patient.look('wechat:a:token:b')).toBe('down');
    time += PATIENCE;
    expect(await patient.look('wechat:a:token:b')).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('when it writes does not hold up those who read meanwhile', async () => {
    const paused = new FlakyStore();
    let tick = 0;
    await paused.set(KEY, '{"n":1}', HOUR);
    paused.set = () => new Promise<never>(() => {});
    const half = makeVault(paused, sealerOf(), bus, { monotonic: () => ++tick }, 10 * PATIENCE);

    const write = half.write(OTHER, {}, HOUR);
    expect(await half.read(KEY)).toBeDefined();
    expect(await write).toBe('down');
    expect(await half.read(KEY)).toBeDefined();
    expect(await half.create(OTHER, {}, HOUR)).toBe('down');
  });

  it('may fail later without anybody minding', async () => {
    const failing = new FlakyStore();
    let fail: (error: Error) => void = () => {};
    failing.get = () => new Promise((_, reject) => (fail = reject));
    const patient = makeVault(failing, sealerOf(), bus, { monotonic: () => 1 }, PATIENCE);
    expect(await patient.read('wechat:a:token:b')).toBeUndefined();
    // An unhandled rejection would end the test run.
    fail(new Error('socket closed'));
    await new Promise(setImmediate);
  });
});

describe('Entries that a store shares with other programs', () => {
  it('are neither sealed nor expected to be', async () => {
    const shared = new FlakyStore();
    (shared as { keepsInClear?: (key: string) => boolean }).keepsInClear = (key) => key.includes(':token:');
    const vault = makeVault(shared, sealerOf(SECRET), bus);
    await vault.write('wechat:a:token:b', { x: 1 }, 1_000);
    await vault.write('wechat:a:login:b', { x: 1 }, 1_000);
    expect(await shared.get('wechat:a:token:b')).toBe('{"x":1}');
    expect(await shared.get('wechat:a:login:b')).toMatch(/^v1\./);
    expect((await vault.read<{ x: number }>('wechat:a:token:b'))?.value).toEqual({ x: 1 });
  });
});
