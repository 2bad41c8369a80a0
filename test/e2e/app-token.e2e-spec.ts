// The app's own token in an application: phone numbers and other APIs of WeChat by the injected
// service, a token server in WeChat's place, and logins that need none of it.
import { Body, Controller, Get, Post, UseFilters, UseGuards } from '@nestjs/common';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatExceptionFilter,
  WechatOAuthService,
  WechatUser,
} from '../../lib/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS } from '../support/application.js';
import { expectFreeOf } from '../support/canary.js';
import { setStage } from '../support/stage.js';

const STABLE = '/cgi-bin/stable_token';
const PHONE = '/wxa/business/getuserphonenumber';
const [, , mini] = MOCK_APPS;
const SECRETS = MOCK_APPS.map(({ secret }) => secret);

@Controller('phone')
@UseGuards(WechatAuthGuard)
@UseFilters(WechatExceptionFilter)
@WechatAuth({ app: 'mini' })
class PhoneController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Post()
  bind(@WechatUser('openid') openid: string, @Body('code') code: string) {
    return this.wechat.app('mini').getPhoneNumber({ code, openid });
  }

  @Get('key')
  async key(@WechatUser('openid') openid: string) {
    return { current: await this.wechat.app('mini').checkSessionKey(openid) };
  }

  /** As somebody would who forgot that it is a secret. */
  @Get('token')
  token() {
    return this.wechat.app('mini').getStableToken();
  }
}

describe.each(PLATFORMS)('%s: the app’s own token', (_name, adapter) => {
  const stage = setStage(adapter);

  const open = async (appToken?: () => Promise<string>) => {
    const apps = { ...ALL_APPS, mini: { ...ALL_APPS!['mini']!, ...(appToken ? { appToken } : {}) } };
    const controllers = [WechatAuthController, PhoneController];
    const { port, logs } = await stage.start({ controllers, options: { apps, defaultApp: 'official' } });
    const ask = async (path: string, init: RequestInit = {}, token = '') => {
      const headers = {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
      return { status: response.status, text: await response.text() };
    };
    const post = (path: string, body: object, token = '') =>
      ask(path, { method: 'POST', body: JSON.stringify(body) }, token);
    const signIn = async () => {
      const code = stage.wechat.loginCode({ appId: mini.appId, user: 'ming' });
      const { status, text } = await post('/wechat/session', { app: 'mini', code });
      expect(status).toBe(200);
      return (JSON.parse(text) as { token: string }).token;
    };
    return { ask, post, signIn, logs };
  };
  const press = () => stage.wechat.phoneCode({ appId: mini.appId, user: 'ming' });

  it('gets a phone number, once more after somebody replaced the token', async () => {
    const { post, ask, signIn } = await open();
    const token = await signIn();
    const { phoneNumber } = stage.wechat.user('ming');
    for (const round of [1, 2]) {
      const { status, text } = await post('/phone', { code: press() }, token);
      expect([status, JSON.parse(text)]).toEqual([
        201,
        { phoneNumber, purePhoneNumber: phoneNumber, countryCode: '86' },
      ]);
      expect(stage.wechat.callsTo(STABLE)).toHaveLength(round);
      stage.wechat.expireAppToken(mini.appId);
    }
    expect((await ask('/phone/key', {}, token)).text).toBe('{"current":true}');
  });

  it('is down, and people sign in all the same', async () => {
    const { post, signIn } = await open();
    stage.wechat.inject(STABLE, { reset: true, times: Infinity });
    const token = await signIn();
    expect((await post('/phone', { code: press() }, token)).status).toBe(504);
    expect(stage.wechat.callsTo(PHONE)).toEqual([]);
  });

  it.each([
    ['WeChat is over its quota', PHONE, 45011, 429],
    ['WeChat blocks the person', PHONE, 40226, 403],
    ['the code is dead', PHONE, 40029, 401],
    ['the server is not on the white list', STABLE, 40164, 500],
    ['WeChat refuses every token', PHONE, 40001, 502],
  ])('says by a status that %s', async (_what, path, errcode, expected) => {
    const { post, signIn, logs } = await open();
    const token = await signIn();
    const code = press();
    const echo = path === PHONE ? code : mini.secret;
    stage.wechat.inject(path, { errcode, errmsg: `no ${echo}`, times: Infinity });
    const { status, text } = await post('/phone', { code }, token);
    expect(status).toBe(expected);
    expectFreeOf([text, logs.text], [...SECRETS, code]);
    expect(stage.wechat.callsTo(PHONE).length).toBeLessThanOrEqual(2);
  });

  it('comes from the company’s token server, and WeChat is not asked for one', async () => {
    const served: string[] = [];
    const fetched = async () => {
      const body = { grant_type: 'client_credential', appid: mini.appId, secret: mini.secret };
      const response = await fetch(`${stage.wechat.endpoints.api}${STABLE}`, {
        method: 'POST',
        body: JSON.stringify(body),
      });
      served.push(((await response.json()) as { access_token: string }).access_token);
      return served.at(-1)!;
    };
    const { post, ask, signIn, logs } = await open(fetched);
    const token = await signIn();
    expect((await post('/phone', { code: press() }, token)).status).toBe(201);
    expect(served).toHaveLength(1);
    const shown = await ask('/phone/token', {}, token);
    expect(JSON.parse(shown.text)).toMatchObject({ accessToken: '[secret]' });
    expectFreeOf([shown.text, logs.text], served);
  });
});
