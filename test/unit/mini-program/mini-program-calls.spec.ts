// Phone numbers and session keys of a mini program, against the WeChat that plays them and against
// answers that it would not give.
import { Logger } from '@nestjs/common';
import {
  WechatApiError,
  WechatConfigError,
  WechatInputError,
  WechatResponseError,
  WechatStoreError,
  WechatTokenNotFoundError,
} from '../../../lib/errors/errors.js';
import { toHttpStatus } from '../../../lib/errors/http-status.js';
import { WechatMockServer } from '../../../lib/testing/index.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts, type Parts } from '../../support/parts.js';
import { Wire, type WireRequest } from '../../support/wire.js';

const MINI = { type: 'mini-program', appId: 'wxmini0123456789', secret: 'mini-secret-canary' } as const;
const PHONE = '/wxa/business/getuserphonenumber';
const CHECK = '/wxa/checksession';
const RESET = '/wxa/resetusersessionkey';
const STABLE = '/cgi-bin/stable_token';
const OPENID = 'oABCDEF-0123_456789';

let logs: LogCapture;
let store: FlakyStore;
beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  store = new FlakyStore();
});
afterEach(() => Logger.overrideLogger(false));

describe('At WeChat', () => {
  let wechat: WechatMockServer;
  let parts: Parts;
  let openid: string;
  const press = () => wechat.phoneCode({ appId: MINI.appId, user: 'ming' });
  const login = () => wechat.loginCode({ appId: MINI.appId, user: 'ming' });

  beforeEach(async () => {
    wechat = await WechatMockServer.start({ apps: [MINI] });
    parts = makeParts({ ...MINI, endpoints: wechat.endpoints }, { store });
    openid = wechat.openidOf(MINI.appId, 'ming');
  });
  afterEach(() => wechat.close());

  it('a phone code gives the number, once', async () => {
    const { phoneNumber } = wechat.user('ming');
    const code = press();
    expect(await parts.service.getPhoneNumber(code)).toEqual({
      phoneNumber,
      purePhoneNumber: phoneNumber,
      countryCode: '86',
    });
    wechat.unsure.countryCodeAsNumber = true;
    expect(await parts.service.getPhoneNumber({ code: press(), openid })).toMatchObject({
      countryCode: '86',
    });
    const error = await failureOf(() => parts.service.getPhoneNumber(code));
    expect(error).toMatchObject({ errcode: 40029, kind: 'code', retryable: false });
    expect(error.message).toContain('tap the phone button again');
    expectFreeOf(error, [code]);
  });

  it('a phone code of somebody else is refused where the openid is said', async () => {
    const code = wechat.phoneCode({ appId: MINI.appId, user: 'hong' });
    expect(await failureOf(() => parts.service.getPhoneNumber({ code, openid }))).toMatchObject({
      errcode: 40003,
      kind: 'input',
    });
  });

  it('a code of wx.login in its place is told, exchanged or not', async () => {
    const code = login();
    for (const exchange of [false, true]) {
      if (exchange) await parts.service.getSessionKey(code);
      const error = await failureOf(() => parts.service.getPhoneNumber(code));
      expect(error).toMatchObject({ errcode: 40029, kind: 'code' });
      expect((error as WechatApiError).hint).toMatchObject({
        zh: expect.stringContaining('wx.login'),
        en: expect.stringMatching(/code of wx\.login, not of the phone button/),
      });
      expectFreeOf(error, [code]);
    }
  });

  it('a code of wx.login of any shape is told after its exchange here', async () => {
    const odd = 'a-code.of_another-shape';
    await failureOf(() => parts.service.getSessionKey(odd));
    const error = await failureOf(() => parts.service.getPhoneNumber(odd));
    expect(error.message).toContain('code of wx.login');
    const other = await failureOf(() => parts.service.getPhoneNumber(`${odd}2`));
    expect(other.message).not.toContain('wx.login');
  });

  it('a phone code is not lost by an app token that somebody replaced', async () => {
    await parts.service.getPhoneNumber(press());
    wechat.expireAppToken(MINI.appId);
    expect(await parts.service.getPhoneNumber(press())).toHaveProperty('phoneNumber');
    wechat.expireAppToken(MINI.appId, { errcode: 42001, stuck: true });
    expect(await parts.service.getPhoneNumber(press())).toHaveProperty('phoneNumber');
    const bodies = wechat.callsTo(STABLE).map(({ body }) => JSON.parse(body) as { force_refresh: boolean });
    expect(bodies.map(({ force_refresh }) => force_refresh)).toEqual([false, false, false, true]);
  });

  it('a session key is the current one until somebody logs in elsewhere', async () => {
    await parts.service.getSessionKey(login());
    expect(await parts.service.checkSessionKey(openid)).toBe(true);
    login();
    expect(await parts.service.checkSessionKey(openid)).toBe(false);
    expect(await failureOf(() => parts.service.resetSessionKey(openid))).toMatchObject({
      errcode: 87009,
      kind: 'decrypt',
    });
  });

  it('a new session key stands in front of the old one, which still opens', async () => {
    await parts.service.getSessionKey(login());
    const before = wechat.encrypted({ appId: MINI.appId, user: 'ming' });
    const [one, two] = await Promise.all([
      parts.service.resetSessionKey(openid),
      parts.service.resetSessionKey(openid),
    ]);
    expect(two.sessionKey.reveal()).toBe(one.sessionKey.reveal());
    expect(wechat.callsTo(RESET)).toHaveLength(1);
    const keys = await parts.sessionKeys.of(parts.app, openid);
    expect(keys).toHaveLength(2);
    expect(keys[0]!.reveal()).toBe(one.sessionKey.reveal());
    expect(await parts.service.checkSessionKey(openid)).toBe(true);
    for (const data of [before, wechat.encrypted({ appId: MINI.appId, user: 'ming' })])
      expect(await parts.service.decryptMiniProgramUser({ openid, ...data, maxAge: Infinity })).toMatchObject(
        { openId: openid },
      );
    expectFreeOf(
      [one, logs.text],
      keys.map((key) => key.reveal()),
    );
  });

  it('nobody’s session key is neither checked nor replaced', async () => {
    for (const method of ['checkSessionKey', 'resetSessionKey'] as const) {
      expect(await failureOf(() => parts.service[method](openid))).toBeInstanceOf(WechatTokenNotFoundError);
      expect(await failureOf(() => parts.service[method](''))).toBeInstanceOf(WechatInputError);
    }
    store.mode = 'rejects';
    expect(await failureOf(() => parts.service.checkSessionKey(openid))).toBeInstanceOf(WechatStoreError);
    expect(wechat.calls).toEqual([]);
  });

  it('a person whom WeChat blocks, and a full minute, are told apart', async () => {
    wechat.setUser('ming', { blocked: true });
    const blocked = await failureOf(() => parts.service.getSessionKey(login()));
    expect(blocked).toMatchObject({ errcode: 40226, kind: 'blocked', retryable: false });
    wechat.inject(PHONE, { errcode: 45011 });
    const full = await failureOf(() => parts.service.getPhoneNumber(press()));
    expect(full).toMatchObject({ errcode: 45011, kind: 'quota' });
    expect([toHttpStatus(blocked), toHttpStatus(full)]).toEqual([403, 429]);
  });
});

