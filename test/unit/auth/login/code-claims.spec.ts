// Whose a code is. Several objects on one store are several machines.
import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { CodeClaims } from '../../../../lib/auth/login/code-claims.js';
import { WechatSecret } from '../../../../lib/sealing/secret.js';
import { Sealer } from '../../../../lib/sealing/sealer.js';
import { FlakyStore } from '../../../support/flaky-store.js';
import { FakeRuntime, makeParts, makeVault } from '../../../support/parts.js';

const SECRET = 'session-secret-canary-0123456789abcdef';
const MINUTE = 60_000;

const apps = [
  ...makeParts({
    apps: {
      one: { type: 'mini-program', appId: 'wx0000000000000one', secret: 'a' },
      two: { type: 'mini-program', appId: 'wx0000000000000two', secret: 'b' },
    },
  }).config.apps.values(),
];
const [app, other] = apps as [(typeof apps)[0], (typeof apps)[0]];

function setUp() {
  const runtime = new FakeRuntime();
  const store = new FlakyStore({ now: runtime.now });
  const machine = (secret = SECRET) =>
    new CodeClaims(makeVault(store, new Sealer([new WechatSecret(secret)])));
  return { runtime, store, machine, here: machine() };
}

beforeAll(() => Logger.overrideLogger(false));

describe('A code', () => {
  it('belongs to whoever brings it first, as often as they bring it', async () => {
    const { here } = setUp();
    expect(await here.claim(app, 'c', 'ming')).toBe(true);
    expect(await here.claim(app, 'c', 'ming')).toBe(true);
    expect(await here.claim(app, 'c', 'thief')).toBe(false);
    expect(await here.claim(app, 'c', 'ming')).toBe(true);
    expect(await here.claim(app, 'd', 'thief')).toBe(true);
  });

  it('belongs to the same claimant on every machine', async () => {
    const { here, machine } = setUp();
    await here.claim(app, 'c', 'ming');
    const elsewhere = machine();
    expect(await elsewhere.claim(app, 'c', 'ming')).toBe(true);
    expect(await elsewhere.claim(app, 'c', 'thief')).toBe(false);
    expect(await machine().claim(app, 'c', 'thief')).toBe(false);
  });

  it('is another one at another app', async () => {
    const { here, machine } = setUp();
    await here.claim(app, 'c', 'ming');
    expect(await here.claim(other, 'c', 'hong')).toBe(true);
    expect(await machine().claim(other, 'c', 'ming')).toBe(false);
  });

  it('is claimed for eleven minutes, as long as anybody could use it', async () => {
    const { runtime, here, machine } = setUp();
    await here.claim(app, 'c', 'ming');
    runtime.time += 11 * MINUTE - 1;
    expect(await machine().claim(app, 'c', 'thief')).toBe(false);
    runtime.time += 1;
    expect(await machine().claim(app, 'c', 'hong')).toBe(true);
  });

  it.each([
    [31 * MINUTE, 31 * MINUTE],
    [2 * MINUTE, 11 * MINUTE],
  ])('is claimed for as long as its claimant may come back: %d ms', async (back, claimed) => {
    const { runtime, here, machine } = setUp();
    await here.claim(app, 'c', 'ming', back);
    runtime.time += claimed - 1;
    expect(await machine().claim(app, 'c', 'thief')).toBe(false);
    runtime.time += 1;
    expect(await machine().claim(app, 'c', 'hong')).toBe(true);
  });

  it('stands in the store under its hash, sealed', async () => {
    const { store, here } = setUp();
    await here.claim(app, 'code-canary', 'ming');
    const id = createHash('sha256').update(`${app.appId}\ncode-canary`).digest('hex');
    expect(await store.get(`wechat:${app.appId}:code:${id}`)).toMatch(/^v1\./);
  });

  it('that was claimed under other secrets belongs to somebody else', async () => {
    const { here, machine } = setUp();
    await machine('another-secret-0123456789abcdefghij').claim(app, 'c', 'ming');
    expect(await here.claim(app, 'c', 'ming')).toBe(false);
  });

  it('whose claim runs out while it is read belongs to somebody else', async () => {
    const { store, here, machine } = setUp();
    await machine().claim(app, 'c', 'ming');
    store.get = async () => undefined;
    expect(await here.claim(app, 'c', 'ming')).toBe(false);
  });
});

describe('While the store is down a code', () => {
  it.each(['rejects', 'throws'] as const)(
    'that two bring at once belongs to one of them, with a store that %s',
    async (mode) => {
      const { store, here } = setUp();
      store.mode = mode;
      const claims = ['ming', 'thief', 'ming'].map((claimant) => here.claim(app, 'c', claimant));
      expect(await Promise.all(claims)).toEqual([true, false, true]);
    },
  );

  it('that was somebody else’s stays so', async () => {
    const { store, here, machine } = setUp();
    await machine().claim(app, 'c', 'ming');
    expect(await here.claim(app, 'c', 'thief')).toBe(false);
    store.mode = 'rejects';
    expect(await here.claim(app, 'c', 'thief')).toBe(false);
  });

  it('that was claimed elsewhere by the same stays theirs', async () => {
    const { store, here, machine } = setUp();
    await machine().claim(app, 'c', 'ming');
    expect(await here.claim(app, 'c', 'ming')).toBe(true);
    store.mode = 'rejects';
    expect(await here.claim(app, 'c', 'ming')).toBe(true);
    expect(await here.claim(app, 'c', 'thief')).toBe(false);
  });

  it('is remembered among ten thousand, and no more, so that strangers cannot fill the memory', async () => {
    const { store, here } = setUp();
    store.mode = 'rejects';
    for (let index = 0; index < 10_000; index++) await here.claim(app, `c${index}`, 'ming');
    // Being asked for makes it the newest, so the second is the next to go.
    expect(await here.claim(app, 'c0', 'thief')).toBe(false);
    await here.claim(app, 'one more', 'ming');
    expect(await here.claim(app, 'c2', 'thief')).toBe(false);
    expect(await here.claim(app, 'c1', 'thief')).toBe(true);
  });
});
