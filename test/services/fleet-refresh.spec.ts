// One refresh for a whole fleet: four real processes with 250 callers each meet one token that is
// over, on every store that processes can share.
import { type SealPurpose, Sealer } from '../../lib/sealing/sealer.js';
import { WechatSecret } from '../../lib/sealing/secret.js';
import type { MockCall, WechatMockServer } from '../../lib/testing/index.js';
import type { TokenRecord } from '../../lib/tokens/wechat-token.js';
import type { WechatOAuthModuleOptions } from '../../lib/index.js';
import { MOCK_APPS, SESSION_SECRET, SHOP, startWechat } from '../support/application.js';
import { Figures } from './figures.js';
import { requireServer } from './servers.js';
import { FLEET_STORES, type SharedStore } from './shared-stores.js';
import { TokenFleet, type TokenNode } from './token-fleet.js';
import type { Answers } from './token-node.js';

for (const name of ['redis', 'mariadb', 'postgres'] as const) await requireServer(name);

const [{ appId, secret }] = MOCK_APPS;
const REFRESH = '/sns/oauth2/refresh_token';
const USERINFO = '/sns/userinfo';
const NODES = 4;
const CALLERS = 250;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a lease lasts beyond `http.timeout`. */
const LEASE_MARGIN_MS = 1_000;
/** Between the end of a lease and the call of whoever has it next, on a slow machine. */
const NEXT_HOLDER_MS = 1_000;
/** What all callers need for their profiles after the refresh, on a slow machine. */
const PROFILES_MS = 6_000;

const figures = new Figures(`One refresh per fleet: ${NODES} processes, ${CALLERS} callers each`);
const fleet = new TokenFleet();

afterAll(async () => {
  await fleet.close();
  figures.print();
});

