// One exchange for each state: who wins, who waits, and what is left when the winner fails or dies.
// Several objects on one store are several machines.
import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CodeClaims } from '../../../../lib/auth/login/code-claims.js';
import { ExchangeOnce, type ExchangeSteps } from '../../../../lib/auth/login/exchange-once.js';
import { FLOW_LIFETIME_MS, QR_LIFETIME_MS, REPLAY_MS } from '../../../../lib/auth/login/pending-logins.js';
import type { SignInResult } from '../../../../lib/auth/login/sign-in.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { MemoryTokenStore } from '../../../../lib/tokens/memory-token-store.js';
import type { TokenStore } from '../../../../lib/tokens/token-store.js';
import { WechatToken } from '../../../../lib/tokens/wechat-token.js';
import { makeVault, FakeRuntime } from '../../../support/parts.js';

const SECRET = 'session-secret-canary-0123456789abcdef';
const TIMEOUT = 1_000;
/** What a living winner may take: the exchange, the profile, and then the handler. */
const PATIENCE = 2 * TIMEOUT + 10_000;
const STATE = '0'.repeat(32);
/** Flows that have just started. */
const flowOf = (state: string) => ({ state, expiresAt: new FakeRuntime().time + FLOW_LIFETIME_MS });
const FLOW = flowOf(STATE);
const OTHER = flowOf('1'.repeat(32));
const CODE = 'code-canary';

const config = resolveConfig({ appId: 'wx00000000official', secret: 's', http: { timeout: TIMEOUT } }, false);
const app = config.defaultApp!;

/** Waiting moves the clock, and nothing else does. */
class WaitingRuntime extends FakeRuntime {
  override sleep = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
    this.time += ms;
    // Others get their turn.
    await settle();
  };
}

class Fleet {
  readonly runtime = new WaitingRuntime();
  readonly store = new MemoryTokenStore({ now: this.runtime.now });
  readonly log: string[] = [];

  machine(store: TokenStore = this.store, secret = SECRET): ExchangeOnce {
    const vault = makeVault(store, new Sealer([new WechatSecret(secret)]));
    return new ExchangeOnce(vault, config, this.runtime, new CodeClaims(vault));
  }

  /** Steps that write down what they do. */
  steps(name: string, changes: Partial<ExchangeSteps> = {}): ExchangeSteps {
    return {
      exchange: async () => {
        this.log.push(`${name} exchanges`);
        return (await changes.exchange?.()) ?? token(name);
      },
      complete: async (given) => {
        this.log.push(`${name} completes ${given.openid}`);
        return (await changes.complete?.(given)) ?? signedIn(given.openid);
      },
    };
  }
}

const token = (openid: string) =>
  new WechatToken({
    accessToken: 't',
    expiresAt: 9e15,
    issuedAt: 0,
    openid,
    scope: [],
    isSnapshotUser: false,
  });

const signedIn = (openid: string): SignInResult => ({
  kind: 'signed-in',
  reason: 'login',
  session: {
    sid: 'sid-canary-0123456789',
    issuedAt: 0,
    expiresAt: 9e15,
    identity: { app: app.name, appId: app.appId, openid, scope: [], isSnapshotUser: false },
  },
});

