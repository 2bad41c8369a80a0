// A developer whose front end stands on another origin reads which option to set, and a stranger
// cannot fill the log with it.
import { Controller, Post, UseGuards } from '@nestjs/common';
import { WechatAuth, WechatAuthController, WechatAuthGuard } from '../../lib/index.js';
import { signInAs } from '../../lib/testing/index.js';
import { PLATFORMS, type Running, SHOP } from '../support/application.js';
import { browserFor, setStage } from '../support/stage.js';
import { OrdersController } from '../support/orders.js';

const FRONT = 'https://front.example.com';
const LISTED = 'https://app.example.com';

@Controller('votes')
@UseGuards(WechatAuthGuard)
@WechatAuth({ mode: 'optional' })
class VotesController {
  @Post()
  vote() {
    return {};
  }
}

describe.each(PLATFORMS)('An origin that is not listed, on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  let running: Running;
  let cookie: string;

  beforeEach(async () => {
    running = await stage.start({
      controllers: [OrdersController, VotesController, WechatAuthController],
      options: { returnTo: { origins: [LISTED] } },
    });
    ({ cookie } = signInAs(running.app, { openid: 'oMing' }));
  });

  const post = (headers: Record<string, string>, path = '/orders') =>
    browserFor(running).fetch(SHOP + path, { method: 'POST', headers });
  const warnings = () =>
    running.logs.lines.filter(({ level, text }) => level === 'warn' && text.includes('returnTo.origins'));

  describe('of a request that changes something', () => {
    it('is named in the answer and once in the log, with the option', async () => {
      for (let time = 0; time < 2; time++) {
        const answer = await post({ cookie, origin: FRONT });
        expect([answer.status, answer.json()]).toMatchObject([
          401,
          {
            code: 'WECHAT_LOGIN_REQUIRED',
            reason: 'ORIGIN_NOT_ALLOWED',
            message: 'Sign in with WeChat first.',
          },
        ]);
      }
      expect(warnings().map(({ text }) => text)).toEqual([expect.stringContaining(`"${FRONT}"`)]);
      await post({ cookie, origin: `${FRONT}:8443` });
      expect(warnings()).toHaveLength(2);
    });

    it.each([
      ['without an origin of its own', { origin: 'null', 'sec-fetch-site': 'cross-site' }, '"null"'],
      ['of a sibling without Origin', { 'sec-fetch-site': 'same-site' }, 'Sec-Fetch-Site: same-site'],
      ['of our host without TLS', { origin: 'http://shop.example.com' }, '"http://shop.example.com"'],
      ['in capitals', { origin: 'https://SHOP.example.com' }, '"https://SHOP.example.com"'],
    ])('is told of a page %s', async (_what, headers, named) => {
      expect((await post({ cookie, ...headers })).json()).toMatchObject({ reason: 'ORIGIN_NOT_ALLOWED' });
      expect(warnings().map(({ text }) => text)).toEqual([expect.stringContaining(named)]);
    });

    it('is told of a route that lets everybody in, and of a logout', async () => {
      expect((await post({ cookie, origin: FRONT }, '/votes')).status).toBe(201);
      expect(warnings()).toHaveLength(1);
      expect((await post({ cookie, origin: 'https://b.example.com' }, '/wechat/logout')).status).toBe(403);
      expect(warnings()).toHaveLength(2);
    });

    it('is nobody’s business where no session was shown that would count', async () => {
      const tampered = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
      for (const shown of ['', 'a=b', tampered]) {
        const answer = await post({ origin: FRONT, ...(shown ? { cookie: shown } : {}) });
        expect([answer.status, answer.json()['reason']]).toEqual([401, undefined]);
      }
      expect((await post({ origin: FRONT }, '/wechat/logout')).status).toBe(403);
      expect(warnings()).toEqual([]);
    });

    it('does not come from listed ones, or a program', async () => {
      for (const headers of [{ origin: LISTED }, { origin: SHOP }, {}]) {
        expect((await post({ cookie, ...headers } as Record<string, string>)).status).toBe(201);
      }
      expect(warnings()).toEqual([]);
    });

    it('cannot fill the log, nor write lines of its own into it', async () => {
      for (let index = 0; index < 60; index++) {
        await post({ cookie, origin: `https://${index}.example.net${'x'.repeat(500)}` });
      }
      expect(warnings()).toHaveLength(20);
      expect(warnings().every(({ text }) => text.length < 500 && !text.includes('\n'))).toBe(true);
      expect(warnings().at(-1)!.text).toContain('No more of this kind');
    });
  });

  describe('of an address to return to', () => {
    const login = (returnTo: string) =>
      browserFor(running).visit(`${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`);

    it('is named once in the log, with the option, at a login and at a logout', async () => {
      for (let time = 0; time < 2; time++)
        expect((await login(`${FRONT}/me?token=hunter2`)).status).toBe(302);
      expect(warnings().map(({ text }) => text)).toEqual([expect.stringContaining(`"${FRONT}"`)]);
      const headers = { cookie, origin: SHOP, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
      await post(headers, '/wechat/logout?returnTo=//other.example.com/x');
      expect(warnings().at(-1)!.text).toContain('"https://other.example.com"');
      expect(running.logs.text).not.toContain('hunter2');
    });

    it('is not what a listed one has, nor what is no address of a page', async () => {
      for (const returnTo of [`${LISTED}/me`, '/me', 'javascript:alert(1)', 'mailto:a@b.example', '']) {
        await login(returnTo);
      }
      expect(warnings()).toEqual([]);
      await login(`${SHOP}/me?${'x'.repeat(4_000)}`);
      expect(running.logs.text).toContain('whole address');
    });

    it('cannot fill the log', async () => {
      for (let index = 0; index < 60; index++) await login(`https://${index}.example.net/`);
      expect(warnings()).toHaveLength(20);
    });
  });
});
