// Sessions that were ended before their time.
import { Logger } from '@nestjs/common';
import { Revocations } from '../../../../lib/auth/session/revocations.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { MemoryTokenStore } from '../../../../lib/tokens/memory-token-store.js';
import type { WechatSession } from '../../../../lib/wechat-oauth.options.js';
import { makeVault, FakeRuntime } from '../../../support/parts.js';

const APP_ID = 'wx00000000official';
const MING = { appId: APP_ID, openid: 'oMing000000000000000000001' };
const HONG = { appId: APP_ID, openid: 'oHong000000000000000000001' };
const KEY = `wechat:${APP_ID}:ended:${MING.openid}`;
const TTL = 600;

/** As slow as a store over a network: other writers come in between. Counts what it is asked. */
class SlowStore extends MemoryTokenStore {
  canRead = true;
  canWrite = true;
  asked = 0;
  lives: number[] = [];

  override get = async (key: string) => {
    await this.pause(this.canRead);
    return super.get(key);
  };
  override set = async (key: string, value: string, ttlMs: number) => {
    await this.pause(this.canWrite);
    this.lives.push(ttlMs);
    return super.set(key, value, ttlMs);
  };
  override setIfAbsent = async (key: string, value: string, ttlMs: number) => {
    await this.pause(this.canWrite);
    return super.setIfAbsent(key, value, ttlMs);
  };
  override replaceIfEqual = async (key: string, old: string, value: string | undefined, ttlMs: number) => {
    await this.pause(this.canWrite);
    return super.replaceIfEqual(key, old, value, ttlMs);
  };

  private async pause(works: boolean): Promise<void> {
    this.asked++;
    await new Promise((resolve) => setImmediate(resolve));
    if (!works) throw new Error('ECONNREFUSED');
  }
}

function setUp(ttl = TTL) {
  const runtime = new FakeRuntime();
  const store = new SlowStore({ now: runtime.now });
  const machine = (clock: FakeRuntime = runtime, secrets = ['session-secret-canary-0123456789abcdef']) => {
    const sealer = new Sealer(secrets.map((secret) => new WechatSecret(secret)));
    // An outage of the test is over when the test says so, not a second later.
    const vault = makeVault(store, sealer, undefined, undefined, 1_000_000);
    return new Revocations(vault, { session: { revocable: true, ttl } } as never, clock);
  };
  let count = 0;
  const login = async (at: Revocations, person = MING, life = ttl): Promise<WechatSession> => {
    const mark = await at.markFor(person, life);
    return {
      sid: `sid-${++count}`,
      issuedAt: runtime.time,
      expiresAt: runtime.time + life * 1_000,
      ...(mark === undefined ? {} : { mark }),
      identity: { app: 'official', ...person, scope: [], isSnapshotUser: false },
    };
  };
  const entry = () => store.get(KEY);
  return { runtime, store, machine, login, entry, here: machine() };
}

const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

beforeAll(() => Logger.overrideLogger(false));

