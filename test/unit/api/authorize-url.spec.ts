// The addresses that send a person to WeChat: exactly as WeChat wants them, and as the predecessor
// wrote them.
import querystring from 'node:querystring';
import { WechatInputError } from '../../../lib/errors/errors.js';
import type { WechatScope } from '../../../lib/wechat-oauth.options.js';
import { thrownBy } from '../../support/failure.js';
import { APP_ID, makeParts } from '../../support/parts.js';

const { service } = makeParts();
const BACK = 'https://shop.example.com/orders';

/** As wechat-oauth 1.5.0 builds it. */
function predecessor(path: string, redirect: string, state: string, scope: string): string {
  const query = { appid: APP_ID, redirect_uri: redirect, response_type: 'code', scope, state };
  return `https://open.weixin.qq.com/connect/${path}?${querystring.stringify(query)}#wechat_redirect`;
}

const refusal = (build: () => string) => thrownBy(WechatInputError, build);

describe('getAuthorizeURL', () => {
  it('writes the parameters in the one order that WeChat accepts, and the fragment last', () => {
    expect(service.getAuthorizeURL(BACK, 'abc123', 'snsapi_userinfo')).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef' +
        '&redirect_uri=https%3A%2F%2Fshop.example.com%2Forders&response_type=code&scope=snsapi_userinfo&state=abc123#wechat_redirect',
    );
  });

  it('writes an empty state and the scope snsapi_base where nothing is said', () => {
    expect(service.getAuthorizeURL(BACK)).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef' +
        '&redirect_uri=https%3A%2F%2Fshop.example.com%2Forders&response_type=code&scope=snsapi_base&state=#wechat_redirect',
    );
    expect(service.getAuthorizeURL(BACK, undefined, {})).toBe(service.getAuthorizeURL(BACK));
  });

  it.each([
    [{ forcePopup: true }, '&forcePopup=true'],
    [{ forceSnapShot: true }, '&forceSnapShot=true'],
    [{ forceSnapShot: true, forcePopup: true }, '&forcePopup=true&forceSnapShot=true'],
    [{ forcePopup: false, forceSnapShot: false }, ''],
  ])('puts %j between state and fragment', (options, expected) => {
    expect(service.getAuthorizeURL(BACK, 'S', options)).toBe(
      `https://open.weixin.qq.com/connect/oauth2/authorize?appid=${APP_ID}` +
        `&redirect_uri=${encodeURIComponent(BACK)}&response_type=code&scope=snsapi_base&state=S${expected}#wechat_redirect`,
    );
  });

  it('takes scope and flags together', () => {
    expect(service.getAuthorizeURL(BACK, 'S', { scope: 'snsapi_userinfo', forcePopup: true })).toContain(
      '&scope=snsapi_userinfo&state=S&forcePopup=true#wechat_redirect',
    );
  });

  it('takes an address on the configured host of WeChat', () => {
    const { service: mocked } = makeParts({ endpoints: { open: 'http://127.0.0.1:4000/' } });
    expect(mocked.getAuthorizeURL(BACK)).toMatch(
      /^http:\/\/127\.0\.0\.1:4000\/connect\/oauth2\/authorize\?appid=/,
    );
  });
});

describe('getAuthorizeURLForWebsite', () => {
  it('leads to the QR page with the scope snsapi_login', () => {
    expect(service.getAuthorizeURLForWebsite(BACK)).toBe(
      'https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef' +
        '&redirect_uri=https%3A%2F%2Fshop.example.com%2Forders&response_type=code&scope=snsapi_login&state=#wechat_redirect',
    );
    expect(service.getAuthorizeURLForWebsite(BACK, '', {})).toBe(service.getAuthorizeURLForWebsite(BACK));
  });

  it.each([['cn'], ['en']] as const)('asks for the page in %s', (lang) => {
    expect(service.getAuthorizeURLForWebsite(BACK, 'S', { lang })).toBe(
      `https://open.weixin.qq.com/connect/qrconnect?appid=${APP_ID}` +
        `&redirect_uri=${encodeURIComponent(BACK)}&response_type=code&scope=snsapi_login&state=S&lang=${lang}#wechat_redirect`,
    );
  });

  it('lets no language break out of its parameter', () => {
    const lang = 'en&redirect_uri=https://evil.example#' as 'en';
    const url = new URL(service.getAuthorizeURLForWebsite(BACK, 'S', { lang }));
    expect(url.searchParams.getAll('redirect_uri')).toEqual([BACK]);
    expect(url.hash).toBe('#wechat_redirect');
  });
});

