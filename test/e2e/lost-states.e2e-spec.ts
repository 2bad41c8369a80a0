// What comes back from WeChat without the state that was sent: counted while there is a flow it may
// belong to, and then told in a page.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatEvent,
  WechatEvents,
  type WechatIdentity,
  WechatUser,
} from '../../lib/index.js';
import { PLATFORMS, type Running, SHOP } from '../support/application.js';
import { type Answer, type Browser } from '../support/browser.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @Get('other')
  other() {
    return {};
  }

  @WechatAuth({ mode: 'silent' })
  @Get('quiet')
  quiet() {
    return {};
  }
}

/** What something on the way makes of the answer's address. */
type Spoil = (address: string) => string;

const state = (address: string) => new URL(address).searchParams.get('state')!;
const withState = (address: string, value: string) => address.replace(state(address), value);

const SPOILS: [string, Spoil][] = [
  ['goes missing', (address) => address.replace(/&state=\w+/, '')],
  ['comes back empty', (address) => withState(address, '')],
  ['is appended to', (address) => withState(address, `${state(address)}.x`)],
  ['is cut off', (address) => withState(address, state(address).slice(0, 20))],
  ['comes back in capitals', (address) => withState(address, `A${state(address).slice(1)}`.toUpperCase())],
  ['comes back as STATE', (address) => address.replace('&state=', '&STATE=')],
  ['comes back as &amp;state=', (address) => address.replace('&state=', '&amp;state=')],
  ['comes back encoded', (address) => address.replace('&state=', '&state%3D')],
  ['is replaced by one of its own', (address) => withState(address, 'next')],
  [
    'loses its code to capitals too',
    (address) => address.replace('code=', 'CODE=').replace('state=', 'STATE='),
  ],
];

describe.each(PLATFORMS)('A state on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  let running: Running;
  let browser: Browser;
  let events: WechatEvent[];
  let now: number;

  beforeEach(async () => {
    now = Date.now();
    running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { now: () => now },
    });
    browser = browserFor(running);
    events = [];
    running.app.get(WechatEvents).events$.subscribe((event) => events.push(event));
  });

  const isAtWechat = ({ headers }: Answer) =>
    headers.location !== undefined && new URL(headers.location).origin !== SHOP;

  /** Goes to WeChat and back until something else is answered than WeChat's address. */
  async function goRound(url: string, spoil: Spoil, by = browser, most = 8): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let next = url; answers.length < most;) {
      const answer = await by.visit(next);
      answers.push(answer);
      if (!isAtWechat(answer)) break;
      const { redirectTo } = await stage.wechat.authorize(answer.headers.location!, { user: 'ming' });
      next = spoil(redirectTo!);
    }
    return answers;
  }

  it.each(SPOILS)('that %s ends in a readable page after two restarts', async (_what, spoil) => {
    const answers = await goRound(`${SHOP}/orders?page=2`, spoil);

    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 400]);
    const page = answers.at(-1)!;
    expect(page.body).toContain('BAD_LOGIN_REQUEST');
    expect(page.body).toContain(`href="${SHOP}/orders?page=2">Try again</a>`);
    const ref = /· ([0-9A-F]{10})/.exec(page.body)![1];
    expect(events.map(({ type }) => type)).toEqual([
      'flow.started',
      'flow.restarted',
      'flow.restarted',
      'flow.failed',
    ]);
    expect(events.at(-1)).toMatchObject({ kind: 'state', app: 'default', ref });
    // No code was sent to WeChat, since nobody knows whose it is.
    expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toEqual([]);
  });

  it('that is lost once costs nobody anything but a turn', async () => {
    let times = 0;
    const answers = await goRound(`${SHOP}/orders?page=2`, (address) =>
      times++ === 0 ? address.replace(/&state=\w+/, '') : address,
    );
    expect(answers.at(-1)!.headers.location).toBe(`${SHOP}/orders?page=2#`);
    expect(answers).toHaveLength(3);
  });

  it('that is lost again after “try again” is counted from the beginning', async () => {
    const spoil = SPOILS[0]![1];
    const page = (await goRound(`${SHOP}/orders`, spoil)).at(-1)!;
    expect(page.setCookies.filter((line) => /wechat_flow\w+=; Max-Age=0/.test(line))).toHaveLength(3);

    expect((await goRound(`${SHOP}/orders`, spoil)).map(({ status }) => status)).toEqual([
      302, 302, 302, 400,
    ]);
    await expectLogin(browser, `${SHOP}/orders`);
    const warnings = running.logs.lines.filter(({ text }) => text.includes('without the state'));
    expect(warnings.map(({ level }) => level)).toEqual(['warn']);
    expect(warnings[0]!.text).toContain('"/orders"');
  });

  it.each<[string, Spoil]>([
    ...SPOILS.slice(0, 1),
    ['is written with &amp; like the code', (address) => address.replaceAll('&', '&amp;')],
  ])('of the login route that %s ends in a page too', async (_what, spoil) => {
    const answers = await goRound(`${SHOP}/wechat/login?returnTo=/orders?page=2`, spoil);
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 400]);
    expect(answers.at(-1)!.body).toContain(`href="${SHOP}/orders?page=2">Try again</a>`);
  });

  it('is counted with those that came back whole', async () => {
    // Restarted twice with our state but without the cookie; then the state goes too.
    let next = `${SHOP}/orders`;
    for (let round = 0; round < 3; round++) {
      await browser.jar.removeAllCookies();
      const answer = await browser.visit(next);
      next = (await stage.wechat.authorize(answer.headers.location!, { user: 'ming' })).redirectTo!;
    }
    const page = await browser.visit(next.replace(/&state=\w+/, ''));
    expect([page.status, page.body]).toEqual([400, expect.stringContaining('BAD_LOGIN_REQUEST')]);
  });

  it('of a silent login that is lost keeps nobody out', async () => {
    const answers = await goRound(`${SHOP}/orders/quiet`, SPOILS[0]![1]);
    expect(answers.map(({ status }) => status)).toEqual([302, 200]);
  });

  describe('is no matter of ours, and ?code= the application’s own,', () => {
    const COUPON = `${SHOP}/orders?code=SUMMER&state=open`;
    const attempts = () =>
      events.map((event) => (event.type === 'flow.restarted' ? event.attempt : event.type));

    it('for somebody who is signed in', async () => {
      await expectLogin(browser, `${SHOP}/orders`);
      await browser.visit(`${SHOP}/orders/other`);
      for (const _ of [1, 2, 3, 4]) expect((await browser.visit(COUPON)).status).toBe(200);
    });

    it('where no login has begun, and the address comes back whole', async () => {
      await expectLogin(browser, COUPON);
      expect(attempts()).not.toContain(1);
    });

    it('where a login has begun at another path, or a minute ago', async () => {
      await browser.visit(`${SHOP}/orders/other`);
      await browser.visit(`${SHOP}/orders`);
      now += 60_000;
      await expectLogin(browser, COUPON);
      expect(attempts()).not.toContain(1);
    });

    it('where the login that has begun set out from there', async () => {
      for (const _ of [1, 2, 3, 4, 5]) expect((await browser.visit(COUPON)).status).toBe(302);
      expect(attempts()).toEqual(Array(5).fill('flow.started'));
      await expectLogin(browser, COUPON);
    });

    it('for scripts', async () => {
      await browser.visit(`${SHOP}/orders`);
      for (const _ of [1, 2, 3, 4]) expect((await browser.fetch(COUPON)).status).toBe(401);
    });
  });
});
