// Sessions that were ended before their time.
import { Logger } from '@nestjs/common';
import { MAX_SESSION_MS, Revocations } from '../../../lib/auth/revocations.js';
import type { WechatSession } from '../../../lib/wechat-oauth.options.js';
import { Secret } from '../../../lib/sealing/secret.js';
import { Sealer } from '../../../lib/sealing/sealer.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import { Vault } from '../../../lib/tokens/vault.js';
import { FakeRuntime } from '../../support/parts.js';

const APP_ID = 'wx00000000official';
const MING = 'oMing000000000000000000001';

/** As slow as a store over a network: other writers come in between. */
class SlowStore extends MemoryTokenStore {
  down = false;

  override async get(key: string) {
    await this.pause();
    return super.get(key);
  }

  override async setIfAbsent(key: string, value: string, ttlMs: number) {
    await this.pause();
    return super.setIfAbsent(key, value, ttlMs);
  }

  override async replaceIfEqual(key: string, expected: string, value: string | undefined, ttlMs: number) {
    await this.pause();
    return super.replaceIfEqual(key, expected, value, ttlMs);
  }

  private async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.down) throw new Error('ECONNREFUSED');
  }
}

function setUp() {
  const runtime = new FakeRuntime();
  const store = new SlowStore({ now: runtime.now });
  const machine = () =>
    new Revocations(
      new Vault(store, new Sealer([new Secret('session-secret-canary-0123456789abcdef')])),
      runtime,
    );
  let count = 0;
  const session = (openid = MING, ttl = 60_000): WechatSession => ({
    sid: `sid-${++count}`,
    issuedAt: runtime.time,
    expiresAt: runtime.time + ttl,
    identity: { app: 'official', appId: APP_ID, openid, scope: [], isSnapshotUser: false },
  });
  return { runtime, store, machine, session, revocations: machine() };
}

describe('A session that was ended', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('is over on every machine, and no other is', async () => {
    const { machine, session, revocations } = setUp();
    const [one, two, other] = [session(), session(), session('oHong')];
    expect(await revocations.end(one)).toBe(true);

    const elsewhere = machine();
    expect(await elsewhere.hasEnded(one)).toBe(true);
    expect(await elsewhere.hasEnded(two)).toBe(false);
    expect(await elsewhere.hasEnded(other)).toBe(false);
  });

  it('together with all others of a person is over if it was there before, and counts if it came after', async () => {
    const { runtime, session, revocations } = setUp();
    const [before, other] = [session(), session('oHong')];
    expect(await revocations.endAll(APP_ID, MING)).toBe(true);
    const sameInstant = session();
    runtime.time += 1;
    const after = session();

    expect(
      await Promise.all([before, sameInstant, after, other].map((one) => revocations.hasEnded(one))),
    ).toEqual([true, true, false, false]);
    // Ending a single one later takes nothing back.
    await revocations.end(after);
    expect(await Promise.all([before, after].map((one) => revocations.hasEnded(one)))).toEqual([true, true]);
  });

  it('is remembered for as long as any session can live', async () => {
    const { runtime, session, revocations } = setUp();
    const long = session(MING, MAX_SESSION_MS);
    await revocations.endAll(APP_ID, MING);
    runtime.time += MAX_SESSION_MS - 1;
    expect(await revocations.hasEnded(long)).toBe(true);
  });

  it('stays ended when its id is a word that objects know', async () => {
    const { session, revocations } = setUp();
    for (const sid of ['__proto__', 'constructor', 'toString']) {
      expect(await revocations.hasEnded({ ...session(), sid })).toBe(false);
    }
    await revocations.end({ ...session(), sid: 'constructor' });
    expect(await revocations.hasEnded({ ...session(), sid: 'constructor' })).toBe(true);
    expect(await revocations.hasEnded({ ...session(), sid: 'toString' })).toBe(false);
  });

  it('is over although many others of the person are ended at the same moment', async () => {
    const { machine, session } = setUp();
    const sessions = Array.from({ length: 60 }, () => session());
    const machines = [machine(), machine(), machine()];

    const ended = await Promise.all(sessions.map((one, index) => machines[index % 3]!.end(one)));

    expect(ended).toEqual(Array(60).fill(true));
    expect(await Promise.all(sessions.map((one) => machines[0]!.hasEnded(one)))).toEqual(
      Array(60).fill(true),
    );
  });

  it('is over although the person tries to outrun the ban with a flood of logouts', async () => {
    const { machine, session } = setUp();
    const [kept, ...flood] = Array.from({ length: 60 }, () => session());
    const [admin, door] = [machine(), machine()];

    const [banned] = await Promise.all([admin.endAll(APP_ID, MING), ...flood.map((one) => door.end(one))]);

    expect(banned).toBe(true);
    expect(await admin.hasEnded(kept!)).toBe(true);
  });

  it('is remembered among the two hundred that live longest', async () => {
    const { session, revocations } = setUp();
    const long = session(MING, 1_000_000);
    await revocations.end(long);
    for (let index = 0; index < 210; index++) await revocations.end(session());
    expect(await revocations.hasEnded(long)).toBe(true);
  });

  it('was not ended while the store is down, and whoever asked is told', async () => {
    const { store, session, revocations } = setUp();
    const one = session();
    store.down = true;
    expect(await revocations.end(one)).toBe(false);
    expect(await revocations.endAll(APP_ID, MING)).toBe(false);
    // Nobody loses a login to an outage.
    expect(await revocations.hasEnded(one)).toBe(false);
  });
});
