// What cannot be asked just now: the store at each step of a login by a scan, and WeChat. This door
// fails closed, and says so; what was begun goes on when they are back.
import type { MockFault } from '../../lib/testing/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, type Answer, type Browser } from '../support/browser.js';
import { FlakyStore } from '../support/flaky-store.js';
import {
  digitsFor,
  linkFor,
  openScan,
  ORDERS,
  otherThan,
  statusAt,
  typeDigits,
} from '../support/scan-kit.js';
import { at, CREATE, send, setScanStage, shownIn } from '../support/scan-stage.js';

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  let store: FlakyStore;
  const digits = () => digitsFor(stage.wechat);
  const isIn = async (browser: Browser) => (await browser.fetch(ORDERS)).status === 200;
  const start = (scan: unknown = true, options = {}) => {
    store = new FlakyStore();
    return stage.startScan({ extras: { tokenStore: { useValue: store } }, options }, scan);
  };

  describe('The store', () => {
    it('is asked before WeChat is: without it no code is shown', async () => {
      const { browser } = await start();
      const sent = await browser.visit(ORDERS);
      for (const mode of ['rejects', 'throws', 'throws text'] as const) {
        store.mode = mode;
        const page = await browser.visit(sent.headers.location!);
        expect([page.status, page.body.includes('<svg class="code"'), stage.created()]).toEqual([
          503,
          false,
          0,
        ]);
        expect(page.headers['cache-control']).toBe('no-store');
      }
      store.mode = 'up';
      expect((await browser.visit(sent.headers.location!)).status).toBe(200);
    });

    it('may go while a code is shown: 503, and the same code when it is back', async () => {
      const { browser } = await start();
      const page = await openScan(browser);
      store.mode = 'rejects';
      const gone = await browser.visit(page.url);
      expect([gone.status, gone.body.includes('<svg class="code"')]).toEqual([503, false]);
      expect(await statusAt(browser, page)).toBe('waiting');
      store.mode = 'up';
      expect([(await browser.visit(page.url)).status, stage.created()]).toEqual([200, 1]);
    });

    it('may go before the phone: the push is not taken for received, and sent again', async () => {
      const { browser } = await start();
      const page = await openScan(browser);
      store.mode = 'rejects';
      const lost = await stage.scan();
      expect(lost.outOfService).toBe(true);
      expect(lost.deliveries.map(({ status, body }) => `${status} ${body}`)).toEqual([
        '503 ',
        '503 ',
        '503 ',
      ]);
      store.mode = 'up';
      expect(await statusAt(browser, page)).toBe('waiting');
      expect((await stage.scan()).reply!['Content']).toContain(digits());
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
    });

    it('may go before the digits: again, and no try is lost', async () => {
      const { browser } = await start();
      const page = await openScan(browser);
      await stage.scan();
      store.mode = 'rejects';
      const answers: Answer[] = [];
      for (let time = 0; time < 4; time++) answers.push(await typeDigits(browser, page, otherThan(digits())));
      answers.push(await typeDigits(browser, page, digits()));
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
      expect(answers.at(-1)!.setCookies.filter((line) => line.includes('session'))).toEqual([]);
      const json = await browser.fetch(at(page, '/finish'), {
        method: 'POST',
        headers: { origin: SHOP, 'content-type': 'application/json' },
        body: JSON.stringify({ digits: digits() }),
      });
      expect([json.status, json.json()]).toEqual([503, { status: 'again' }]);
      expect([await statusAt(browser, page), await isIn(browser), stage.logins]).toEqual([
        'waiting',
        false,
        [],
      ]);
      store.mode = 'up';
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
      expect(stage.logins).toHaveLength(1);
    });

    it('may go while somebody signs in: they are, and only once', async () => {
      const { browser } = await start();
      const page = await openScan(browser);
      await stage.scan();
      stage.onLogin = async () => void (store.mode = 'rejects');
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
      store.mode = 'up';
      expect([await isIn(browser), stage.logins.length]).toEqual([true, 1]);
    });

    it('may go while a phone is asked: 503, and the answer counts later', async () => {
      const { browser } = await start({ confirm: 'tap' });
      const page = await openScan(browser);
      await stage.scan();
      const [link, phone] = [linkFor(stage.wechat), browser.another(AGENTS.wechat)];
      await phone.follow(link);
      const press = (answer: string) =>
        phone.visit(link, {
          method: 'POST',
          headers: { origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' },
          body: `answer=${answer}`,
        });
      store.mode = 'rejects';
      expect([
        (await phone.visit(link)).status,
        (await press('yes')).status,
        (await press('no')).status,
      ]).toEqual([503, 503, 503]);
      store.mode = 'up';
      expect(await statusAt(browser, page)).toBe('scanned');
      await press('yes');
      store.mode = 'rejects';
      expect([(await send(browser, page, {})).status, (await press('no')).status]).toEqual([503, 503]);
      store.mode = 'up';
      expect((await send(browser, page, {})).status).toBe(303);
    });

    it('may go between a "that was not me" and its end: it is not said to have ended', async () => {
      const { browser } = await start({ confirm: 'tap' }, { session: { revocable: true } });
      const page = await openScan(browser);
      await stage.scan();
      const [link, phone] = [linkFor(stage.wechat), browser.another(AGENTS.wechat)];
      await phone.follow(link);
      const press = (answer: string) =>
        phone.visit(link, {
          method: 'POST',
          headers: { origin: SHOP, 'content-type': 'application/x-www-form-urlencoded' },
          body: `answer=${answer}`,
        });
      await press('yes');
      await send(browser, page, {});
      const { replaceIfEqual, setIfAbsent } = store;
      // Takes one step, and no more.
      let steps = 0;
      store.replaceIfEqual = (...args) =>
        steps++ === 0 ? replaceIfEqual(...args) : Promise.reject(new Error('gone'));
      store.setIfAbsent = async (...args) =>
        steps++ === 0 ? setIfAbsent(...args) : Promise.reject(new Error('gone'));
      const first = await press('disown');
      Object.assign(store, { replaceIfEqual, setIfAbsent });
      if (first.status === 503) await press('disown');
      expect((await phone.visit(link)).body).toContain('not signed in any more');
      expect(await isIn(browser)).toBe(false);
    });
  });

  describe('WeChat', () => {
    it.each<[string, MockFault]>([
      ['says that the account may not', { errcode: 48001 }],
      ['has given enough for a day', { errcode: 45009 }],
      ['is busy', { errcode: -1, times: 3 }],
      ['breaks off', { reset: true, times: 3 }],
      ['says nothing that makes sense', { brokenJson: true }],
      ['gives no address', { body: '{"ticket":"gQticketcanary"}' }],
      ['gives an address that is none', { body: '{"ticket":"t","url":"javascript:alert(1)"}' }],
      ['is a gateway', { status: 502, times: 3 }],
    ])('%s: a page that says so, and a code when it works again', async (_what, fault) => {
      const { browser, logs } = await start();
      const sent = await browser.visit(ORDERS);
      stage.wechat.inject(CREATE, { times: 1, ...fault });
      const failed = await browser.visit(sent.headers.location!);
      expect([502, 503]).toContain(failed.status);
      expect([failed.body.includes('LOGIN_FAILED'), failed.body.includes('<svg class="code"')]).toEqual([
        true,
        false,
      ]);
      expect(failed.body).not.toMatch(/ticketcanary|javascript/);
      expect(logs.text).not.toMatch(/ticketcanary|wechat-login-/);
      stage.wechat.clearFaults();
      const page = await browser.visit(sent.headers.location!);
      expect([page.status, shownIn(page)]).toEqual([200, 'waiting']);
      await stage.scan();
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
    });

    it.each<[string, MockFault]>([
      ['may not be asked', { errcode: 48001 }],
      ['breaks off', { reset: true }],
      ['names another person', { answer: { openid: 'another', unionid: 'oStolen' } }],
      ['names no text', { answer: { unionid: { $ne: '' } } }],
    ])('%s who the follower is: a login without a unionid', async (_what, fault) => {
      const { browser } = await start();
      const page = await openScan(browser);
      await stage.scan();
      stage.wechat.inject('/cgi-bin/user/info', { times: Infinity, ...fault });
      expect((await typeDigits(browser, page, digits())).status).toBe(303);
      expect(stage.logins.map(({ identity }) => identity.unionid)).toEqual([undefined]);
    });
  });
});
