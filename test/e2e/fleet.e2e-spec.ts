// Several machines behind one address, with one store: whichever of them answers, a login is one
// login.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { WechatOAuthModuleOptions } from '../../lib/index.js';
import type { WechatMockServer } from '../../lib/testing/index.js';
import { MOCK_APPS, SESSION_SECRET, SHOP, startWechat } from '../support/application.js';
import { type Answer, Browser } from '../support/browser.js';
import { forkScript } from '../support/child-process.js';
import type { FleetNodeMessage, FleetNodeOrder, FleetNodeSetup } from '../support/fleet-node.js';
import { TcpStoreServer } from '../support/tcp-store.js';

const [{ appId, secret }] = MOCK_APPS;
const EXCHANGE = '/sns/oauth2/access_token';

class FleetNode {
  /** The openid of every login that its handler saw. */
  readonly logins: string[] = [];
  port = 0;
  private readonly child: ChildProcess;
  private readonly started: Promise<void>;

  constructor(setup: FleetNodeSetup) {
    this.child = forkScript('fleet-node.ts', setup);
    let errors = '';
    this.child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    this.started = new Promise((resolve, reject) => {
      this.child.on('message', (message: FleetNodeMessage) => {
        if ('login' in message) return void this.logins.push(message.login);
        this.port = message.port;
        resolve();
      });
      this.child.on('exit', () => reject(new Error(`a node ended before it listened: ${errors}`)));
    });
    // Whoever waits for it gets the error; nobody waits for a node that was killed.
    this.started.catch(() => undefined);
  }

  /** Resolves when the node listens. */
  ready(): Promise<void> {
    return this.started;
  }

  advance(ms: number): void {
    this.child.send({ advance: ms } satisfies FleetNodeOrder);
  }

  /** As a machine dies: at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}

describe('A fleet', () => {
  let wechat: WechatMockServer;
  let store: TcpStoreServer;
  let a: FleetNode;
  let b: FleetNode;
  /** Two that are there to die, one that asks for the profile. */
  let dying: FleetNode;
  let dyingLater: FleetNode;
  /** Started after the secrets were changed. */
  let fresh: FleetNode;
  const nodes: FleetNode[] = [];

  const node = (options: Partial<WechatOAuthModuleOptions> = {}): FleetNode => {
    const started = new FleetNode({
      storePort: store.port,
      options: {
        appId,
        secret,
        publicUrl: SHOP,
        sessionSecret: SESSION_SECRET,
        endpoints: wechat.endpoints,
        http: { timeout: 4_000 },
        session: { revocable: true },
        ...options,
      },
    });
    nodes.push(started);
    return started;
  };

  beforeAll(async () => {
    wechat = await startWechat();
    store = await new TcpStoreServer().start();
    a = node();
    b = node();
    dying = node();
    dyingLater = node({ scope: 'snsapi_userinfo' });
    fresh = node({
      sessionSecret: ['a-new-session-secret-0123456789abcdef', SESSION_SECRET],
      secret: ['a-new-app-secret-0123456789abcdef', secret],
    });
    for (const one of nodes) await one.ready();
  }, 60_000);

  afterEach(() => {
    wechat.clearFaults();
    wechat.clearCalls();
    for (const { logins } of nodes) logins.length = 0;
  });

  afterAll(async () => {
    for (const one of nodes) await one.kill();
    await store.stop();
    await wechat.close();
  });

  /** A request that the load balancer gives to this machine. */
  const visit = (browser: Browser, at: FleetNode, url: string, options = {}): Promise<Answer> =>
    browser.route(SHOP, at.port).visit(url, options);
  const whoIs = async (browser: Browser, at: FleetNode): Promise<string | undefined> =>
    (await browser.route(SHOP, at.port).fetch(`${SHOP}/orders`)).json<{ openid?: string }>().openid;
  const openidOf = (user = 'ming') => wechat.openidOf(appId, user);
  const codesSent = () => wechat.callsTo(EXCHANGE).map(({ query }) => query['code']);

  async function untilCallback(browser: Browser, at: FleetNode, user = 'ming'): Promise<URL> {
    const answer = await visit(browser, at, `${SHOP}/orders?kept=1`);
    const { redirectTo } = await wechat.authorize(answer.headers.location!, { user });
    return new URL(redirectTo!);
  }

