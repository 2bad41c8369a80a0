// What somebody who wishes ill can do with a login by a scan: none of it signs anybody in.
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Browser } from '../support/browser.js';
import { digitsFor, openScan, ORDERS, otherThan, statusAt, typeDigits } from '../support/scan-kit.js';
import { send, setScanStage, shownIn } from '../support/scan-stage.js';

const LISTED = 'https://m.example.com';

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const digits = (user?: string) => digitsFor(stage.wechat, user);
  const isIn = async (browser: Browser) => (await browser.fetch(ORDERS)).status === 200;
  const open = async (...given: Parameters<typeof stage.startScan>) => {
    const running = await stage.startScan(...given);
    return { ...running, page: await openScan(running.browser) };
  };

  describe('Somebody else', () => {
    it('collects nothing by the address of the page, and learns nothing', async () => {
      const { browser, page } = await open();
      await stage.scan();
      const other = browser.another();
      // With a login of their own, too.
      const own = await openScan(browser.another());
      for (const thief of [other, browser.another(AGENTS.wechat)]) {
        expect(await statusAt(thief, page)).toBe('waiting');
        const done = await typeDigits(thief, page, digits());
        expect([done.status, await isIn(thief)]).toEqual([400, false]);
        expect((await thief.follow(page.url)).at(-1)!.status).toBe(400);
      }
      expect(await statusAt(other, own)).toBe('waiting');
      expect(await statusAt(browser, page)).toBe('scanned');
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
      // Nor once it is over.
      expect((await typeDigits(other, page, digits())).status).toBe(400);
      expect([await isIn(other), await statusAt(other, page)]).toEqual([false, 'waiting']);
    });

    it('who posts a picture of a code is signed in by nobody who scans it', async () => {
      const { browser, page } = await open();
      await stage.scan();
      stage.later(1_000);
      expect([await isIn(browser), (await browser.visit(page.url)).status]).toEqual([false, 200]);
      const blind = await send(browser, page, {});
      expect([blind.status, shownIn(blind)]).toEqual([422, 'scanned']);
      expect([await isIn(browser), stage.logins]).toEqual([false, []]);
    });

    it('who scans too makes it void, whoever was first, and both are told', async () => {
      const { browser, page } = await open();
      await stage.scan('ming');
      const first = digits();
      const second = await stage.scan('hong');
      expect(second.reply!['Content']).toContain('Two people scanned this code');
      expect(second.reply!['Content']).not.toMatch(/\d{6}/);
      expect((await stage.scan('ming')).reply!['Content']).toContain('Two people scanned this code');
      expect(await statusAt(browser, page)).toBe('void');
      const done = await typeDigits(browser, page, first);
      expect([done.status, shownIn(done), await isIn(browser)]).toEqual([410, 'void', false]);
      expect(done.body).toContain('Start again');
      const shown = await browser.visit(page.url);
      expect([shown.status, shownIn(shown)]).toEqual([410, 'void']);
      expect(stage.said('scan.void')).toHaveLength(1);
      const fresh = await browser.visit(`${page.url}&new=1`);
      await stage.scan('ming');
      expect((await typeDigits(browser, fresh, digits())).status).toBe(303);
    });

    it('who scans at the same moment makes it void as well', async () => {
      const { browser, page } = await open();
      await Promise.all([stage.scan('ming', { copies: 2 }), stage.scan('hong', { copies: 2 })]);
      expect(await statusAt(browser, page)).toBe('void');
      for (const user of ['ming', 'hong'])
        if (digits(user)) expect((await typeDigits(browser, page, digits(user))).status).toBe(410);
    });

    it('who scans when it is finished changes nothing, and gets no digits', async () => {
      const { browser, page } = await open();
      await stage.scan('ming');
      await typeDigits(browser, page, digits());
      expect((await stage.scan('hong')).reply!['Content']).toContain('This code has been used');
      expect([await statusAt(browser, page), await isIn(browser)]).toEqual(['finished', true]);
    });
  });

  describe('Digits', () => {
    it('of one code finish no other', async () => {
      const { browser, page } = await open();
      await stage.scan('ming');
      const mings = digits('ming');
      const victim = browser.another();
      const other = await openScan(victim);
      await stage.scan('hong');
      if (digits('hong') !== mings) expect((await typeDigits(victim, other, mings)).status).toBe(422);
      // The cookie of one login, the address of the other.
      expect((await typeDigits(victim, page, mings)).status).toBe(400);
      // An older code of the same browser.
      stage.later(181_000);
      const fresh = await browser.visit(`${page.url}&new=1`);
      expect((await typeDigits(browser, fresh, mings)).status).toBe(422);
      expect([await isIn(browser), await isIn(victim)]).toEqual([false, false]);
    });

    it('that are wrong three times end it; what are none cost nothing', async () => {
      const { browser, page } = await open();
      await stage.scan();
      const wrong = otherThan(digits());
      for (const none of ['', '12345', '1234567', 'abcdef', '１２', '12345a', '٠١٢٣٤٥'])
        expect((await typeDigits(browser, page, none)).status).toBe(422);
      const answers = [];
      for (let time = 0; time < 3; time++) answers.push(await typeDigits(browser, page, wrong));
      expect(answers.map(({ status }) => status)).toEqual([422, 422, 410]);
      expect(answers[0]!.body).toContain('2 tries left');
      expect(answers[1]!.body).toContain('One try left');
      expect(shownIn(answers[2]!)).toBe('void');
      expect((await typeDigits(browser, page, digits())).status).toBe(410);
      expect([await isIn(browser), await statusAt(browser, page)]).toEqual([false, 'void']);
      expect(stage.said('scan.void')).toHaveLength(1);
      expect((await stage.scan()).reply!['Content']).not.toMatch(/\d{6}/);
    });

    it('are three tries, however many come at once and whatever comes in between', async () => {
      const { browser, page } = await open();
      await stage.scan();
      const wrong = otherThan(digits());
      const answers = await Promise.all(Array.from({ length: 8 }, () => typeDigits(browser, page, wrong)));
      const count = (status: number) => answers.filter((answer) => answer.status === status).length;
      expect([count(422), count(410)]).toEqual([2, 6]);
    });

    it('are not counted anew by another scan of the same person', async () => {
      const { browser, page } = await open();
      await stage.scan();
      const wrong = otherThan(digits());
      for (const status of [422, 422, 410]) {
        expect((await typeDigits(browser, page, wrong)).status).toBe(status);
        await stage.scan();
        await browser.visit(page.url);
      }
    });
  });

  describe('The form', () => {
    const tokenOf = ({ body }: { body: string }) => /name="token" value="([^"]+)"/.exec(body)![1]!;

    it('counts only from the origin of publicUrl', async () => {
      const { browser, page } = await open({ options: { returnTo: { origins: [LISTED] } } });
      await stage.scan();
      const good = { digits: digits(), token: tokenOf(page) };
      const bad: Record<string, string>[] = [
        { origin: 'https://evil.example' },
        { origin: LISTED },
        { origin: 'null' },
        { origin: 'null', 'sec-fetch-site': 'same-origin' },
        { origin: 'http://shop.example.com' },
        { origin: `${SHOP}:8443` },
        { origin: `${SHOP}.evil.example` },
        { origin: '' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': 'none' },
      ];
      for (const headers of bad) {
        const refused = await send(browser, page, good, headers);
        expect([headers, refused.status, refused.setCookies]).toEqual([headers, 403, []]);
      }
      for (const token of [
        undefined,
        '',
        'A'.repeat(22),
        good.token.slice(1),
        tokenOf(await openScan(browser.another())),
      ]) {
        const refused = await send(
          browser,
          page,
          { digits: good.digits, ...(token === undefined ? {} : { token }) },
          {},
        );
        expect(refused.status).toBe(403);
      }
      expect([await isIn(browser), await statusAt(browser, page)]).toEqual([false, 'scanned']);
      expect((await send(browser, page, good, {})).status).toBe(303);
    });

    it('counts without an origin where the browser says that it is its own', async () => {
      const { browser, page } = await open();
      await stage.scan();
      expect(
        (
          await send(
            browser,
            page,
            { digits: digits() },
            { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
          )
        ).status,
      ).toBe(303);
    });

    it('signs a victim in as nobody who sends it for them', async () => {
      // The attacker has scanned, and has the victim's browser send the digits.
      const { browser, page } = await open();
      await stage.scan('hong');
      const victim = browser.another();
      await openScan(victim);
      for (const headers of [{ origin: 'https://evil.example' }, { origin: SHOP }] as Record<
        string,
        string
      >[]) {
        const answer = await send(victim, page, { digits: digits('hong'), token: tokenOf(page) }, headers);
        expect([answer.status, answer.setCookies.filter((line) => line.includes('session'))]).toEqual([
          400,
          [],
        ]);
      }
      expect(await isIn(victim)).toBe(false);
    });

    it('is known by two fields of one name as none', async () => {
      const { browser, page } = await open();
      await stage.scan();
      const body = `digits=${otherThan(digits())}&digits=${digits()}`;
      const answer = await send(browser, page, {}, { origin: SHOP }, { body });
      expect([answer.status, await isIn(browser)]).toEqual([422, false]);
    });
  });

  it('knows no callback by the state of a scan', async () => {
    const { browser, page } = await open();
    const state = new URL(page.url).searchParams.get('state')!;
    stage.wechat.clearCalls();
    for (const agent of [AGENTS.desktop, AGENTS.wechat]) {
      browser.userAgent = agent;
      const answer = await browser.visit(`${ORDERS}?code=somebody&state=${state}`);
      expect(answer.status).toBe(302);
      expect(answer.setCookies.filter((line) => line.includes('wechat_session'))).toEqual([]);
    }
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
    // And the page none by the state of another login.
    const other = await browser.visit(ORDERS);
    const foreign = new URL(other.headers.location!).searchParams.get('state')!;
    expect((await browser.visit(`${SHOP}/wechat/scan?state=${foreign}`)).status).toBe(400);
    expect((await browser.visit(`${page.url}&state=${state}`)).status).toBe(400);
    expect(await isIn(browser)).toBe(false);
  });
});