const never = new Promise<never>(() => {});
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('An exchange', () => {
  let fleet: Fleet;

  // An outage is said once; what exactly, the vault's own tests look at.
  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(() => {
    fleet = new Fleet();
  });

  it('runs once for twenty callers on one machine', async () => {
    const machine = fleet.machine();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => machine.run(app, FLOW, CODE, fleet.steps('a'))),
    );

    expect(results).toEqual(Array(20).fill(signedIn('a')));
    expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
  });

  it('is on record before profile and handler are asked, however slow the store', async () => {
    const { setIfAbsent } = fleet.store;
    fleet.store.setIfAbsent = async (...args) => {
      for (let turn = 0; turn < 5; turn++) await settle();
      return setIfAbsent.apply(fleet.store, args);
    };
    let before: string | undefined;
    const key = `wechat:${app.appId}:login:${createHash('sha256').update(STATE).digest('hex')}`;
    const complete = async () => {
      before = await fleet.store.get(key);
      return signedIn('a');
    };
    await fleet.machine().run(app, FLOW, CODE, fleet.steps('a', { complete }));
    expect(before).toMatch(/^v1\./);
    // Its twin takes it up from there, should this process die now.
    await fleet.store.delete(key);
    await fleet.store.set(key, before!, 60_000);
    const taken = await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'));
    expect([taken, fleet.log.filter((line) => line.endsWith('exchanges'))]).toEqual([
      signedIn('a'),
      ['a exchanges'],
    ]);
  });

  it('runs once for callers on two machines, of which the second waits for the first', async () => {
    const [a, b] = [fleet.machine(), fleet.machine()];
    let release!: (given: WechatToken) => void;
    const slow = fleet.steps('a', { exchange: () => new Promise((resolve) => (release = resolve)) });
    const first = a.run(app, FLOW, CODE, slow);
    await settle();
    const second = b.run(app, FLOW, CODE, fleet.steps('b'));
    await settle();
    release(token('a'));

    expect(await Promise.all([first, second])).toEqual([signedIn('a'), signedIn('a')]);
    expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
  });

  it('is another one for another state', async () => {
    const machine = fleet.machine();
    await machine.run(app, FLOW, CODE, fleet.steps('a'));
    await machine.run(app, OTHER, 'another-code', fleet.steps('b'));
    expect(fleet.log.filter((line) => line.endsWith('exchanges'))).toHaveLength(2);
  });

  it.each(['the same', 'another'])(
    'gives its result again for a minute on %s machine, then nothing',
    async (which) => {
      const first = fleet.machine();
      await first.run(app, FLOW, CODE, fleet.steps('a'));
      const machine = which === 'another' ? fleet.machine() : first;

      fleet.runtime.time += REPLAY_MS - 1;
      expect(await machine.run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
      fleet.runtime.time += 1;
      expect(await machine.run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
    },
  );

  it('stays spent until its flow cannot come back any more', async () => {
    await fleet.machine().run(app, FLOW, CODE, fleet.steps('a'));
    fleet.runtime.time += FLOW_LIFETIME_MS - 1;
    expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
    expect(fleet.log).toHaveLength(2);
  });

  it.each([FLOW_LIFETIME_MS, 3 * FLOW_LIFETIME_MS, 1_000])(
    'stays spent for a minute beyond the end of a flow that lives for %d ms',
    async (lifetime) => {
      const flow = { state: STATE, expiresAt: fleet.runtime.time + lifetime };
      const read = () => fleet.store.get(claimKey!);
      let claimKey: string | undefined;
      const { setIfAbsent } = fleet.store;
      fleet.store.setIfAbsent = (key, ...rest) => {
        if (key.includes(':claim:')) claimKey = key;
        return setIfAbsent.call(fleet.store, key, ...rest);
      };
      await fleet.machine().run(app, flow, CODE, fleet.steps('a'));

      fleet.runtime.time += lifetime + 60_000 - 1;
      expect(await read()).toBeDefined();
      fleet.runtime.time += 1;
      expect(await read()).toBeUndefined();
    },
  );

  it('keeps its code from others until its flow cannot come back, a QR flow of half an hour too', async () => {
    const flow = { state: STATE, expiresAt: fleet.runtime.time + QR_LIFETIME_MS };
    await fleet.machine().run(app, flow, CODE, fleet.steps('a'));
    fleet.runtime.time += QR_LIFETIME_MS + 60_000 - 1;
    const other = { state: 'f'.repeat(32), expiresAt: fleet.runtime.time + QR_LIFETIME_MS };
    expect(await fleet.machine().run(app, other, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
    expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
  });

  it.each<[string, SignInResult]>([
    ['refused', { kind: 'refused', code: 'BANNED', message: 'no' }],
    ['of a snapshot visitor', { kind: 'snapshot' }],
  ])('that was %s is so for everybody who repeats it', async (_what, result) => {
    const steps = fleet.steps('a', { complete: async () => result });
    expect(await fleet.machine().run(app, FLOW, CODE, steps)).toEqual(result);
    expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual(result);
    expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
  });

  describe('that fails at WeChat', () => {
    const failing = (name: string) =>
      fleet.steps(name, { exchange: () => Promise.reject(new Error('code been used')) });

    it('fails for everybody who waited on the same machine', async () => {
      const machine = fleet.machine();
      const results = await Promise.allSettled(
        [1, 2, 3].map(() => machine.run(app, FLOW, CODE, failing('a'))),
      );
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(fleet.log).toEqual(['a exchanges']);
    });

    it('is not tried again, here or elsewhere: the code may be spent', async () => {
      const machine = fleet.machine();
      await expect(machine.run(app, FLOW, CODE, failing('a'))).rejects.toThrow('code been used');
      for (const other of [machine, fleet.machine()]) {
        expect(await other.run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      }
      expect(fleet.log).toEqual(['a exchanges']);
    });

    it('lets those on other machines go at once', async () => {
      const [a, b] = [fleet.machine(), fleet.machine()];
      let fail!: (error: Error) => void;
      const first = a.run(
        app,
        FLOW,
        CODE,
        fleet.steps('a', { exchange: () => new Promise((_, reject) => (fail = reject)) }),
      );
      await settle();
      const second = b.run(app, FLOW, CODE, fleet.steps('b'));
      await settle();
      fail(new Error('timeout'));

      await expect(first).rejects.toThrow('timeout');
      expect(await second).toEqual({ kind: 'spent' });
      expect(fleet.runtime.pauses.length).toBeLessThan(PATIENCE / 100);
    });
  });

  describe('whose completion fails', () => {
    const broken = (name: string) =>
      fleet.steps(name, { complete: () => Promise.reject(new Error('database is down')) });

    it.each(['the same', 'another'])(
      'is completed by the next caller on %s machine, with the token it got',
      async (which) => {
        const first = fleet.machine();
        await expect(first.run(app, FLOW, CODE, broken('a'))).rejects.toThrow('database is down');
        const machine = which === 'another' ? fleet.machine() : first;

        expect(await machine.run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
        expect(fleet.log).toEqual(['a exchanges', 'a completes a', 'b completes a']);
        expect(fleet.runtime.pauses).toEqual([]);
      },
    );

    it('is handed on before whoever brought it is told, however slow the store', async () => {
      const { replaceIfEqual } = fleet.store;
      fleet.store.replaceIfEqual = async (...args) => {
        for (let turn = 0; turn < 20; turn++) await settle();
        return replaceIfEqual.apply(fleet.store, args);
      };
      await expect(fleet.machine().run(app, FLOW, CODE, broken('a'))).rejects.toThrow('database is down');

      expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
      // Whoever comes next need not wait: nobody is working on it any more.
      expect(fleet.runtime.pauses).toEqual([]);
    });

    it('may fail and be tried again, for as long as its token is kept', async () => {
      const machine = fleet.machine();
      for (const name of ['a', 'b', 'c'])
        await expect(machine.run(app, FLOW, CODE, broken(name))).rejects.toThrow('database is down');
      fleet.runtime.time += REPLAY_MS;
      expect(await machine.run(app, FLOW, CODE, fleet.steps('d'))).toEqual({ kind: 'spent' });
      expect(fleet.log.filter((line) => line.endsWith('exchanges'))).toEqual(['a exchanges']);
    });
  });

  describe('of a code that two flows bring', () => {
    it.each(['the same', 'another'])(
      'belongs to the first, while and after it is exchanged, on %s machine',
      async (which) => {
        const first = fleet.machine();
        const second = which === 'another' ? fleet.machine() : first;
        let release!: (given: WechatToken) => void;
        const slow = fleet.steps('a', { exchange: () => new Promise((resolve) => (release = resolve)) });
        const own = first.run(app, FLOW, CODE, slow);
        await settle();

        expect(await second.run(app, OTHER, CODE, fleet.steps('thief'))).toEqual({ kind: 'spent' });
        release(token('a'));
        expect(await own).toEqual(signedIn('a'));
        for (const machine of [first, second, fleet.machine()]) {
          expect(await machine.run(app, OTHER, CODE, fleet.steps('thief'))).toEqual({ kind: 'spent' });
          expect(await machine.run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
        }
        expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
      },
    );

    it('belongs to one of them when both come in one turn', async () => {
      const [a, b] = [fleet.machine(), fleet.machine()];
      const results = await Promise.all([
        a.run(app, FLOW, CODE, fleet.steps('a')),
        a.run(app, OTHER, CODE, fleet.steps('b')),
        b.run(app, flowOf('2'.repeat(32)), CODE, fleet.steps('c')),
      ]);
      expect(results.map(({ kind }) => kind).toSorted()).toEqual(['signed-in', 'spent', 'spent']);
      expect(fleet.log.filter((line) => line.endsWith('exchanges'))).toHaveLength(1);
    });

    it('stays with the first in this process while the store is down', async () => {
      const down = new MemoryTokenStore();
      const refuse = () => Promise.reject(new Error('ECONNREFUSED'));
      Object.assign(down, { get: refuse, set: refuse, setIfAbsent: refuse });
      const machine = fleet.machine(down);
      await machine.run(app, FLOW, CODE, fleet.steps('a'));
      expect(await machine.run(app, OTHER, CODE, fleet.steps('thief'))).toEqual({ kind: 'spent' });
    });

    it('stays somebody else’s on a machine whose store goes down afterwards', async () => {
      await fleet.machine().run(app, FLOW, CODE, fleet.steps('a'));
      const store = new MemoryTokenStore({ now: fleet.runtime.now });
      const ask = (name: 'get' | 'set' | 'setIfAbsent') =>
        fleet.store[name].bind(fleet.store) as (...args: unknown[]) => Promise<unknown>;
      let isDown = false;
      for (const name of ['get', 'set', 'setIfAbsent'] as const)
        Object.assign(store, {
          [name]: (...args: unknown[]) => (isDown ? Promise.reject(new Error('gone')) : ask(name)(...args)),
        });
      const machine = fleet.machine(store);
      expect(await machine.run(app, OTHER, CODE, fleet.steps('thief'))).toEqual({ kind: 'spent' });
      isDown = true;
      expect(await machine.run(app, OTHER, CODE, fleet.steps('thief'))).toEqual({ kind: 'spent' });
      expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
    });

    it('is somebody else’s when its entry cannot be read', async () => {
      await fleet.machine().run(app, FLOW, CODE, fleet.steps('a'));
      const stranger = fleet.machine(fleet.store, 'another-secret-canary-0123456789abcdef');
      expect(await stranger.run(app, OTHER, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
    });

    it('is another one at another app', async () => {
      const machine = fleet.machine();
      await machine.run(app, FLOW, CODE, fleet.steps('a'));
      const elsewhere = { ...app, appId: 'wx00000000000club0' };
      expect(await machine.run(elsewhere, OTHER, CODE, fleet.steps('b'))).toEqual(signedIn('b'));
    });
  });

  describe('between two clocks', () => {
    it.each([-20_000, -59_000, 20_000, 300_000])(
      'waits for the winner whose clock is %d ms off',
      async (off) => {
        const began = fleet.runtime.time;
        fleet.runtime.monotonic = () => fleet.runtime.pauses.reduce((sum, ms) => sum + ms, 0);
        fleet.runtime.time += off;
        let release!: (given: WechatToken) => void;
        const first = fleet
          .machine()
          .run(
            app,
            FLOW,
            CODE,
            fleet.steps('a', { exchange: () => new Promise((resolve) => (release = resolve)) }),
          );
        await settle();
        fleet.runtime.time = began;
        const second = fleet.machine().run(app, FLOW, CODE, fleet.steps('b'));
        await settle();
        release(token('a'));

        expect(await Promise.all([first, second])).toEqual([signedIn('a'), signedIn('a')]);
      },
    );

    it('gives up in time though the clock is set back while it waits', async () => {
      fleet.runtime.monotonic = () => fleet.runtime.pauses.reduce((sum, ms) => sum + ms, 0);
      void fleet.machine().run(app, FLOW, CODE, fleet.steps('a', { exchange: () => never }));
      await settle();
      const waiting = fleet.machine().run(app, FLOW, CODE, fleet.steps('b'));
      fleet.runtime.time -= 300_000;

      expect(await waiting).toEqual({ kind: 'spent' });
      expect(fleet.runtime.monotonic()).toBeLessThan(PATIENCE + 200);
    });
  });

  describe('whose result the store does not take', () => {
    /** Down for so many writes of what has come of a login. */
    class Stubborn extends MemoryTokenStore {
      refused = 0;

      override async set(key: string, value: string, ttlMs: number) {
        this.mayRefuse(key);
        return super.set(key, value, ttlMs);
      }

      override async setIfAbsent(key: string, value: string, ttlMs: number) {
        this.mayRefuse(key);
        return super.setIfAbsent(key, value, ttlMs);
      }

      private mayRefuse(key: string): void {
        if (key.includes(':login:') && this.refused-- > 0) throw new Error('ECONNREFUSED');
      }
    }

    it.each([1, 2, 3])(
      'writes it again, for a twin on another machine (%d writes refused)',
      async (refused) => {
        const store = new Stubborn({ now: fleet.runtime.now });
        store.refused = refused;
        expect(await fleet.machine(store).run(app, FLOW, CODE, fleet.steps('a'))).toEqual(signedIn('a'));

        expect(await fleet.machine(store).run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
        expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
      },
    );

    it.each<[string, number, Partial<ExchangeSteps>]>([
      ['that WeChat answered', 1, {}],
      [
        'that somebody may try again',
        2,
        { complete: async () => Promise.reject(new Error('database is down')) },
      ],
    ])('lets no late news %s undo it', async (_what, count, changes) => {
      // The store refuses a write and carries it out all the same, later.
      const store = new MemoryTokenStore({ now: fleet.runtime.now });
      const late: (() => Promise<unknown>)[] = [];
      for (const name of ['setIfAbsent', 'replaceIfEqual', 'set'] as const) {
        const real = store[name].bind(store) as (...args: unknown[]) => Promise<never>;
        store[name] = async (...args: [string, ...unknown[]]): Promise<never> => {
          if (!args[0].includes(':login:') || late.length === count) return real(...args);
          late.push(() => real(...args));
          throw new Error('ETIMEDOUT');
        };
      }
      const machine = fleet.machine(store);
      await machine.run(app, FLOW, CODE, fleet.steps('a', changes)).catch(() => {});
      await machine.run(app, FLOW, CODE, fleet.steps('a'));
      for (let n = 0; n < 20; n++) await settle();
      for (const write of late) await write();

      fleet.log.length = 0;
      expect(await fleet.machine(store).run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
      expect(fleet.log).toEqual([]);
    });

    it('is not waited for, while what WeChat answered is, before anybody is asked', async () => {
      const store = new MemoryTokenStore({ now: fleet.runtime.now });
      const { setIfAbsent } = store;
      let take!: () => void;
      const taken = new Promise<void>((resolve) => (take = resolve));
      store.set = () => never;
      store.setIfAbsent = async (key, value, ttl) => {
        if (key.includes(':login:')) await taken;
        return setIfAbsent.call(store, key, value, ttl);
      };
      const login = fleet.machine(store).run(app, FLOW, CODE, fleet.steps('a'));
      await settle();
      expect(fleet.log).toEqual(['a exchanges']);

      let outcome: unknown;
      void login.then((given) => (outcome = given));
      take();
      for (let n = 0; n < 20; n++) await settle();
      expect(outcome).toEqual(signedIn('a'));
    });

    it('does not keep a twin waiting whose own store is down', async () => {
      const store = new MemoryTokenStore({ now: fleet.runtime.now });
      void fleet.machine(store).run(app, FLOW, CODE, fleet.steps('a', { exchange: () => never }));
      await settle();
      const read = store.get.bind(store);
      let reads = 0;
      store.get = (key) => (reads++ < 2 ? read(key) : Promise.reject(new Error('ECONNREFUSED')));

      expect(await fleet.machine(store).run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      expect(fleet.runtime.pauses.length).toBeLessThan(5);
    });
  });

  describe('whose machine dies', () => {
    it('before WeChat answered is spent, after no longer than a living machine could have taken', async () => {
      void fleet.machine().run(app, FLOW, CODE, fleet.steps('a', { exchange: () => never }));
      await settle();
      const began = fleet.runtime.time;

      expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      expect(fleet.runtime.time - began).toBeGreaterThanOrEqual(PATIENCE);
      expect(fleet.runtime.time - began).toBeLessThan(PATIENCE + 200);
      // Whoever comes later does not wait again.
      expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('c'))).toEqual({ kind: 'spent' });
      expect(fleet.runtime.time - began).toBeLessThan(PATIENCE + 200);
      expect(fleet.log).toEqual(['a exchanges']);
    });

    it('is waited for by our own clock, however far ahead its clock was', async () => {
      const began = fleet.runtime.time;
      fleet.runtime.time += 240_000;
      void fleet.machine().run(app, FLOW, CODE, fleet.steps('a', { exchange: () => never }));
      await settle();
      fleet.runtime.time = began;

      expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      expect(fleet.runtime.time - began).toBeLessThan(PATIENCE + 200);
    });

    it('between WeChat’s answer and the login is completed by another', async () => {
      void fleet.machine().run(app, FLOW, CODE, fleet.steps('a', { complete: () => never }));
      await settle();

      expect(await fleet.machine().run(app, FLOW, CODE, fleet.steps('b'))).toEqual(signedIn('a'));
      expect(fleet.log).toEqual(['a exchanges', 'a completes a', 'b completes a']);
      expect(fleet.runtime.pauses.length).toBeGreaterThanOrEqual(PATIENCE / 100);
    });
  });

  describe('without a store', () => {
    class BrokenStore extends MemoryTokenStore {
      broken = true;

      override async get(key: string) {
        if (this.broken) throw new Error('ECONNREFUSED');
        return super.get(key);
      }

      override async set(key: string, value: string, ttlMs: number) {
        if (this.broken) throw new Error('ECONNREFUSED');
        return super.set(key, value, ttlMs);
      }

      override async setIfAbsent(key: string, value: string, ttlMs: number) {
        if (this.broken) throw new Error('ECONNREFUSED');
        return super.setIfAbsent(key, value, ttlMs);
      }
    }

    it('runs once on each machine, and repeats get its result there for a minute', async () => {
      const machine = fleet.machine(new BrokenStore());
      const twins = await Promise.all([1, 2, 3].map(() => machine.run(app, FLOW, CODE, fleet.steps('a'))));
      fleet.runtime.time += REPLAY_MS - 1;
      const later = await machine.run(app, FLOW, CODE, fleet.steps('b'));

      expect([...twins, later]).toEqual(Array(4).fill(signedIn('a')));
      expect(fleet.log).toEqual(['a exchanges', 'a completes a']);
    });

    it('that goes away in the middle still gives the result to those who asked', async () => {
      const store = new BrokenStore({ now: fleet.runtime.now });
      store.broken = false;
      const steps = fleet.steps('a', {
        exchange: async () => {
          store.broken = true;
          return token('a');
        },
      });
      expect(await fleet.machine(store).run(app, FLOW, CODE, steps)).toEqual(signedIn('a'));
    });

    it('waits for nobody when its rows cannot be read', async () => {
      await fleet.machine().run(app, FLOW, CODE, fleet.steps('a'));
      const other = fleet.machine(fleet.store, 'another-session-secret-0123456789abcdef');

      expect(await other.run(app, FLOW, CODE, fleet.steps('b'))).toEqual({ kind: 'spent' });
      expect(fleet.runtime.pauses).toEqual([]);
      expect(fleet.log).toHaveLength(2);
    });
  });

  it('leaves neither its state nor a token readable in the store', async () => {
    const rows: string[] = [];
    const { store } = fleet;
    for (const method of ['set', 'setIfAbsent'] as const) {
      const real = store[method].bind(store) as (...row: unknown[]) => Promise<never>;
      store[method] = async (...row: unknown[]) => {
        rows.push(JSON.stringify(row));
        return real(...row);
      };
    }
    await fleet.machine().run(app, FLOW, CODE, fleet.steps('a'));

    expect(rows).toHaveLength(4);
    expect(
      rows.filter((row) => row.includes(STATE) || row.includes('accessToken') || row.includes('sid-canary')),
    ).toEqual([]);
  });
});