describe('A session that was ended', () => {
  it('is over on every machine, and no other is', async () => {
    const { machine, login, here } = setUp();
    const [one, two, other] = [await login(here), await login(here), await login(here, HONG)];
    expect(await here.end(one)).toBe(true);

    const elsewhere = machine();
    expect(await elsewhere.hasEnded(one)).toBe(true);
    expect(await elsewhere.hasEnded(two)).toBe(false);
    expect(await elsewhere.hasEnded(other)).toBe(false);
    // Once more changes nothing.
    expect(await elsewhere.end(one)).toBe(true);
    expect(await elsewhere.hasEnded(two)).toBe(false);
  });

  it('stays ended when its id is a word that objects know', async () => {
    const { login, here } = setUp();
    const session = await login(here);
    for (const sid of ['__proto__', 'constructor', 'toString']) {
      expect(await here.hasEnded({ ...session, sid })).toBe(false);
    }
    await here.end({ ...session, sid: 'constructor' });
    expect(await here.hasEnded({ ...session, sid: 'constructor' })).toBe(true);
    expect(await here.hasEnded({ ...session, sid: 'toString' })).toBe(false);
  });

  it('is over although many others of the person are ended at the same moment on three machines', async () => {
    const { machine, login, here } = setUp();
    const sessions = await Promise.all(Array.from({ length: 45 }, () => login(here)));
    const kept = await login(here);
    const machines = [machine(), machine(), machine()];

    const ended = await Promise.all(sessions.map((one, index) => machines[index % 3]!.end(one)));

    expect(ended).toEqual(Array(45).fill(true));
    expect(await Promise.all(sessions.map((one) => here.hasEnded(one)))).toEqual(Array(45).fill(true));
    expect(await here.hasEnded(kept)).toBe(false);
  });

  it('costs two questions, however many are ended at once', async () => {
    const { store, login, here } = setUp();
    const sessions = await Promise.all(Array.from({ length: 199 }, () => login(here)));
    await settle();
    store.asked = 0;

    expect(await Promise.all(sessions.map((one) => here.end(one)))).toEqual(Array(199).fill(true));

    // Fifty-one are remembered one by one, the fifty-first ends all the others.
    expect(store.asked).toBeLessThanOrEqual(2 * 199);
    expect(await Promise.all(sessions.map((one) => here.hasEnded(one)))).toEqual(Array(199).fill(true));
  });

  it('ends all others of the person when it is the fifty-first, and the entry is small again', async () => {
    const { login, here, entry } = setUp();
    const kept = await login(here);
    for (let index = 0; index < 50; index++) await here.end(await login(here));
    expect(await here.hasEnded(kept)).toBe(false);
    await here.end(await login(here));
    expect(await here.hasEnded(kept)).toBe(true);
    expect(Object.keys(JSON.parse((await entry())!).sids)).toEqual([]);
    expect(await here.hasEnded(await login(here))).toBe(false);
  });

  it('is forgotten when nobody could show it any more', async () => {
    const { runtime, login, here, entry } = setUp();
    const short = await login(here, MING, 10);
    const long = await login(here);
    await here.end(short);
    runtime.time += 10_000;
    await here.end(long);
    expect(Object.keys(JSON.parse((await entry())!).sids)).toEqual([long.sid]);
  });

  it('counts for what its store can do', async () => {
    const { store, login, here } = setUp();
    const one = await login(here);
    store.canRead = false;
    expect(await here.hasEnded(one)).toBe('unknown');
    expect(await here.end(one)).toBe(false);
    store.canRead = true;
    expect(await here.hasEnded(one)).toBe(false);
    store.canWrite = false;
    expect(await here.end(one)).toBe(false);
    expect(await here.hasEnded(one)).toBe(false);
  });

  it('costs nothing where sessions cannot be revoked', async () => {
    const { store, runtime, login, here } = setUp();
    const session = await login(here);
    store.asked = 0;
    const vault = makeVault(store, new Sealer([]));
    const off = new Revocations(vault, { session: { revocable: false, ttl: TTL } } as never, runtime);
    expect([await off.markFor(MING), off.markNow(MING), await off.end(session)]).toEqual([
      undefined,
      undefined,
      true,
    ]);
    expect(store.asked).toBe(0);
  });
});

describe('All sessions of a person', () => {
  it('that were there are over, and one that comes after counts, in the same millisecond', async () => {
    const { machine, login, here } = setUp();
    const [before, other] = [await login(here), await login(here, HONG)];
    expect(await here.endAll(MING)).toBe(true);
    const after = await login(machine());

    expect(await Promise.all([before, after, other].map((one) => here.hasEnded(one)))).toEqual([
      true,
      false,
      false,
    ]);
    // Ending a single one later takes nothing back.
    await here.end(after);
    expect(await Promise.all([before, after].map((one) => here.hasEnded(one)))).toEqual([true, true]);
  });

  it.each([-3_600_000, -20_000, -2_000, 2_000, 20_000, 3_600_000])(
    'are over on a machine whose clock is %d ms off, and the next login counts everywhere',
    async (off) => {
      const { runtime, machine, login, here } = setUp(7 * 86_400);
      const clock = new FakeRuntime();
      clock.time = runtime.time + off;
      const elsewhere = machine(clock);
      const session = await login(here);

      expect(await elsewhere.endAll(MING)).toBe(true);
      expect([await here.hasEnded(session), await elsewhere.hasEnded(session)]).toEqual([true, true]);
      const next = await login(here);
      expect([await here.hasEnded(next), await elsewhere.hasEnded(next)]).toEqual([false, false]);
    },
  );

  it('are ended by one write of which nothing is read before', async () => {
    const { store, login, here } = setUp();
    await login(here);
    store.canRead = false;
    store.asked = 0;
    expect(await here.endAll(MING)).toBe(true);
    expect(store.asked).toBe(1);
  });

  it('are over although the person tries to outrun the ban with a flood of logouts', async () => {
    const { machine, login, here } = setUp();
    const sessions = await Promise.all(Array.from({ length: 60 }, () => login(here)));
    const door = machine();
    const [banned] = await Promise.all([here.endAll(MING), ...sessions.slice(1).map((one) => door.end(one))]);
    expect(banned).toBe(true);
    expect(await here.hasEnded(sessions[0]!)).toBe(true);
  });

  it('are over for machines that have other secrets, and stay so when those end one', async () => {
    const { machine, login, here } = setUp();
    const session = await login(here);
    const [renewed, old] = [machine(undefined, ['another-secret-0123456789abcdefghij']), here];
    await renewed.endAll(MING);
    const second = await login(old);
    await old.end(second);
    await old.end(session);
    expect([await old.hasEnded(session), await renewed.hasEnded(session)]).toEqual([true, true]);
  });

  it('are over when a ban falls between the mark and the session', async () => {
    const { login, here } = setUp();
    const session = login(here);
    await settle();
    await here.endAll(MING);
    expect(await here.hasEnded(await session)).toBe(true);
  });

  it('are not ended, and whoever asked is told, while the store cannot be written', async () => {
    const { store, login, here } = setUp();
    const session = await login(here);
    store.canWrite = false;
    expect(await here.endAll(MING)).toBe(false);
    expect(await here.hasEnded(session)).toBe(false);
  });
});