describe.each(FLEET_STORES)('Four processes with 250 callers each, on %s', (title, create) => {
  let wechat: WechatMockServer;
  let store: SharedStore;
  let nodes: TokenNode[];
  let openid: string;
  /** The record as the login left it. */
  let first: TokenRecord;

  beforeAll(async () => {
    store = await create();
  });

  beforeEach(async () => {
    wechat = await startWechat();
  });

  afterEach(async () => {
    await wechat.close();
    await store.empty();
  });

  afterAll(async () => {
    await fleet.rest();
    await store.remove();
  });

  const keyOf = (kind: 'token' | 'lease') => `wechat:${appId}:${kind}:${openid}`;
  const raw = async (kind: 'token' | 'lease') => (await store.entries()).get(keyOf(kind));

  async function record(): Promise<TokenRecord | undefined> {
    const purpose: SealPurpose = 'store';
    const entry = await raw('token');
    const sealer = new Sealer([new WechatSecret(SESSION_SECRET)]);
    return entry && (JSON.parse(sealer.open(purpose, keyOf('token'), entry.value)!) as TokenRecord);
  }

  /** Everybody's application starts, one of them signs Ming in, and two hours go by. */
  async function ready({
    http = {},
    stopAfterRefresh,
    hours = 2,
  }: {
    http?: WechatOAuthModuleOptions['http'];
    stopAfterRefresh?: number;
    hours?: number;
  } = {}): Promise<void> {
    const options = { appId, secret, sessionSecret: SESSION_SECRET, endpoints: wechat.endpoints, http };
    nodes = await fleet.open(
      Array.from({ length: NODES }, (_, index) => ({
        place: store.place,
        options,
        ...(index === stopAfterRefresh ? { stopAfterRefresh: true as const } : {}),
      })),
    );
    const url = new URL(
      `/connect/oauth2/authorize?appid=${appId}&redirect_uri=${encodeURIComponent(SHOP)}&response_type=code&scope=snsapi_userinfo&state=1#wechat_redirect`,
      wechat.endpoints.open,
    );
    const { redirectTo } = await wechat.authorize(url.href, { user: 'ming' });
    openid = await nodes[0]!.do('login', new URL(redirectTo!).searchParams.get('code')!);
    first = (await record())!;
    const ms = hours * HOUR_MS;
    wechat.clock.advance(ms);
    await Promise.all(nodes.map((node) => node.do('advance', ms)));
    wechat.clearCalls();
  }

  const ask = (some: TokenNode[] = nodes): Promise<Answers[]> =>
    Promise.all(some.map((node) => node.do('ask', { openid, callers: CALLERS })));
  const rightAnswer = () =>
    JSON.stringify({
      openid,
      unionid: wechat.unionidOf(appId, 'ming'),
      nickname: wechat.user('ming').nickname,
    });
  const right = (answers: Answers[]) => ({
    [rightAnswer()]: answers.length * CALLERS,
  });
  const failures = (answers: Answers[]) => sum(answers.map((one) => one.failures));
  const profiles = (answers: Answers[]) => sum(answers.map((one) => one.profiles));
  const refreshes = () => wechat.callsTo(REFRESH);
  /** The access tokens that profiles were asked for with. */
  const tokensSent = () => new Set(wechat.callsTo(USERINFO).map(({ query }) => query['access_token']));
  const endOf = (answers: Answers[]) => Math.max(...answers.map(({ endedAt }) => endedAt));

  function note(what: string, answers: Answers[], startedAt: number): void {
    figures.add(`${title}, ${what}`, {
      'refresh calls': refreshes().length,
      'right answers': profiles(answers)[rightAnswer()] ?? 0,
      failures: Object.values(failures(answers)).reduce((all, one) => all + one, 0),
      ms: endOf(answers) - startedAt,
    });
  }

  it('refresh once, and all 1,000 get the right answer', async () => {
    await ready();
    const startedAt = Date.now();

    const answers = await ask();

    note('token over by its time', answers, startedAt);
    expect(profiles(answers)).toEqual(right(answers));
    expect(failures(answers)).toEqual({});
    expect(refreshes()).toHaveLength(1);
    const { accessToken, ...kept } = (await record())!;
    expect(tokensSent()).toEqual(new Set([accessToken]));
    expect(wechat.callsTo(USERINFO)).toHaveLength(NODES * CALLERS);
    // The refresh answer holds no unionid, and its thirty days count from the login.
    expect(kept).toMatchObject({
      unionid: wechat.unionidOf(appId, 'ming'),
      issuedAt: first.issuedAt,
      refreshToken: first.refreshToken,
    });
    const { until } = (await raw('token'))!;
    const end = first.issuedAt + 30 * DAY_MS - 2 * HOUR_MS;
    expect(Math.abs(until - end)).toBeLessThan(5_000);
    expect(await raw('lease')).toBeUndefined();
  });

  it('refresh once when WeChat has ended a token before its time', async () => {
    await ready({ hours: 0 });
    wechat.expireTokens('ming');
    const startedAt = Date.now();

    const answers = await ask();

    note('token ended early (42001)', answers, startedAt);
    expect(profiles(answers)).toEqual(right(answers));
    expect(failures(answers)).toEqual({});
    expect(refreshes()).toHaveLength(1);
    expect(tokensSent()).toEqual(new Set([first.accessToken, (await record())!.accessToken]));
  });

  it('refresh once while WeChat takes three seconds', async () => {
    await ready();
    wechat.inject(REFRESH, { delayMs: 3_000, times: Infinity });
    const startedAt = Date.now();

    const answers = await ask();

    note('WeChat takes 3 s', answers, startedAt);
    expect(profiles(answers)).toEqual(right(answers));
    expect(failures(answers)).toEqual({});
    expect(refreshes()).toHaveLength(1);
    expect(endOf(answers) - startedAt).toBeLessThan(3_000 + PROFILES_MS);
  });

  it('keep what WeChat returns when it hands out a new refresh token', async () => {
    await ready();
    wechat.unsure.rotateRefreshToken = true;
    const startedAt = Date.now();

    const answers = await ask();

    note('refresh token rotates', answers, startedAt);
    expect(profiles(answers)).toEqual(right(answers));
    expect(refreshes()).toHaveLength(1);
    const rotated = await record();
    expect(rotated!.refreshToken).not.toBe(first.refreshToken);
    expect(rotated!.issuedAt).toBe(first.issuedAt);
    // The old one is dead, so the next refresh works with the new one only.
    wechat.clock.advance(2 * HOUR_MS);
    await Promise.all(nodes.map((node) => node.do('advance', 2 * HOUR_MS)));
    const again = await ask();
    expect(profiles(again)).toEqual(right(again));
    expect(refreshes().map(({ query }) => query['refresh_token'])).toEqual([
      first.refreshToken,
      rotated!.refreshToken,
    ]);
  });

  it('wait no longer than its lease for a process that was killed while it refreshed', async () => {
    const timeout = 1_500;
    await ready({ http: { timeout } });
    wechat.inject(REFRESH, { hang: true });
    const asked = nodes.map((node) => ({ node, answers: node.do('ask', { openid, callers: CALLERS }) }));
    const { userAgent } = (await wechat.waitForCalls(REFRESH))[0]!;
    const killedAt = Date.now();
    await nodes.find(({ name }) => name === userAgent)!.kill();

    const survivors = asked.filter(({ node }) => node.alive);
    const answers = await Promise.all(survivors.map((one) => one.answers));

    note(`holder killed, lease ${timeout + LEASE_MARGIN_MS} ms`, answers, killedAt);
    expect(survivors).toHaveLength(NODES - 1);
    expect(profiles(answers)).toEqual(right(answers));
    expect(failures(answers)).toEqual({});
    expect(refreshes().map((call) => call.userAgent === userAgent)).toEqual([true, false]);
    expectOneLeaseBetween(refreshes(), timeout);
    expect(endOf(answers) - killedAt).toBeLessThan(timeout + LEASE_MARGIN_MS + PROFILES_MS);
    expect(await raw('lease')).toBeUndefined();
  });

  it('never let a process that comes back too late overwrite the newer token', async () => {
    const timeout = 1_500;
    // WeChat replaces a token that is still alive, so that the late one's would be worth nothing.
    await ready({ http: { timeout }, stopAfterRefresh: 0 });
    wechat.unsure.refreshKeepsLiveToken = false;
    const [late, ...others] = nodes as [TokenNode, ...TokenNode[]];
    const lateAnswers = ask([late]);
    await late.untilStopped();
    const stoppedAt = Date.now();

    const answers = await ask(others);

    note(`holder stopped, lease ${timeout + LEASE_MARGIN_MS} ms`, answers, stoppedAt);
    expect(profiles(answers)).toEqual(right(answers));
    expectOneLeaseBetween(refreshes(), timeout);
    expect(endOf(answers) - stoppedAt).toBeLessThan(timeout + LEASE_MARGIN_MS + PROFILES_MS);
    const newer = await raw('token');
    late.goOn();
    const goesOnAt = Date.now();
    const answersOfLate = await lateAnswers;
    note('the stopped one goes on', answersOfLate, goesOnAt);
    expect(profiles(answersOfLate)).toEqual(right(answersOfLate));
    expect(failures(answersOfLate)).toEqual({});
    expect((await raw('token'))!.value).toBe(newer!.value);
    // The store answered in time; it was the process that did not listen.
    expect(answersOfLate[0]!.events).not.toHaveProperty(['store.down']);
    expect(refreshes().map((call) => call.userAgent === late.name)).toEqual([true, false]);
  });

  it('give the newer token to a process that stood still until its own call was over', async () => {
    const timeout = 1_500;
    await ready({ http: { timeout } });
    wechat.inject(REFRESH, { delayMs: 500 });
    const [late, ...others] = nodes as [TokenNode, ...TokenNode[]];
    const lateAnswers = ask([late]);
    await wechat.waitForCalls(REFRESH);
    late.stop();
    await late.untilStopped();
    const answers = await ask(others);

    late.goOn();
    const goesOnAt = Date.now();
    const answersOfLate = await lateAnswers;

    note('stopped during its call, goes on', answersOfLate, goesOnAt);
    expect(profiles([...answers, ...answersOfLate])).toEqual(right([...answers, ...answersOfLate]));
    expect(failures(answersOfLate)).toEqual({});
    expect(refreshes()).toHaveLength(2);
  });

  it('all hear “sign in again” when the refresh token is over, and the record is dropped', async () => {
    await ready();
    wechat.expireTokens('ming', { refreshTokens: true });
    const startedAt = Date.now();

    const answers = await ask();

    note('refresh token over (42002)', answers, startedAt);
    const told = failures(answers);
    expect(profiles(answers)).toEqual({});
    expect(Object.keys(told).toSorted()).toEqual([
      'WechatApiError token 42002',
      'WechatTokenNotFoundError token',
    ]);
    expect(Object.values(told).reduce((all, one) => all + one)).toBe(NODES * CALLERS);
    expect(refreshes()).toHaveLength(1);
    expect(wechat.callsTo(USERINFO)).toEqual([]);
    expect(await store.entries()).toEqual(new Map());
  });
});

/**
 * The one who died had the lease when it called WeChat; the next one calls as soon as that lease is
 * over, and not before.
 */
function expectOneLeaseBetween([before, after]: readonly MockCall[], timeout: number): void {
  const between = after!.at - before!.at;
  const lease = timeout + LEASE_MARGIN_MS;
  expect(between).toBeGreaterThan(lease - NEXT_HOLDER_MS);
  expect(between).toBeLessThan(lease + NEXT_HOLDER_MS);
}

function sum(all: Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}