describe('On the wire', () => {
  let wire: Wire;
  let parts: Parts;
  const info = (more: object = {}) => ({
    errcode: 0,
    errmsg: 'ok',
    phone_info: {
      phoneNumber: '+44 20 7946 0000',
      purePhoneNumber: '2079460000',
      countryCode: 44,
      watermark: { timestamp: 1, appid: MINI.appId },
      ...more,
    },
  });

  beforeEach(() => {
    wire = new Wire().on(STABLE, { access_token: 'AT1', expires_in: 7200 });
    parts = makeParts({ ...MINI }, { store });
  });
  afterEach(() => wire.close());

  it('the phone code stands in the body, the token in the query, and each goes out once', async () => {
    wire.on(PHONE, info());
    expect(await parts.service.getPhoneNumber({ code: 'CODE', openid: OPENID })).toEqual({
      phoneNumber: '+44 20 7946 0000',
      purePhoneNumber: '2079460000',
      countryCode: '44',
    });
    expect(wire.requests.filter(({ endpoint }) => endpoint === PHONE)).toMatchObject([
      { method: 'POST', raw: `${PHONE}?access_token=AT1`, body: `{"code":"CODE","openid":"${OPENID}"}` },
    ]);
  });

  it.each([
    ['of another app', { watermark: { appid: 'wxother' } }],
    ['of no app', { watermark: undefined }],
    ['of an app that is a list', { watermark: { appid: [MINI.appId] } }],
    ['that is missing', { phoneNumber: undefined }],
    ['that is empty', { purePhoneNumber: '' }],
    ['that is markup', { phoneNumber: '<b>13000000000</b>' }],
    ['with a line end', { phoneNumber: '13000000000\n' }],
    ['of a country that is an object', { countryCode: {} }],
  ])('a number %s is none', async (_name, more) => {
    wire.on(PHONE, info(more));
    const error = await failureOf(() => parts.service.getPhoneNumber('CODE'));
    expect(error).toBeInstanceOf(WechatResponseError);
    expectFreeOf(error, ['13000000000', '2079460000']);
  });

  it.each([{}, { phone_info: null }, { phone_info: 'x' }, { phone_info: [] }])(
    'an answer without a number is none: %p',
    async (answer) => {
      wire.on(PHONE, answer);
      expect(await failureOf(() => parts.service.getPhoneNumber('CODE'))).toBeInstanceOf(WechatResponseError);
    },
  );

  it.each([undefined, null, 7, [], ['CODE'], {}, { code: 7 }, '', 'a b', { code: 'CODE', openid: 'no id!' }])(
    '%p is no phone code and is not sent',
    async (given) => {
      const error = await failureOf(() => parts.service.getPhoneNumber(given as string));
      expect(error).toBeInstanceOf(WechatInputError);
      expect(wire.requests).toEqual([]);
    },
  );

  it('a session key is asked about with the signature of WeChat’s own example', async () => {
    wire.on(CHECK, { errcode: 0, errmsg: 'ok' });
    await parts.sessionKeys.keep(parts.app, OPENID, 'o0q0otL8aEzpcZL/FT9WsQ==');
    expect(await parts.service.checkSessionKey(OPENID)).toBe(true);
    expect(wire.requests.at(-1)).toMatchObject({
      method: 'GET',
      query: {
        access_token: 'AT1',
        openid: OPENID,
        sig_method: 'hmac_sha256',
        signature: '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128',
      },
    });
  });

  it('a session key is not good because of an empty answer, nor bad because of a fault', async () => {
    await parts.sessionKeys.keep(parts.app, OPENID, 'KEY');
    for (const answer of [{}, { errcode: 87008, errmsg: 'x' }, { errcode: 40003, errmsg: 'x' }, 'x']) {
      wire.on(CHECK, answer);
      await failureOf(() => parts.service.checkSessionKey(OPENID));
    }
    expect(wire.count(CHECK)).toBe(4);
  });

  it.each([
    ['of somebody else', { openid: 'oOTHER-0123_456789', session_key: 'NEW' }],
    ['of nobody', { session_key: 'NEW' }],
    ['that is empty', { errcode: 0, openid: OPENID, session_key: '' }],
    ['that is a number', { openid: OPENID, session_key: 7 }],
    ['that is missing', { errcode: 0, errmsg: 'ok', openid: OPENID }],
  ])('a new session key %s is not kept', async (_name, answer) => {
    await parts.sessionKeys.keep(parts.app, OPENID, 'OLD');
    wire.on(RESET, answer);
    expect(await failureOf(() => parts.service.resetSessionKey(OPENID))).toBeInstanceOf(WechatResponseError);
    expect((await parts.sessionKeys.of(parts.app, OPENID)).map((key) => key.reveal())).toEqual(['OLD']);
  });

  it('neither key, signature, code nor token is in what fails', async () => {
    await parts.sessionKeys.keep(parts.app, OPENID, 'session-key-canary');
    const secrets = ['session-key-canary', 'AT1-access-token-canary', 'phone-code-canary', MINI.secret];
    wire.close();
    wire = new Wire().on(STABLE, { access_token: secrets[1], expires_in: 7200 });
    const echo = ({ raw, body, query }: WireRequest) => ({
      errcode: 40029,
      errmsg: `no ${raw} ${body} ${Object.values(query).join(' ')}`,
    });
    for (const endpoint of [PHONE, CHECK, RESET]) wire.on(endpoint, echo);
    for (const call of [
      () => parts.service.getPhoneNumber('phone-code-canary'),
      () => parts.service.checkSessionKey(OPENID),
      () => parts.service.resetSessionKey(OPENID),
    ]) {
      const error = await failureOf(call);
      expect(error).toBeInstanceOf(WechatApiError);
      const signatures = wire.requests.map(({ query }) => query['signature'] ?? 'none');
      expectFreeOf(error, [...secrets, ...signatures.filter((one) => one !== 'none')]);
    }
    expectFreeOf(logs.text, secrets);
  });

  it('an app that is no mini program has none of this', async () => {
    const official = makeParts({}, { store });
    for (const call of [
      () => official.service.getPhoneNumber('CODE'),
      () => official.service.checkSessionKey(OPENID),
      () => official.service.resetSessionKey(OPENID),
    ])
      expect(await failureOf(call)).toBeInstanceOf(WechatConfigError);
    expect(wire.requests).toEqual([]);
  });
});