describe('The mark of a session', () => {
  it('stands in the store for as long as the longest session lives', async () => {
    const { runtime, login, here } = setUp();
    const short = await login(here);
    const long = await login(here, MING, 2 * TTL);
    await settle();
    runtime.time += 2 * TTL * 1_000 - 1;
    expect(await here.hasEnded(long)).toBe(false);
    expect(await here.hasEnded(short)).toBe(false);
    runtime.time += 1;
    expect(await here.hasEnded(long)).toBe(true);
  });

  it('is one for logins that come at once on several machines', async () => {
    const { machine, login } = setUp();
    const sessions = await Promise.all(Array.from({ length: 12 }, () => login(machine())));
    expect(new Set(sessions.map(({ mark }) => mark)).size).toBe(1);
  });

  it('that is lost ends sessions, and the next login counts', async () => {
    const { store, login, here } = setUp();
    const session = await login(here);
    await store.delete(KEY);
    expect(await here.hasEnded(session)).toBe(true);
    expect(await here.hasEnded(await login(here))).toBe(false);
    expect(await here.hasEnded(session)).toBe(true);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    'v1.sealed-with-something',
    '{"before":9e15,"sids":{}}',
    '{"mark":"m","sids":[],"until":1}',
  ])('stands nowhere in %j, and the next login counts all the same', async (entry) => {
    const { store, login, here } = setUp();
    const session = await login(here);
    await store.set(KEY, entry, 1_000_000);
    expect(await here.hasEnded(session)).toBe(true);
    const next = await login(here);
    expect([await here.hasEnded(session), await here.hasEnded(next)]).toEqual([true, false]);
  });

  it('is none while the store is down, and the session counts until the store can be read again', async () => {
    const { store, login, here } = setUp();
    store.canRead = store.canWrite = false;
    const session = await login(here);
    expect(session.mark).toBeUndefined();
    expect(await here.hasEnded(session)).toBe('unknown');
    store.canRead = store.canWrite = true;
    expect(await here.hasEnded(session)).toBe(true);
  });

  it('is empty while the store can only be read, and counts for an hour so that people can sign in', async () => {
    const { runtime, store, login, here } = setUp(7_200);
    store.canWrite = false;
    const session = await login(here);
    expect(await here.hasEnded(session)).toBe(false);
    expect(await here.end(session)).toBe(false);
    runtime.time += 3_600_000;
    expect(await here.hasEnded(session)).toBe(false);
    runtime.time += 1;
    expect(await here.hasEnded(session)).toBe(true);
  });

  it.each(['a ban', 'its logout'])(
    'that is empty is no way around %s when the store is well again',
    async (end) => {
      const { store, login, here } = setUp();
      store.canWrite = false;
      const session = await login(here);
      store.canWrite = true;
      expect(await (end === 'a ban' ? here.endAll(MING) : here.end(session))).toBe(true);
      expect(await here.hasEnded(session)).toBe(true);
    },
  );

  it('can be read in the store, says nothing, and is kept no longer than a session', async () => {
    const { store, here, entry } = setUp();
    await here.markFor(MING);
    expect(JSON.parse((await entry())!)).toEqual({
      mark: expect.stringMatching(/^[\w-]{11}$/),
      sids: {},
      until: expect.any(Number),
    });
    await here.endAll(MING);
    expect(store.lives).toEqual([TTL * 1_000]);
  });

  it('is known at once for tests', async () => {
    const { login, here } = setUp();
    const first = here.markNow(MING);
    expect((await login(here)).mark).toBe(first);
    await here.endAll(MING);
    expect(here.markNow(MING)).toBe((await login(here)).mark);
  });
});
