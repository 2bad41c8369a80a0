// A store that is down, in every way in which it can be: what goes on all the same, how long it
// takes, what is logged, and that nothing has to be restarted.
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import {
  type TokenStore,
  WechatAuthController,
  type WechatEvent,
  WechatEvents,
  WechatOAuthService,
  WechatSessionService,
} from '../../lib/index.js';
import { RedisTokenStore } from '../../lib/stores/redis/index.js';
import type { OpenTokenStore } from '../../lib/testing/token-store-contract/harness.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import { PLATFORMS, type Running, SHOP, startApplication, startWechat } from '../support/application.js';
import { type Answer, Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { type CrashWatch, watchForCrashes } from '../support/stage.js';
import { Figures } from './figures.js';
import { Line } from './outage.js';
import { OwnRedis } from './own-redis.js';
import { CLIENTS } from './redis-clients.js';
import type { ServerAddress } from './servers.js';
import { SlowLine } from './slow-line.js';

/** How long the library waits for a store. */
const PATIENCE_MS = 1_000;
/**
 * What anything else may take on a machine whose cores are busy; two seconds were seen to be taken.
 * Without the library's patience the clients would wait for ten seconds (ioredis) or without end
 * (node-redis), so that a bound of this size still tells one from the other.
 */
const SLACK_MS = 3_000;

type Connect = (server: ServerAddress, options: { prefix: string }) => Promise<OpenTokenStore>;

const CONNECTIONS: [title: string, connect: Connect][] = [
  [
    'ioredis as it is',
    async (server, options) => {
      const client = new Redis({ host: server.host, port: server.port });
      client.on('error', () => undefined);
      return { store: new RedisTokenStore(client, options), close: () => client.disconnect() };
    },
  ],
  ['ioredis as advised', CLIENTS['ioredis 6']!],
  [
    'node-redis as it is',
    async ({ host, port }, options) => {
      const client = createClient({ socket: { host, port } });
      client.on('error', () => undefined);
      await client.connect();
      return { store: new RedisTokenStore(client, options), close: () => client.destroy() };
    },
  ],
  ['node-redis as advised', CLIENTS['node-redis 6']!],
];

interface Outage {
  /** Where clients connect. */
  start(redis: OwnRedis): Promise<ServerAddress>;
  begin(): unknown;
  end(): unknown;
  /** Whether answers still come, if late, before the library's patience is over. */
  answers?: true;
  /** Whether the server has lost what it held. */
  forgets?: true;
  /** What clients may need to find the server again, in ms. */
  recoveryMs: number;
}

let redis: OwnRedis;
let cuttable: Line;
let slowLine: SlowLine;

const direct = async () => redis;
const throughLine = async () => {
  cuttable = new Line(redis);
  await cuttable.start();
  return { host: '127.0.0.1', port: cuttable.port };
};
const throughSlowLine = async () => {
  slowLine = new SlowLine(redis);
  await slowLine.start();
  return slowLine;
};

const OUTAGES: [title: string, outage: Outage][] = [
  [
    'is stopped, and started again empty',
    { start: direct, begin: () => redis.stop(), end: () => redis.start(), forgets: true, recoveryMs: 5_000 },
  ],
  [
    'hangs, and goes on',
    { start: direct, begin: () => redis.hang(), end: () => redis.goOn(), recoveryMs: 5_000 },
  ],
  [
    'is behind a network that swallows everything, until connections break',
    {
      start: throughLine,
      begin: () => cuttable.freeze(),
      async end() {
        await cuttable.stop();
        await cuttable.start();
      },
      recoveryMs: 5_000,
    },
  ],
  [
    'answers after five seconds',
    {
      start: throughSlowLine,
      begin: () => (slowLine.delayMs = 5_000),
      end: () => (slowLine.delayMs = 0),
      // What is on the line is still late.
      recoveryMs: 10_000,
    },
  ],
  [
    'answers after 300 ms',
    {
      start: throughSlowLine,
      begin: () => (slowLine.delayMs = 300),
      end: () => (slowLine.delayMs = 0),
      answers: true,
      recoveryMs: 2_000,
    },
  ],
];

/** One application with a client of its own. */
interface Site {
  title: string;
  running: Running;
  service: WechatOAuthService;
  sessions: WechatSessionService;
  events: WechatEvent['type'][];
  closeStore?: () => unknown;
  /** Signed in before the outage. */
  guest: Browser;
  guestOpenid: string;
  /** Has the cookies of a session that was ended before the outage. */
  ended: Browser;
  /** Of a token that the application has in hand. */
  refreshToken: string;
}

interface Timed<T> {
  result: T;
  ms: number;
}

interface Whoever {
  status: number;
  openid: string | undefined;
}

/** What one application did while the store was away. */
interface During {
  /** Many at once, when nobody has noticed yet. */
  burst: Timed<number>[];
  /** A login at the same time. */
  login: Timed<Whoever>;
  /** A guarded request with the session of that login. */
  reuse: Timed<number>;
  /** One after the other, as fast as they are answered. */
  serial: Timed<number>[];
  /** Many at once, when the store is due to be asked again. */
  laterBurst: Timed<number>[];
  laterLogin: Timed<Whoever>;
  refreshed: Timed<string>;
  byCode: Timed<string>;
  fromStore: Timed<string>;
  endedSession: Timed<number>;
  revoke: Timed<string>;
  logout: Timed<number>;
}

interface After {
  recoveryMs: number;
  loginAfter: Timed<Whoever>;
  fromStoreAfter: string;
  oldFromStoreAfter: string;
  endedSessionAfter: number;
}

type Observations = During & After;

/** Whether it waited for the store. */
const isSlow = ({ ms }: Timed<unknown>) => ms > 0.9 * PATIENCE_MS;
const guarded = ({ burst, reuse, serial, laterBurst }: During) => [...burst, reuse, ...serial, ...laterBurst];

const figures = new Figures('A store that is down: the slowest of 8 applications, in ms');
const text = async (call: () => Promise<unknown>): Promise<string> => {
  try {
    return JSON.stringify(await call());
  } catch (error) {
    return (error as Error).constructor.name;
  }
};

async function timed<T>(call: () => Promise<T>): Promise<Timed<T>> {
  const startedAt = performance.now();
  const result = await call();
  return { result, ms: Math.round(performance.now() - startedAt) };
}

afterAll(() => figures.print());

describe.each(OUTAGES)('While Redis %s', (outageTitle, outage) => {
  let wechat: WechatMockServer;
  let crashes: CrashWatch;
  let sites: Site[];
  const seen: Record<string, Observations> = {};
  let logLines: { level: string; text: string }[];
  let people = 0;

  /** A person whom nobody else in these tests is. */
  const person = () => {
    const id = `person-${++people}`;
    wechat.addUser({ id, nickname: `Person ${people}` });
    return id;
  };

  async function signIn(site: Pick<Site, 'running'>, browser: Browser, user = person()): Promise<Answer> {
    browser.route(SHOP, site.running.port);
    const start = await browser.visit(`${SHOP}/orders/profile`);
    const { redirectTo } = await wechat.authorize(start.headers.location!, { user });
    return (await browser.follow(redirectTo!)).at(-1)!;
  }

  async function codeOf(service: WechatOAuthService, user: string): Promise<string> {
    const url = service.getAuthorizeURL(SHOP, 'state', 'snsapi_userinfo');
    const { redirectTo } = await wechat.authorize(url, { user });
    return new URL(redirectTo!).searchParams.get('code')!;
  }

  async function copyOf(browser: Browser): Promise<Browser> {
    const copy = browser.another();
    for (const cookie of await browser.jar.getCookies(SHOP)) {
      await copy.jar.setCookie(cookie.toString(), SHOP);
    }
    return copy;
  }

  const orders = async (browser: Browser) => (await browser.fetch(`${SHOP}/orders`)).status;
  const many = (browser: Browser) =>
    Promise.all(Array.from({ length: 20 }, () => timed(() => orders(browser))));
  const whoAmI = (answer: Answer): Whoever => ({
    status: answer.status,
    openid: answer.status === 200 ? answer.json<{ user: { openid: string } }>().user.openid : undefined,
  });

  async function open(
    title: string,
    store: OpenTokenStore,
    adapter: (typeof PLATFORMS)[number][1],
  ): Promise<Site> {
    const running = await startApplication({
      wechat,
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: { session: { revocable: true } },
      extras: { tokenStore: { useValue: store.store satisfies TokenStore } },
    });
    const service = running.app.get(WechatOAuthService);
    const site: Site = {
      title,
      running,
      service,
      sessions: running.app.get(WechatSessionService),
      events: [],
      ...(store.close ? { closeStore: store.close } : {}),
      guest: new Browser(),
      guestOpenid: '',
      ended: new Browser(),
      refreshToken: '',
    };
    running.app.get(WechatEvents).events$.subscribe(({ type }) => {
      if (type.startsWith('store.')) site.events.push(type);
    });
    site.guestOpenid = whoAmI(await signIn(site, site.guest)).openid!;
    const leaving = new Browser();
    await signIn(site, leaving);
    site.ended = await copyOf(leaving);
    await leaving.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
    expect(await orders(site.ended)).toBe(401);
    site.refreshToken = (await service.getAccessToken(await codeOf(service, person()))).refreshToken!;
    return site;
  }

  async function duringOutage(site: Site): Promise<During> {
    const { service, sessions, guest } = site;
    const newcomer = new Browser();
    const login = async (browser = new Browser()) => timed(async () => whoAmI(await signIn(site, browser)));
    const [burst, firstLogin] = await Promise.all([many(guest), login(newcomer)]);
    const reuse = await timed(() => orders(newcomer));
    const serial: Timed<number>[] = [];
    const until = Date.now() + 1.5 * PATIENCE_MS;
    while (Date.now() < until) {
      serial.push(await timed(() => orders(guest)));
      await sleep(10);
    }
    await sleep(PATIENCE_MS);
    const laterBurst = await many(guest);
    const code = await codeOf(service, person());
    return {
      burst,
      login: firstLogin,
      reuse,
      serial,
      laterBurst,
      laterLogin: await login(),
      refreshed: await timed(() =>
        text(async () => (await service.refreshAccessToken(site.refreshToken)).scope),
      ),
      byCode: await timed(() => text(async () => (await service.getUserByCode(code)).nickname)),
      fromStore: await timed(() => text(async () => (await service.getUser(site.guestOpenid)).openid)),
      endedSession: await timed(() => orders(site.ended)),
      revoke: await timed(() =>
        text(() => sessions.revoke({ app: 'default', openid: 'oSomebodyElseEntirely000001' })),
      ),
      logout: await timed(
        async () => (await newcomer.fetch(`${SHOP}/wechat/logout`, { method: 'POST' })).status,
      ),
    };
  }

  async function afterwards(site: Site, endedAt: number): Promise<After> {
    const { service, guest } = site;
    const isUp = () => site.events.at(-1) !== 'store.down';
    const deadline = endedAt + outage.recoveryMs + SLACK_MS;
    // Whatever failed has to be seen to work: a request alone only reads.
    while (!isUp() && Date.now() < deadline) {
      await orders(guest);
      await service.refreshAccessToken(site.refreshToken);
      await signIn(site, new Browser());
      await sleep(20);
    }
    const recoveryMs = Date.now() - endedAt;
    const loginAfter = await timed(async () => whoAmI(await signIn(site, new Browser())));
    return {
      recoveryMs,
      loginAfter,
      fromStoreAfter: await text(async () => (await service.getUser(loginAfter.result.openid!)).openid),
      oldFromStoreAfter: await text(async () => (await service.getUser(site.guestOpenid)).openid),
      endedSessionAfter: await orders(site.ended),
    };
  }

  beforeAll(async () => {
    crashes = watchForCrashes();
    redis = new OwnRedis();
    await redis.start();
    const server = await outage.start(redis);
    wechat = await startWechat();
    sites = [];
    for (const [platform, adapter] of PLATFORMS) {
      for (const [client, connect] of CONNECTIONS) {
        const title = `${client}, ${platform}`;
        sites.push(await open(title, await connect(server, { prefix: `${title}:` }), adapter));
      }
    }
    // All applications of a process share the logger that was set last.
    const { logs } = sites.at(-1)!.running;
    logs.lines.length = 0;

    await outage.begin();
    const during = await Promise.all(sites.map(duringOutage));
    await outage.end();
    const endedAt = Date.now();
    const after = await Promise.all(sites.map((site) => afterwards(site, endedAt)));

    for (const [index, { title }] of sites.entries()) seen[title] = { ...during[index]!, ...after[index]! };
    logLines = [...logs.lines];
    const slowest = (pick: (one: Observations) => number[]) => Math.max(...Object.values(seen).flatMap(pick));
    const serial = Object.values(seen).flatMap((one) => one.serial);
    figures.add(`Redis ${outageTitle}`, {
      'first login': slowest(({ login }) => [login.ms]),
      'later login': slowest(({ laterLogin }) => [laterLogin.ms]),
      'guarded request': slowest((one) => guarded(one).map(({ ms }) => ms)),
      'of those in turn waited': `${serial.filter(isSlow).length} of ${serial.length}`,
      refreshAccessToken: slowest(({ refreshed }) => [refreshed.ms]),
      getUser: slowest(({ fromStore }) => [fromStore.ms]),
      'recovered after': slowest((one) => [one.recoveryMs]),
    });
  }, 90_000);

  afterAll(async () => {
    for (const { running, closeStore } of sites) {
      await running.app.close();
      await closeStore?.();
    }
    await cuttable?.stop();
    await slowLine?.stop();
    await redis.remove();
    await wechat.close();
    crashes.stop();
  }, 30_000);

  /** By application, so that a failure says which. */
  const of = <T>(pick: (one: Observations) => T): Record<string, T> =>
    Object.fromEntries(Object.entries(seen).map(([title, one]) => [title, pick(one)]));
  const everywhere = <T>(value: T): Record<string, T> => of(() => value);
  const expectWithin = (limit: number, pick: (one: Observations) => Timed<unknown>[]) => {
    const worst = of((one) => Math.max(...pick(one).map(({ ms }) => ms)));
    expect(Object.entries(worst).filter(([, ms]) => ms > limit)).toEqual([]);
  };

  it('a login comes to its end in time, and its session works', () => {
    const signedIn = { status: 200, openid: expect.stringMatching(/^o/) };
    expect(of(({ login, laterLogin }) => [login.result, laterLogin.result])).toEqual(
      everywhere([signedIn, signedIn]),
    );
    expect(of(({ reuse }) => reuse.result)).toEqual(everywhere(200));
    expectWithin(2 * PATIENCE_MS + SLACK_MS, ({ login, laterLogin }) => [login, laterLogin]);
  });

  it('the guard lets in who is signed in, and no request waits longer than the patience', () => {
    expect(of((one) => [...new Set(guarded(one).map(({ result }) => result))])).toEqual(everywhere([200]));
    expectWithin(PATIENCE_MS + SLACK_MS, guarded);
  });

  it('only one request at a time waits to see whether it is over', () => {
    // 1.5 s have room for one, and a slow machine for one more.
    expect(
      Object.entries(of(({ serial }) => serial.filter(isSlow).length)).filter(([, count]) => count > 2),
    ).toEqual([]);
    expect(
      Object.entries(of(({ laterBurst }) => laterBurst.filter(isSlow).length)).filter(
        ([, count]) => count > 1,
      ),
    ).toEqual([]);
  });

  it('the service does what it can with what it is given', () => {
    expect(of(({ refreshed }) => refreshed.result)).toEqual(everywhere('["snsapi_userinfo"]'));
    expect(of(({ byCode }) => byCode.result)).toEqual(of(() => expect.stringMatching(/^"Person \d+"$/)));
    expectWithin(2 * PATIENCE_MS + SLACK_MS, ({ refreshed, byCode }) => [refreshed, byCode]);
  });

  it('the service says so in time where only the store could know', () => {
    expect(of(({ fromStore }) => fromStore.result)).toEqual(
      Object.fromEntries(
        sites.map(({ title, guestOpenid }) => [
          title,
          outage.answers ? JSON.stringify(guestOpenid) : 'WechatStoreError',
        ]),
      ),
    );
    expectWithin(PATIENCE_MS + SLACK_MS, ({ fromStore }) => [fromStore]);
  });

  it('sessions cannot be ended for certain, which is said, and a logout still takes the cookie away', () => {
    const { answers } = outage;
    expect(of(({ revoke }) => revoke.result)).toEqual(
      everywhere(answers ? undefined : 'WechatNotRevokedException'),
    );
    expect(of(({ logout }) => logout.result)).toEqual(everywhere(answers ? 204 : 503));
    // As documented for `revocable`: with the list of ended sessions away, the seal alone decides.
    expect(of(({ endedSession }) => endedSession.result)).toEqual(everywhere(answers ? 401 : 200));
    expectWithin(PATIENCE_MS + SLACK_MS, ({ revoke, logout, endedSession }) => [
      revoke,
      logout,
      endedSession,
    ]);
  });

  it('one line tells of it and one of its end, for each application, and the events say the same', () => {
    const told = outage.answers ? [] : ['store.down', 'store.up'];
    expect(Object.fromEntries(sites.map(({ title, events }) => [title, events]))).toEqual(everywhere(told));
    const about = logLines.filter((logged) => logged.text.includes('token store'));
    expect(about.map(({ level }) => level).toSorted()).toEqual([
      ...sites.flatMap(() => (outage.answers ? [] : ['error'])),
      ...sites.flatMap(() => (outage.answers ? [] : ['log'])),
    ]);
    expect(logLines.filter(({ level }) => level === 'warn' || level === 'fatal')).toEqual([]);
  });

  it('everything is as it was afterwards, without a restart', () => {
    const { forgets, recoveryMs } = outage;
    expect(Object.entries(of((one) => one.recoveryMs)).filter(([, ms]) => ms > recoveryMs)).toEqual([]);
    expect(of(({ loginAfter }) => loginAfter.result.status)).toEqual(everywhere(200));
    expect(of(({ fromStoreAfter }) => fromStoreAfter)).toEqual(
      of(({ loginAfter }) => JSON.stringify(loginAfter.result.openid)),
    );
    expect(of(({ oldFromStoreAfter }) => oldFromStoreAfter)).toEqual(
      Object.fromEntries(
        sites.map(({ title, guestOpenid }) => [
          title,
          forgets ? 'WechatTokenNotFoundError' : JSON.stringify(guestOpenid),
        ]),
      ),
    );
    // Not even a store that comes back empty brings an ended session back.
    expect(of(({ endedSessionAfter }) => endedSessionAfter)).toEqual(everywhere(401));
  });

  it('nothing is thrown where nobody catches it', () => {
    expect(crashes.crashes).toEqual([]);
  });
});

describe('An application whose store goes away at a bad moment', () => {
  const REFRESH = '/sns/oauth2/refresh_token';
  const EXCHANGE = '/sns/oauth2/access_token';
  let wechat: WechatMockServer;
  let crashes: CrashWatch;
  let closing: (() => unknown)[] = [];

  beforeEach(async () => {
    crashes = watchForCrashes();
    redis = new OwnRedis();
    await redis.start();
    wechat = await startWechat();
  });

  afterEach(async () => {
    for (const close of closing.reverse()) await close();
    closing = [];
    await redis.remove();
    await wechat.close();
    crashes.stop();
    expect(crashes.crashes).toEqual([]);
  });

  async function start({ store, close }: OpenTokenStore): Promise<Running> {
    const [[, adapter]] = PLATFORMS as [(typeof PLATFORMS)[number]];
    const controllers = [OrdersController, WechatAuthController];
    const running = await startApplication({
      wechat,
      adapter,
      controllers,
      // Leases last a second longer: one that could not be given back keeps others waiting.
      options: { http: { timeout: 1_000 } },
      extras: { tokenStore: { useValue: store } },
    });
    closing.push(
      () => close?.(),
      () => running.app.close(),
    );
    return running;
  }

  async function startThroughLine(title: string, connect: Connect): Promise<Running> {
    const server = await throughLine();
    closing.push(() => cuttable.stop());
    return start(await connect(server, { prefix: `${title}:` }));
  }

  async function tokenOf(service: WechatOAuthService) {
    const { redirectTo } = await wechat.authorize(service.getAuthorizeURL(SHOP, 'state', 'snsapi_userinfo'));
    return service.getAccessToken(new URL(redirectTo!).searchParams.get('code')!);
  }

  /** Asks again until it works, as people do. */
  async function untilAnswered<T>(call: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }

  it.each(CONNECTIONS)('uses the token that WeChat has just refreshed, with %s', async (title, connect) => {
    const { app } = await startThroughLine(title, connect);
    const service = app.get(WechatOAuthService);
    const { openid } = await tokenOf(service);
    wechat.expireTokens('ming');
    wechat.inject(REFRESH, { delayMs: 200 });
    const asked = timed(() => service.getUser(openid));
    await wechat.waitForCalls(REFRESH);
    cuttable.freeze();

    const { result, ms } = await asked;

    expect(result.openid).toBe(openid);
    expect(ms).toBeLessThan(2 * PATIENCE_MS + SLACK_MS);
    await cuttable.stop();
    await cuttable.start();
    expect((await untilAnswered(() => service.getUser(openid))).openid).toBe(openid);
  });

  it.each(CONNECTIONS)('ends the login that WeChat has just answered, with %s', async (title, connect) => {
    const { port } = await startThroughLine(title, connect);
    const browser = new Browser().route(SHOP, port);
    wechat.inject(EXCHANGE, { delayMs: 200 });
    const login = timed(() => browser.follow(`${SHOP}/orders/profile`));
    await wechat.waitForCalls(EXCHANGE);
    cuttable.freeze();

    const { result, ms } = await login;

    expect(result.at(-1)!.status).toBe(200);
    expect(wechat.callsTo(EXCHANGE)).toHaveLength(1);
    expect(ms).toBeLessThan(2 * PATIENCE_MS + SLACK_MS);
  });

  it('starts without it, signs people in, and finds it when it comes', async () => {
    await redis.stop();
    const client = new Redis({ host: redis.host, port: redis.port });
    client.on('error', () => undefined);
    const running = await start({ store: new RedisTokenStore(client), close: () => client.disconnect() });
    const browser = new Browser().route(SHOP, running.port);

    const { result, ms } = await timed(() => browser.follow(`${SHOP}/orders/profile`));

    expect(result.at(-1)!.status).toBe(200);
    expect(ms).toBeLessThan(2 * PATIENCE_MS + SLACK_MS);
    await redis.start();
    const service = running.app.get(WechatOAuthService);
    const { nickname } = await untilAnswered(async () => service.getUser((await tokenOf(service)).openid));
    expect(nickname).toBe(wechat.user('ming').nickname);
  });
});

describe('An application that stands still for longer than the patience', () => {
  const closing: (() => unknown)[] = [];
  let wechat: WechatMockServer;

  beforeAll(async () => {
    redis = new OwnRedis();
    await redis.start();
    wechat = await startWechat();
  });

  afterAll(async () => {
    for (const close of closing) await close();
    await redis.remove();
    await wechat.close();
  });

  // Clients that were given time limits judge like that themselves.
  const unlimited = CONNECTIONS.filter(([title]) => title.endsWith('as it is'));

  it.each(unlimited)('does not take it for the store’s fault, with %s', async (title, connect) => {
    const { store, close } = await connect(redis, { prefix: `${title}:` });
    const adapter = PLATFORMS[0]![1];
    const running = await startApplication({ wechat, adapter, extras: { tokenStore: { useValue: store } } });
    closing.push(() => running.app.close(), close!);
    const service = running.app.get(WechatOAuthService);
    const events: string[] = [];
    running.app.get(WechatEvents).events$.subscribe(({ type }) => events.push(type));
    const { redirectTo } = await wechat.authorize(service.getAuthorizeURL(SHOP, 'state', 'snsapi_userinfo'));
    const { openid } = await service.getAccessToken(new URL(redirectTo!).searchParams.get('code')!);

    const user = service.getUser(openid);
    // A long computation, a debugger, a machine that is moved.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1.5 * PATIENCE_MS);

    expect((await user).openid).toBe(openid);
    expect(events).not.toContain('store.down');
  });
});