describe('Both', () => {
  it.each([
    ['https://shop.example.com/'],
    ['https://shop.example.com/a b?c=d e&f=g%20h'],
    ['https://shop.example.com/路径?q=熊🐼'],
    ["https://shop.example.com/!'()*~-._"],
    ['http://127.0.0.1:3000/callback'],
    ['https://shop.example.com/?next=https://app.example.com/?x=1&y=2'],
  ])('encode %p as the predecessor did', (redirect) => {
    expect(service.getAuthorizeURL(redirect, 'S')).toBe(
      predecessor('oauth2/authorize', redirect, 'S', 'snsapi_base'),
    );
    expect(service.getAuthorizeURLForWebsite(redirect)).toBe(
      predecessor('qrconnect', redirect, '', 'snsapi_login'),
    );
  });

  it('let no scope break out of its parameter', () => {
    const scope = 'snsapi_base&state=evil#' as WechatScope;
    expect(new URL(service.getAuthorizeURL(BACK, 'S', scope)).searchParams.getAll('state')).toEqual(['S']);
  });

  const addresses: [name: string, value: unknown][] = [
    ['a fragment', 'https://shop.example.com/#/orders'],
    ['an empty fragment', 'https://shop.example.com/#'],
    ['another scheme', 'weixin://shop.example.com/'],
    ['a script', 'javascript:alert(1)'],
    ['a data URL', 'data:text/html,hello'],
    ['a path', '/orders'],
    ['no scheme', 'shop.example.com/orders'],
    ['a scheme alone', 'https://'],
    ['a user', 'https://shop.example.com@evil.example/'],
    ['a user with password', 'https://user:pass@shop.example.com/'],
    ['a password alone', 'https://:pass@shop.example.com/'],
    ['half a character', 'https://shop.example.com/\uD83D'],
    ['nothing', ''],
    ['undefined', undefined],
    ['null', null],
    ['an array', ['https://shop.example.com/']],
    ['a URL object', new URL('https://shop.example.com/')],
  ];

  it.each(addresses)('refuse %s as redirect address, without repeating it', (_name, value) => {
    for (const build of [
      () => service.getAuthorizeURL(value as string, 'S'),
      () => service.getAuthorizeURLForWebsite(value as string, 'S'),
    ]) {
      const error = refusal(build);
      expect(error).toMatchObject({ kind: 'input', code: 'WECHAT_INPUT', parameter: 'redirectUri' });
      expect(error.message).toMatch(/Pass an absolute http or https address/);
      expect(error.message).not.toContain('example');
    }
  });

  it.each([['a'.repeat(128)], ['0'], ['AZaz09']])('take the state %p', (state) => {
    expect(new URL(service.getAuthorizeURL(BACK, state)).searchParams.get('state')).toBe(state);
    expect(new URL(service.getAuthorizeURLForWebsite(BACK, state)).searchParams.get('state')).toBe(state);
  });

  it.each([
    ['129 characters', 'a'.repeat(129)],
    ['an equals sign', 'a=b'],
    ['an ampersand', 'a&b'],
    ['an underscore', 'a_b'],
    ['a dash', 'a-b'],
    ['a blank', 'a b'],
    ['a line end', 'abc\n'],
    ['a letter beyond ASCII', 'ä'],
    ['a fullwidth digit', '１'],
    ['a hash', '#'],
    ['a UUID', '6f1c0b1e-4f0a-4a51-9f52-0f2f5b7d9f6e'],
    ['half a number', 1.5],
    ['a number below zero', -1],
  ])('refuse %s in the state inside WeChat; a desktop browser takes it as it is', (_name, state) => {
    const error = refusal(() => service.getAuthorizeURL(BACK, state));
    expect(error).toMatchObject({ kind: 'input', parameter: 'state' });
    expect(error.message).toContain('createState()');
    const url = new URL(service.getAuthorizeURLForWebsite(BACK, state));
    expect(url.searchParams.getAll('state')).toEqual([String(state)]);
    expect(url.hash).toBe('#wechat_redirect');
  });

  it.each([
    ['no number', NaN],
    ['an endless number', Infinity],
    ['an array', ['abc']],
    ['an object', { toString: () => 'abc' }],
    ['a truth', true],
    ['half a character', 'a\uD83D'],
  ])('refuse %s as state', (_name, state) => {
    for (const build of [
      () => service.getAuthorizeURL(BACK, state as string),
      () => service.getAuthorizeURLForWebsite(BACK, state as string),
    ]) {
      const error = refusal(build);
      expect(error).toMatchObject({ kind: 'input', parameter: 'state' });
      expect(error.message).toContain('createState()');
    }
  });

  it.each([
    [7, '7'],
    [0, '0'],
    [null, ''],
    [undefined, ''],
  ])('take %p for the state %p', (state, text) => {
    expect(service.getAuthorizeURL(BACK, state)).toBe(service.getAuthorizeURL(BACK, text));
    expect(service.getAuthorizeURLForWebsite(BACK, state)).toBe(
      service.getAuthorizeURLForWebsite(BACK, text),
    );
  });

  it.each([[null], [''], [undefined], [{ scope: '' as WechatScope }]] as const)(
    'take the scope %j for their default',
    (scope) => {
      expect(service.getAuthorizeURL(BACK, 'S', scope)).toBe(service.getAuthorizeURL(BACK, 'S'));
      expect(service.getAuthorizeURLForWebsite(BACK, 'S', scope)).toBe(
        service.getAuthorizeURLForWebsite(BACK, 'S'),
      );
    },
  );
});

describe('createState', () => {
  it('makes 32 hex digits that WeChat accepts, never the same twice', () => {
    const states = Array.from({ length: 1_000 }, () => service.createState());
    expect(new Set(states).size).toBe(1_000);
    for (const state of states) {
      expect(state).toMatch(/^[0-9a-f]{32}$/);
      expect(service.getAuthorizeURL(BACK, state)).toContain(`&state=${state}#`);
    }
  });
});
