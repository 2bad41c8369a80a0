// confirm: 'tap'. The phone is asked by a page of ours, and the desktop goes on by itself.
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer, type Browser } from '../support/browser.js';
import { everythingOf } from '../support/canary.js';
import { PUSH_APP_ID } from '../support/push-kit.js';
import { linkFor, openScan, ORDERS, statusAt } from '../support/scan-kit.js';
import { type ScanRunning, send, setScanStage, shownIn } from '../support/scan-stage.js';

const TAP = { confirm: 'tap' };
const AUTHORIZE = '/connect/oauth2/authorize';

/** Presses a button of the page on the phone. */
const press = (
  phone: Browser,
  link: string,
  answer: string,
  headers: Record<string, string> = { origin: SHOP },
  token = '',
) =>
  phone.visit(link, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ answer, token }).toString(),
  });

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const isIn = async (browser: Browser) => (await browser.fetch(ORDERS)).status === 200;
  const phoneOf = ({ browser }: Pick<ScanRunning, 'browser'>) => browser.another(AGENTS.wechat);
  const last = async (phone: Browser, link: string) => (await phone.follow(link)).at(-1)!;

  /** A desktop that shows a code, ming who scanned it, and the page on the phone. */
  const asked = async (setup: Parameters<typeof stage.startScan>[0] = {}) => {
    const running = await stage.startScan(setup, TAP);
    const page = await openScan(running.browser);
    await stage.scan('ming');
    const link = linkFor(stage.wechat);
    return { ...running, page, link, phone: phoneOf(running) };
  };

  it('signs in whoever says yes, and tells the phone where', async () => {
    const { browser, page, link, phone, logs } = await asked();
    const text = stage.wechat.chat(PUSH_APP_ID, 'ming').at(-1)!.text;
    expect(text).toMatch(/^⚠️ 有人想用你的微信登录 shop\.example\.com\n/);
    expect(text).toContain('Look at the request');
    expect(text).not.toMatch(/confirm|\d{6}/i);
    expect(link).toMatch(/^https:\/\/shop\.example\.com\/wechat\/scan\/confirm\/[\w.~-]{1,99}$/);
    const waiting = await browser.visit(page.url);
    expect([await statusAt(browser, page), shownIn(waiting)]).toEqual(['scanned', 'scanned']);
    expect(waiting.body).not.toContain('name="digits"');

    const answers = await phone.follow(link);
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(new URL(answers[0]!.headers.location!).searchParams.get('scope')).toBe('snsapi_base');
    const [asks] = answers.slice(-1) as [Answer];
    expect(asks.body).toContain('Chrome · Windows');
    const buttons = [...asks.body.matchAll(/<button[^>]*value="(\w+)"/g)].map(([, value]) => value);
    expect(buttons).toEqual(['no', 'yes']);
    expect(asks.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
    expect(asks.headers['content-security-policy']).toContain("default-src 'none'");
    expect(asks.body).not.toContain('<script');

    const yes = await press(phone, link, 'yes');
    expect([yes.status, yes.headers.location]).toEqual([303, link]);
    expect([(await last(phone, link)).body.includes('Allowed'), await statusAt(browser, page)]).toEqual([
      true,
      'agreed',
    ]);
    expect(await isIn(browser)).toBe(false);
    // By the form that the page sends by itself.
    const agreed = await browser.visit(page.url);
    expect([shownIn(agreed), agreed.body.includes('<form name="agreed" method="post"')]).toEqual([
      'agreed',
      true,
    ]);
    const done = await send(browser, page, {});
    expect([done.status, done.headers.location, await isIn(browser)]).toEqual([303, ORDERS, true]);
    expect(stage.logins).toEqual([expect.objectContaining({ client: 'desktop-browser' })]);
    const after = await last(phone, link);
    expect([after.status, after.body.includes('value="disown"')]).toEqual([200, true]);
    expect(after.body).toContain('Signed in');
    expect(await isIn(phone)).toBe(false);
    const told = [logs.text, everythingOf(stage.events), page.body, waiting.body, agreed.body].join('\n');
    expect([stage.scene(), link.split('/').at(-1)!].filter((secret) => told.includes(secret))).toEqual([]);
  });

  it('signs in nobody before that, or after a no', async () => {
    const { browser, page, link, phone } = await asked();
    const early = await send(browser, page, { digits: '123456' });
    expect([early.status, await isIn(browser)]).toEqual([422, false]);
    await last(phone, link);
    await press(phone, link, 'no');
    const after = await last(phone, link);
    expect([after.status, after.body.includes('Nobody is signed in')]).toEqual([200, true]);
    expect(await statusAt(browser, page)).toBe('void');
    await press(phone, link, 'yes');
    expect([(await send(browser, page, {})).status, await isIn(browser)]).toEqual([410, false]);
    expect(stage.said('scan.refused')).toHaveLength(1);
  });

  it('hears a no after a yes, as long as nobody is signed in', async () => {
    const { browser, page, link, phone } = await asked();
    await last(phone, link);
    await press(phone, link, 'yes');
    await press(phone, link, 'no');
    expect([(await send(browser, page, {})).status, await isIn(browser)]).toEqual([410, false]);
  });

  it('changes nothing by a GET, however often and by whom', async () => {
    const { browser, page, link, phone } = await asked();
    const robot = browser.another('Mozilla/5.0 (compatible; WeChat link preview)');
    const looks: Record<string, string>[] = [
      { accept: '*/*' },
      { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      { purpose: 'prefetch' },
      {},
    ];
    for (const headers of looks) await robot.visit(`${link}?answer=yes`, { headers });
    await robot.visit(link, { method: 'HEAD' });
    for (let time = 0; time < 3; time++) {
      await phone.follow(link);
      await phone.visit(`${link}?answer=yes`);
      await phone.follow(`${link}?answer=no`);
    }
    expect(await statusAt(browser, page)).toBe('scanned');
    // One who is known is not sent to WeChat again.
    expect(stage.wechat.callsTo(AUTHORIZE).length).toBe(1);
    expect(stage.said('scan.refused')).toEqual([]);
  });

  it('tells another person, and a visitor who is made up, that it is not theirs', async () => {
    stage.wechat.setUser('qiang', { snapshot: true });
    const { browser, page, link } = await asked();
    for (const user of ['hong', 'qiang']) {
      stage.wechat.autoConsent = user;
      const other = browser.another(AGENTS.wechat);
      const told = await last(other, link);
      expect([told.status, told.body.includes('not for you')]).toEqual([403, true]);
      expect(told.body).not.toMatch(/<form|Windows/);
      await press(other, link, 'yes');
      await press(other, link, 'no');
      await press(other, link, 'disown');
    }
    expect(await statusAt(browser, page)).toBe('scanned');
  });

  it('ignores the session of the phone, and sets none', async () => {
    const { browser, page, link, phone } = await asked();
    stage.wechat.autoConsent = 'hong';
    await phone.follow(ORDERS);
    const before = (await phone.fetch(ORDERS)).body;
    stage.logins.length = 0;
    stage.wechat.autoConsent = 'ming';
    const answers = await phone.follow(link);
    expect(
      answers.flatMap(({ setCookies }) => setCookies).filter((line) => line.includes('session')),
    ).toEqual([]);
    await press(phone, link, 'yes');
    await last(phone, link);
    expect(stage.logins).toEqual([]);
    await send(browser, page, {});
    expect((await phone.fetch(ORDERS)).body).toBe(before);
    expect(stage.logins.map(({ client }) => client)).toEqual(['desktop-browser']);
    // A session of the one who scanned, and no look at the page: nobody says yes by it.
    const page2 = await openScan(browser.another());
    await stage.scan('ming');
    const other = browser.another(AGENTS.wechat);
    await other.follow(ORDERS);
    const refused = await press(other, linkFor(stage.wechat), 'yes');
    expect(refused.status).toBe(303);
    expect(await statusAt(browser, page2)).not.toBe('agreed');
  });

  it('is void by a second person, after a yes as well', async () => {
    const { browser, page, link, phone } = await asked();
    await last(phone, link);
    await press(phone, link, 'yes');
    expect((await stage.scan('hong')).reply!['Content']).toContain('Two people scanned');
    expect((await last(phone, link)).status).toBe(410);
    expect([(await send(browser, page, {})).status, await isIn(browser)]).toEqual([410, false]);
  });
});
