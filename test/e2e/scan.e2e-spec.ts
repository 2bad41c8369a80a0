// Scan to follow and sign in by digits: the ordinary login, from the page of a stranger to the
// session, and everything that ordinarily comes between.
import { PLATFORMS, SHOP } from '../support/application.js';
import type { Answer, Browser } from '../support/browser.js';
import { PUSH_APP_ID } from '../support/push-kit.js';
import { digitsFor, openScan, ORDERS, scanPage, statusAt, typeDigits } from '../support/scan-kit.js';
import { at, openidOf, send, setScanStage, shownIn } from '../support/scan-stage.js';

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const digits = (user?: string) => digitsFor(stage.wechat, user);
  const isIn = async (browser: Browser) => (await browser.fetch(ORDERS)).status === 200;

  it('signs in whoever follows and types the digits, at the page where it began', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser, `${ORDERS}?a=1`);
    expect(await statusAt(browser, page)).toBe('waiting');
    await scanPage(stage.wechat, page);
    expect(stage.wechat.user('ming').follower).toBe(true);
    expect(await statusAt(browser, page)).toBe('scanned');
    const done = await typeDigits(browser, page, digits());
    expect([done.status, done.headers.location]).toEqual([303, `${ORDERS}?a=1`]);
    const orders = await browser.visit(`${ORDERS}?a=1`);
    expect(orders.json()).toEqual({
      user: {
        app: 'default',
        appId: PUSH_APP_ID,
        openid: openidOf(stage),
        unionid: stage.wechat.unionidOf(PUSH_APP_ID, 'ming'),
        scope: [],
        isSnapshotUser: false,
      },
    });
    expect(stage.logins).toEqual([
      expect.objectContaining({ client: 'desktop-browser', reason: 'login', returnTo: `${ORDERS}?a=1` }),
    ]);
    expect(stage.logins[0]!.identity).toMatchObject({ scope: [], openid: openidOf(stage) });
    const types = stage.events.map(({ type }) => type).filter((type) => type.startsWith('scan.'));
    expect(types).toEqual(['scan.created', 'scan.scanned', 'scan.confirmed']);
  });

  it('signs a follower in, without a unionid where WeChat has none', async () => {
    stage.wechat.setUser('ming', { follower: true });
    stage.wechat.inject('/cgi-bin/user/info', { errcode: 48001, times: Infinity });
    const { browser, logs } = await stage.startScan();
    const page = await openScan(browser);
    await stage.scan();
    expect((await typeDigits(browser, page, digits())).status).toBe(303);
    expect(stage.logins[0]!.identity.unionid).toBeUndefined();
    expect(logs.lines.filter(({ level }) => ['warn', 'error'].includes(level))).toEqual([]);
  });

  it('has the flow cookie written anew with the code, and asks WeChat for 300 s', async () => {
    const { browser } = await stage.startScan();
    const [sent, page] = (await browser.follow(ORDERS)) as [Answer, Answer];
    expect(new URL(sent.headers.location!).pathname).toBe('/wechat/scan');
    const names = (answer: Answer) => answer.setCookies.map((line) => line.split('=', 1)[0]);
    expect(names(page)).toEqual(names(sent));
    for (const line of page.setCookies) expect(line).toMatch(/; HttpOnly/);
    const asked = JSON.parse(stage.wechat.callsTo('/cgi-bin/qrcode/create')[0]!.body) as object;
    expect(asked).toEqual({
      expire_seconds: 300,
      action_name: 'QR_STR_SCENE',
      action_info: { scene: { scene_str: expect.stringMatching(/^[\w-]{16,64}$/) as string } },
    });
  });

  it('answers the same person alike, however often and however it is delivered', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser);
    const first = await stage.scan('ming', { copies: 2, lostAnswers: 1 });
    const replies = first.deliveries.map(({ reply }) => reply!['Content']);
    expect(replies.length).toBeGreaterThanOrEqual(3);
    const again = await stage.scan();
    expect(new Set([...replies, again.reply!['Content']]).size).toBe(1);
    // Of one push the whole message is the same, its time too.
    expect(new Set(first.deliveries.map(({ reply }) => reply!['CreateTime'])).size).toBe(1);
    expect(stage.said('scan.scanned')).toHaveLength(1);
    expect((await typeDigits(browser, page, digits())).status).toBe(303);
  });

  it('is answered in the words of a friend: the warning first, then the digits', async () => {
    const hooks = { describePlace: () => '上海\u202e\n电信' };
    const { browser } = await stage.startScan({ options: { hooks } });
    await openScan(browser);
    await stage.scan();
    const text = stage.wechat.chat(PUSH_APP_ID, 'ming').at(-1)!.text;
    expect(text).toMatch(
      /^⚠️ 有人想用你的微信登录 shop\.example\.com\nChrome · Windows，\d\d-\d\d \d\d:\d\d（北京时间），上海 电信\n/,
    );
    expect(text.indexOf('Do nothing')).toBeGreaterThan(0);
    expect(text.match(/\d{6}/g)).toEqual([digits()]);
    expect(text).not.toMatch(/Mozilla|AppleWebKit|https?:/);
  });

  it('repeats its end to the same browser for a minute, and no longer', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser, `${ORDERS}?a=1`);
    await stage.scan();
    const typed = digits();
    const twins = await Promise.all([1, 2, 3].map(() => typeDigits(browser, page, typed)));
    twins.push(await typeDigits(browser, page, typed));
    for (const { status, headers } of twins)
      expect([status, headers.location]).toEqual([303, `${ORDERS}?a=1`]);
    const reloaded = await browser.visit(page.url);
    expect([reloaded.status, reloaded.headers.location]).toEqual([302, `${ORDERS}?a=1#`]);
    expect(await statusAt(browser, page)).toBe('finished');
    expect(stage.logins).toHaveLength(1);
    stage.later(61_000);
    const late = await typeDigits(browser, page, typed);
    expect(late.status).not.toBe(303);
    expect(late.setCookies.filter((line) => line.includes('wechat_session'))).toEqual([]);
  });

  it('takes JSON too, and tells programs in JSON', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser);
    const post = (body: unknown) =>
      browser.fetch(at(page, '/finish'), {
        method: 'POST',
        headers: { origin: SHOP, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const early = await post({ digits: '123456' });
    expect([early.status, early.json()]).toEqual([422, { status: 'waiting' }]);
    await stage.scan();
    for (const body of [{}, { digits: 123456 }, { digits: ['1'] }, [], { digits: '12345' }])
      expect((await post(body)).json()).toEqual({ status: 'wrong', left: 3 });
    const done = await post({ digits: digits() });
    expect([done.status, done.headers.location, await isIn(browser)]).toEqual([303, ORDERS, true]);
  });

  it('takes digits as people write them', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser);
    await stage.scan();
    const wide = digits().replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)));
    expect((await send(browser, page, { digits: ` ${wide.slice(0, 3)} ${wide.slice(3)} ` })).status).toBe(
      303,
    );
  });

  it('tells who is early that nobody has scanned it', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser);
    const early = await typeDigits(browser, page, '123456');
    expect([early.status, shownIn(early)]).toEqual([422, 'waiting']);
    expect(early.body).toContain('Nobody has scanned');
  });

  describe('The login handler', () => {
    const scanned = async () => {
      const running = await stage.startScan();
      const page = await openScan(running.browser);
      await stage.scan();
      return { ...running, page };
    };

    it('may refuse, and then nobody is signed in', async () => {
      stage.onLogin = async () => ({ refuse: { code: 'BANNED', message: 'You may not.' } });
      const { browser, page } = await scanned();
      const refused = await typeDigits(browser, page, digits());
      expect([refused.status, await isIn(browser)]).toEqual([403, false]);
      expect(refused.body).toContain('You may not.');
      expect(stage.said('flow.refused')).toEqual([expect.objectContaining({ client: 'desktop-browser' })]);
    });

    it('may lead elsewhere, and give claims', async () => {
      stage.onLogin = async () => ({ redirectTo: '/welcome?a=1', claims: { id: 7 } });
      const { browser, page } = await scanned();
      const done = await typeDigits(browser, page, digits());
      expect([done.status, done.headers.location]).toEqual([303, `${SHOP}/welcome?a=1`]);
      expect((await browser.fetch(ORDERS)).json()).toMatchObject({ user: { claims: { id: 7 } } });
    });

    it('may fail, and the same digits work when it works again', async () => {
      stage.onLogin = async () => Promise.reject(new Error(`database of ${digits()}`));
      const { browser, page, logs } = await scanned();
      const typed = digits();
      for (let time = 0; time < 4; time++) {
        const failed = await typeDigits(browser, page, typed);
        expect([failed.status, await isIn(browser)]).toEqual([502, false]);
      }
      expect(logs.text).not.toContain(typed);
      expect(shownIn(await browser.visit(page.url))).toBe('scanned');
      stage.onLogin = async () => undefined;
      expect((await typeDigits(browser, page, typed)).status).toBe(303);
      expect(await isIn(browser)).toBe(true);
    });
  });

  it('is over where the browser signs out meanwhile', async () => {
    const { browser } = await stage.startScan();
    const page = await openScan(browser);
    await stage.scan();
    const out = await browser.visit(`${SHOP}/wechat/logout`, { method: 'POST', headers: { origin: SHOP } });
    expect(out.status).toBeLessThan(400);
    expect((await typeDigits(browser, page, digits())).status).toBe(400);
    expect(await isIn(browser)).toBe(false);
  });

  it('gives a session that can be ended, and is not given once more', async () => {
    const { browser } = await stage.startScan({ options: { session: { revocable: true } } });
    const page = await openScan(browser);
    await stage.scan();
    const typed = digits();
    await typeDigits(browser, page, typed);
    const copy = browser.another();
    for (const cookie of await browser.jar.getCookies(SHOP)) await copy.jar.setCookie(cookie, SHOP);
    await browser.visit(`${SHOP}/wechat/logout`, { method: 'POST', headers: { origin: SHOP } });
    expect(await isIn(copy)).toBe(false);
    const again = await typeDigits(copy, page, typed);
    expect([again.status === 303, await isIn(copy)]).toEqual([false, false]);
  });
});