  it('answers twenty callbacks on two machines with twenty logins and one exchange', async () => {
    const browser = new Browser();
    const callback = await untilCallback(browser, a);
    wechat.inject(EXCHANGE, { delayMs: 200 });

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => visit(browser, index % 2 ? a : b, callback.href)),
    );

    expect(answers.map(({ status, headers }) => `${status} ${headers.location}`)).toEqual(
      Array(20).fill(`302 ${SHOP}/orders?kept=1#`),
    );
    expect(codesSent()).toEqual([callback.searchParams.get('code')]);
    expect([...a.logins, ...b.logins]).toEqual([openidOf()]);
    for (const { setCookies } of answers) {
      const cookie = setCookies.find((line) => line.includes('wechat_session'))!.split(';')[0]!;
      for (const at of [a, b]) {
        const answer = await new Browser()
          .route(SHOP, at.port)
          .fetch(`${SHOP}/orders`, { headers: { cookie } });
        expect(answer.json()).toEqual({ openid: openidOf() });
      }
    }
  });

  it('exchanges one of two codes that come with one state to two machines at once', async () => {
    const browser = new Browser();
    const callback = await untilCallback(browser, a);
    const other = new URL(callback);
    other.searchParams.set('code', (await untilCallback(new Browser(), b)).searchParams.get('code')!);
    wechat.inject(EXCHANGE, { delayMs: 200 });

    const answers = await Promise.all([visit(browser, a, callback.href), visit(browser, b, other.href)]);

    expect(answers.map(({ headers }) => headers.location)).toEqual(Array(2).fill(`${SHOP}/orders?kept=1#`));
    expect(codesSent()).toHaveLength(1);
    expect(a.logins.length + b.logins.length).toBe(1);
  });

  it('gives the login to the second machine when the answer of the first was thrown away', async () => {
    const browser = new Browser();
    const callback = await untilCallback(browser, a);
    await visit(browser, a, callback.href, { dropCookies: true });

    expect((await visit(browser, b, callback.href)).headers.location).toBe(`${SHOP}/orders?kept=1#`);

    expect(codesSent()).toHaveLength(1);
    expect([a.logins, b.logins]).toEqual([[openidOf()], []]);
    expect(await whoIs(browser, b)).toBe(openidOf());
  });

  it('starts again when the machine that had the code has died, and never sends that code a second time', async () => {
    const browser = new Browser();
    const callback = await untilCallback(browser, dying);
    wechat.inject(EXCHANGE, { hang: true });
    const lost = visit(browser, dying, callback.href).catch((error: Error) => error);
    await wechat.waitForCalls(EXCHANGE, 1);
    await dying.kill();
    expect(await lost).toMatchObject({ code: 'ECONNRESET' });

    // Later than any living machine would have left something, the others do not wait.
    b.advance(61_000);
    const waiting = Array.from({ length: 4 }, () => visit(browser, b, callback.href));
    const answers = await Promise.all(waiting);

    for (const { status, headers } of answers) {
      expect([status, headers.location]).toEqual([302, expect.stringContaining('/connect/oauth2/authorize')]);
    }
    expect(codesSent()).toEqual([callback.searchParams.get('code')]);
    const ends = await browser.follow(answers[0]!.headers.location!);
    expect([ends.at(-1)!.url, ends.at(-1)!.json()]).toEqual([
      `${SHOP}/orders?kept=1`,
      { openid: openidOf() },
    ]);
    // Somebody goes back to the first callback: the state stays spent.
    a.advance(61_000);
    await visit(browser, a, callback.href);
    expect(codesSent().filter((code) => code === callback.searchParams.get('code'))).toHaveLength(1);
  });

  it('takes up an exchange whose machine died between WeChat’s answer and the login', async () => {
    const browser = new Browser();
    const callback = await untilCallback(browser, dyingLater);
    wechat.inject('/sns/userinfo', { hang: true });
    const lost = visit(browser, dyingLater, callback.href).catch((error: Error) => error);
    await wechat.waitForCalls('/sns/userinfo', 1);
    await dyingLater.kill();
    await lost;

    b.advance(61_000);
    const waiting = visit(browser, b, callback.href);

    expect((await waiting).headers.location).toBe(`${SHOP}/orders?kept=1#`);
    expect(codesSent()).toHaveLength(1);
    expect(b.logins).toEqual([openidOf()]);
    expect(await whoIs(browser, a)).toBe(openidOf());
  });

  describe('of which one was started anew, with the secrets being changed', () => {
    it('finishes a login there that began before, though it remembers nothing', async () => {
      const browser = new Browser();
      const callback = await untilCallback(browser, a);

      expect((await visit(browser, fresh, callback.href)).headers.location).toBe(`${SHOP}/orders?kept=1#`);

      expect(fresh.logins).toEqual([openidOf()]);
      expect(await whoIs(browser, fresh)).toBe(openidOf());
      // WeChat still knows the old app secret only, and looks at it before the code.
      expect(
        wechat.callsTo(EXCHANGE).map(({ query, answered }) => [query['secret'], answered.errcode]),
      ).toEqual([
        ['a-new-app-secret-0123456789abcdef', 40125],
        [secret, undefined],
      ]);
    });

    it('keeps the sessions that were sealed before', async () => {
      const browser = new Browser();
      await visit(browser, a, (await untilCallback(browser, a)).href);

      expect(await whoIs(browser, fresh)).toBe(openidOf());
    });

    it('sees an end of a session that a machine with the old secret wrote', async () => {
      const browser = new Browser();
      await visit(browser, a, (await untilCallback(browser, a)).href);
      const copy = await copyOf(browser);
      await browser.route(SHOP, a.port).fetch(`${SHOP}/wechat/logout`, { method: 'POST' });

      expect(await whoIs(copy, fresh)).toBeUndefined();
    });
  });

  it('ends the copies of a session everywhere when it is ended on one machine', async () => {
    const browser = new Browser();
    await visit(browser, a, (await untilCallback(browser, a, 'hong')).href);
    const copy = await copyOf(browser);
    // So that the other machine has opened the session before, and knows it.
    expect(await whoIs(copy, b)).toBe(openidOf('hong'));

    const out = await browser.route(SHOP, a.port).fetch(`${SHOP}/wechat/logout`, { method: 'POST' });

    expect(out.status).toBe(204);
    for (const at of [b, a]) expect(await whoIs(copy, at)).toBeUndefined();
  });

  it('goes on signing people in, machine by machine, while the store is gone, and together when it is back', async () => {
    await store.stop();
    const browser = new Browser();
    const callback = await untilCallback(browser, b);
    wechat.inject(EXCHANGE, { delayMs: 100 });

    const twins = await Promise.all(Array.from({ length: 5 }, () => visit(browser, b, callback.href)));
    const later = await visit(browser, b, callback.href);

    expect([...twins, later].map(({ headers }) => headers.location)).toEqual(
      Array(6).fill(`${SHOP}/orders?kept=1#`),
    );
    expect(codesSent()).toHaveLength(1);
    for (const at of [a, b]) expect(await whoIs(browser, at)).toBe(openidOf());

    await store.start(store.port);
    const again = new Browser();
    const second = await untilCallback(again, a);
    await visit(again, a, second.href, { dropCookies: true });
    expect((await visit(again, b, second.href)).headers.location).toBe(`${SHOP}/orders?kept=1#`);
    expect(codesSent()).toHaveLength(2);
  });

  it('leaves nothing in the store that can be read there', () => {
    expect(store.written.size).toBeGreaterThan(5);
    for (const [key, value] of store.written) {
      // Marks say nothing, and must outlive a change of secrets.
      if (key.includes(':ended:')) expect(Object.keys(JSON.parse(value))).toEqual(['mark', 'sids', 'until']);
      else expect(value).toMatch(/^v1\.[\w-]+$/);
      expect(key).toMatch(/^wechat:wx00000000official:(claim|code|login|token|ended):[\w-]+$/);
    }
  });

  async function copyOf(browser: Browser): Promise<Browser> {
    const copy = new Browser();
    for (const cookie of await browser.jar.getCookies(SHOP))
      await copy.jar.setCookie(cookie.toString(), SHOP);
    return copy;
  }
});
