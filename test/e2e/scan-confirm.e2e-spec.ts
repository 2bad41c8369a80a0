// The page on the phone that asks: what it hears, from whom, by which link, and what it can still do
// afterwards.
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer, type Browser } from '../support/browser.js';
import { linkFor, openScan, ORDERS, statusAt } from '../support/scan-kit.js';
import { type ScanRunning, send, setScanStage } from '../support/scan-stage.js';

const TAP = { confirm: 'tap' };
const LISTED = 'https://m.example.com';
const AUTHORIZE = '/connect/oauth2/authorize';
const tokenOf = ({ body }: Answer) => /name="token" value="([^"]+)"/.exec(body)?.[1] ?? '';

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

  it('hears a POST only from its own page', async () => {
    const { browser, page, link, phone } = await asked({ options: { returnTo: { origins: [LISTED] } } });
    const token = tokenOf(await last(phone, link));
    const bad: Record<string, string>[] = [
      { origin: LISTED },
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: 'http://shop.example.com' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of bad) expect((await press(phone, link, 'yes', headers, token)).status).toBe(403);
    const other = browser.another(AGENTS.wechat);
    const foreign = tokenOf(await last(other, link));
    expect(foreign).not.toBe(token);
    for (const wrong of ['', foreign, 'A'.repeat(22)])
      expect((await press(phone, link, 'yes', {}, wrong)).status).toBe(403);
    expect(await statusAt(browser, page)).toBe('scanned');
    expect((await press(phone, link, 'yes', {}, token)).status).toBe(303);
    expect(await statusAt(browser, page)).toBe('agreed');
    await press(phone, link, 'no', { 'sec-fetch-site': 'same-origin' });
    expect(await statusAt(browser, page)).toBe('void');
  });

  it('takes no ticket that is another’s, over, or somebody’s own', async () => {
    const { browser, page, link, phone } = await asked();
    await last(phone, link);
    const desktop = browser.another();
    const page2 = await openScan(desktop);
    await stage.scan('ming');
    const link2 = linkFor(stage.wechat);
    expect(link2).not.toBe(link);
    // Who was named for one link is asked anew for another.
    expect((await press(phone, link2, 'yes')).status).toBe(303);
    expect([await statusAt(browser, page), await statusAt(desktop, page2)]).toEqual(['scanned', 'scanned']);
    expect((await phone.visit(link2)).headers.location).toContain(AUTHORIZE);
    const ticket = link.split('/').at(-1)!;
    const flipped = ticket.slice(0, -2) + (ticket.at(-2) === 'A' ? 'B' : 'A') + ticket.at(-1)!;
    for (const wrong of [flipped, ticket.slice(1), 'x', `${ticket}x`]) {
      const at = link.replace(ticket, wrong);
      for (const answer of [await phone.visit(at), await press(phone, at, 'yes')])
        expect([answer.status, answer.headers.location, answer.body.includes('over')]).toEqual([
          410,
          undefined,
          true,
        ]);
    }
    stage.later(181_000);
    expect((await last(phone, link)).status).toBe(410);
    await press(phone, link, 'yes');
    expect([(await last(phone, link)).status, await statusAt(browser, page)]).toEqual([410, 'expired']);
    stage.later(300_000);
    expect([(await phone.visit(link)).status, (await press(phone, link, 'yes')).status]).toEqual([410, 410]);
  });

  it('shows what has become of a yes of the last moment, and can still disown it', async () => {
    const { browser, page, link, phone } = await asked({ options: { session: { revocable: true } } });
    stage.later(175_000);
    await last(phone, link);
    await press(phone, link, 'yes');
    stage.later(170_000);
    expect((await last(phone, link)).body).toContain('Allowed');
    expect((await send(browser, page, {})).status).toBe(303);
    stage.later(100_000);
    expect((await last(phone, link)).body).toContain('Signed in');
    await press(phone, link, 'disown');
    expect(await isIn(browser)).toBe(false);
  });

  it('comes back by callbackPath', async () => {
    const { browser, page, link, phone } = await asked({ options: { callbackPath: '/wechat/callback' } });
    const answers = await phone.follow(link);
    expect(new URL(answers[0]!.headers.location!).searchParams.get('redirect_uri')).toBe(
      `${SHOP}/wechat/callback`,
    );
    expect([answers.at(-1)!.status, answers.at(-1)!.url]).toEqual([200, link]);
    await press(phone, link, 'yes');
    expect([(await send(browser, page, {})).status, await isIn(browser), await isIn(phone)]).toEqual([
      303,
      true,
      false,
    ]);
  });

  describe('"That was not me"', () => {
    const finished = async (revocable: boolean) => {
      const all = await asked({ options: { session: { revocable } } });
      await last(all.phone, all.link);
      await press(all.phone, all.link, 'yes');
      await send(all.browser, all.page, {});
      expect(await isIn(all.browser)).toBe(true);
      return all;
    };

    it('ends the session where it can be ended, for replays too', async () => {
      const { browser, page, link, phone } = await finished(true);
      const at = link;
      await press(phone, at, 'disown');
      expect([await isIn(browser), stage.said('scan.disowned').length]).toEqual([false, 1]);
      expect((await last(phone, link)).body).toContain('not signed in any more');
      expect([(await send(browser, page, {})).status === 303, await isIn(browser)]).toEqual([false, false]);
      await press(phone, at, 'disown');
      expect(stage.said('scan.disowned')).toHaveLength(1);
    });

    it('is told to the application where it cannot', async () => {
      const { browser, link, phone } = await finished(false);
      await press(phone, link, 'disown');
      expect([await isIn(browser), stage.said('scan.disowned').length]).toEqual([true, 1]);
      expect((await last(phone, link)).body).toContain('Contact shop.example.com');
    });
  });
});
