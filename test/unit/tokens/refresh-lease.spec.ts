// One refresh for all processes that share a store, and what becomes of it when one of them dies,
// or the store does.
import { Logger } from '@nestjs/common';
import { WechatTokenNotFoundError, WechatApiError } from '../../../lib/errors/errors.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { APP_ID, makeParts, type Parts } from '../../support/parts.js';
import { Wire } from '../../support/wire.js';

const OPENID = 'oABCDEF-0123_456789';
const LEASE = `wechat:${APP_ID}:lease:${OPENID}`;
const EXCHANGE = '/sns/oauth2/access_token';
const REFRESH = '/sns/oauth2/refresh_token';
const USERINFO = '/sns/userinfo';
const LIFE = 7_200_000;

const token = (n: number) => ({
  access_token: `AT${n}`,
  expires_in: 7200,
  refresh_token: `RT${n}`,
  openid: OPENID,
  scope: 'snsapi_userinfo',
});

let wire: Wire;
let store: FlakyStore;
/** Processes that share a store and a clock. */
let fleet: Parts[];
let time: number;

beforeEach(async () => {
  Logger.overrideLogger(new LogCapture());
  time = Date.UTC(2026, 0, 1);
  wire = new Wire().on(EXCHANGE, token(1)).on(USERINFO, { openid: OPENID, nickname: 'Ming' });
  store = new FlakyStore({ now: () => time });
  fleet = Array.from({ length: 4 }, () => {
    const parts = makeParts({}, { store });
    parts.runtime.now = () => time;
    // A pause lets the clock run, and everybody else have a turn.
    parts.runtime.sleep = async (ms) => {
      time += ms;
      await new Promise(setImmediate);
    };
    return parts;
  });
  await fleet[0]!.service.getAccessToken('CODE');
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

/** Whoever pauses goes on when the holder has given its lease back, however long the wire takes. */
function pauseUntilRelease(): void {
  let release: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const { replaceIfEqual } = store;
  store.replaceIfEqual = async (...args) => {
    const done = await replaceIfEqual(...args);
    if (args[0] === LEASE) release();
    return done;
  };
  for (const { runtime } of fleet) {
    // Who polls for the lease waits 50 ms each time; the holder itself may wait for something else.
    runtime.sleep = (ms) => (ms === 50 ? released : Promise.resolve());
  }
}

const everybody = (callers = 5) =>
  Promise.all(fleet.flatMap(({ service }) => Array.from({ length: callers }, () => service.getUser(OPENID))));
const tokensSent = () =>
  new Set(
    wire.requests.filter(({ endpoint }) => endpoint === USERINFO).map(({ query }) => query['access_token']),
  );

it('asks WeChat once, however many processes and callers find the token expired', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE;
  pauseUntilRelease();

  const users = await everybody();

  expect(users).toHaveLength(20);
  expect(wire.count(REFRESH)).toBe(1);
  expect(tokensSent()).toEqual(new Set(['AT2']));
  expect(await store.get(LEASE)).toBeUndefined();
});

it('waits for a holder that died no longer than its lease', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE;
  await store.setIfAbsent(LEASE, 'a process that was killed', 6_000);
  const before = time;

  await fleet[1]!.service.getUser(OPENID);

  expect(wire.count(REFRESH)).toBe(1);
  expect(time - before).toBeGreaterThanOrEqual(6_000);
  expect(time - before).toBeLessThanOrEqual(6_100);
});

it('does without a lease that never ends, because the compare-and-set decides', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE;
  await store.setIfAbsent(LEASE, 'a clock that stands still', Infinity);

  await fleet[1]!.service.getUser(OPENID);

  expect(wire.count(REFRESH)).toBe(1);
});

it('takes the result of whoever wrote while it got the lease', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE;
  const { setIfAbsent } = store;
  const key = `wechat:${APP_ID}:token:${OPENID}`;
  store.setIfAbsent = async (...args) => {
    const record = JSON.parse((await store.get(key))!) as object;
    await store.set(key, JSON.stringify({ ...record, accessToken: 'AT9', expiresAt: time + LIFE }), LIFE);
    return setIfAbsent.apply(store, args);
  };

  await fleet[1]!.service.getUser(OPENID);

  expect(wire.count(REFRESH)).toBe(0);
  expect(tokensSent()).toEqual(new Set(['AT9']));
});

it('lets somebody who only came early go on with the token that is still good', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE - 20_000;
  await store.setIfAbsent(LEASE, 'somebody else', 6_000);

  await fleet[1]!.service.getUser(OPENID);

  expect(wire.count(REFRESH)).toBe(0);
  expect(tokensSent()).toEqual(new Set(['AT1']));
});

it('loses nothing by an early refresh that fails', async () => {
  wire.on(REFRESH, { errcode: 45011, errmsg: 'too often' });
  time += LIFE - 20_000;

  await expect(fleet[1]!.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });

  expect(wire.count(REFRESH)).toBe(1);
  time += 20_000;
  expect(await failureOf(() => fleet[1]!.service.getUser(OPENID))).toBeInstanceOf(WechatApiError);
});

it('signs out by an early refresh that finds the refresh token dead', async () => {
  wire.on(REFRESH, { errcode: 42002, errmsg: 'refresh_token expired' });
  time += LIFE - 20_000;

  expect(await failureOf(() => fleet[1]!.service.getUser(OPENID))).toMatchObject({ errcode: 42002 });
  expect(wire.count(USERINFO)).toBe(0);
});

it('goes on with no token that was signed out while it got the lease', async () => {
  wire.on(REFRESH, token(2));
  time += LIFE - 20_000;
  const { setIfAbsent } = store;
  store.setIfAbsent = async (...args) => {
    await store.delete(`wechat:${APP_ID}:token:${OPENID}`);
    return setIfAbsent.apply(store, args);
  };

  const error = await failureOf(() => fleet[1]!.service.getUser(OPENID));

  expect(error).toBeInstanceOf(WechatTokenNotFoundError);
  expect(wire.count(USERINFO)).toBe(0);
});

it('tells everybody to sign in again when the refresh token is dead', async () => {
  wire.on(REFRESH, { errcode: 42002, errmsg: 'refresh_token expired' });
  time += LIFE;
  pauseUntilRelease();

  const failures = await Promise.all(fleet.map(({ service }) => failureOf(() => service.getUser(OPENID))));

  expect(failures.map((error) => (error as { kind?: string }).kind)).toEqual(Array(4).fill('token'));
  expect(wire.count(REFRESH)).toBe(1);
});
