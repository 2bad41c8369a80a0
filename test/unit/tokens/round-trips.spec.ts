// What a token costs at the store: a store on the other side of a slow network is waited for once
// for each round trip.
import { Logger } from '@nestjs/common';
import type { TokenAnswer, WechatUserProfile } from '../../../lib/api/sns-api.js';
import { APP_ID, makeParts, type Parts } from '../../support/parts.js';
import { CountingStore } from '../../support/counting-store.js';

const OPENID = 'oABCDEF-0123_456789';
const LEASE = `wechat:${APP_ID}:lease:${OPENID}`;

/** What WeChat answers, of which only the token is of interest here. */
const answer = (n: number, more: Partial<TokenAnswer> = {}): TokenAnswer => ({
  accessToken: `AT${n}`,
  expiresIn: 7_200,
  refreshToken: `RT${n}`,
  openid: OPENID,
  scope: ['snsapi_userinfo'],
  unionid: undefined,
  isSnapshotUser: false,
  ...more,
});
const BASE = { scope: ['snsapi_base'] };

let store: CountingStore;
let parts: Parts;

beforeEach(() => {
  Logger.overrideLogger(false);
  store = new CountingStore({ now: () => parts.runtime.now() });
  parts = makeParts({}, { store });
  // No network in between: it would take turns of its own.
  parts.api.refresh = async () => answer(2);
  parts.api.userInfo = async () => ({ openid: OPENID, nickname: 'Ming' }) as WechatUserProfile;
});

function willIssue(...answers: TokenAnswer[]): void {
  parts.api.exchangeCode = async () => answers.shift()!;
}

const keeps = () => store.count(async () => (await parts.tokens.issue(parts.app, 'CODE')).kept);

describe('A token of a new login', () => {
  it.each([
    ['gives the profile', {}, 'set token'],
    ['is a base one', BASE, 'setIfAbsent token'],
    ['is a made-up visitor’s', { isSnapshotUser: true }, 'setIfAbsent token'],
  ])('that %s costs one operation where there is none yet', async (_what, more, operation) => {
    willIssue(answer(1, more));
    expect(await keeps()).toEqual({ asked: [operation], rounds: 1 });
  });

  it.each([
    ['a base one', BASE],
    ['a better one', {}],
  ])('that gives the profile costs one over %s too', async (_what, before) => {
    willIssue(answer(1, before), answer(2));
    await parts.tokens.exchange(parts.app, 'CODE-1');
    expect(await keeps()).toEqual({ asked: ['set token'], rounds: 1 });
  });

  it.each([
    ['better than it', {}, 2],
    ['of its kind', BASE, 3],
  ])(
    'that is a base one costs three trips at most where one lies that is %s',
    async (_what, before, trips) => {
      willIssue(answer(1, before), answer(2, BASE));
      await parts.tokens.exchange(parts.app, 'CODE-1');
      const { asked, rounds } = await keeps();
      expect(asked).toEqual(['setIfAbsent token', 'get token', 'replaceIfEqual token'].slice(0, trips));
      expect(rounds).toBe(trips);
    },
  );

  it('is handed out before the store has been told, by `issue` alone', async () => {
    willIssue(answer(1), answer(2));
    expect((await store.count(() => parts.tokens.issue(parts.app, 'CODE'))).rounds).toBe(0);
    expect((await store.count(() => parts.tokens.exchange(parts.app, 'CODE'))).rounds).toBe(1);
  });
});

describe('A refresh', () => {
  beforeEach(async () => {
    willIssue(answer(1));
    await parts.tokens.exchange(parts.app, 'CODE');
    parts.runtime.time += 7_200_000;
  });

  it('costs five operations, of which four are waited for', async () => {
    expect(await store.count(() => parts.service.getUser(OPENID))).toEqual({
      asked: ['get token', 'setIfAbsent lease', 'get token', 'replaceIfEqual token', 'replaceIfEqual lease'],
      rounds: 4,
    });
    expect(await store.get(LEASE)).toBeUndefined();
  });

  it('costs ten callers one look more than one of them', async () => {
    const { asked } = await store.count(() =>
      Promise.all(Array.from({ length: 10 }, () => parts.service.getUser(OPENID))),
    );
    expect(asked).toHaveLength(6);
  });

  it('that is early costs no more', async () => {
    parts.runtime.time -= 20_000;
    const { asked, rounds } = await store.count(() => parts.service.getUser(OPENID));
    expect([asked.length, rounds]).toEqual([5, 4]);
  });

  it('of which somebody else has the lease costs one look for each pause', async () => {
    await store.setIfAbsent(LEASE, 'somebody else', 60_000);
    let pauses = 0;
    parts.runtime.sleep = async () => {
      if ((pauses += 1) === 3) await store.replaceIfEqual(LEASE, 'somebody else', undefined, 0);
    };
    const { asked } = await store.count(() => parts.service.getUser(OPENID));
    expect(asked.filter((one) => one === 'get token')).toHaveLength(5);
  });

  it('is not undone by a lease that cannot be given back', async () => {
    const { replaceIfEqual } = store;
    store.replaceIfEqual = (...args) =>
      args[0] === LEASE ? Promise.reject(new Error('ECONNRESET')) : replaceIfEqual(...args);
    await expect(parts.service.getUser(OPENID)).resolves.toMatchObject({ nickname: 'Ming' });
  });
});
