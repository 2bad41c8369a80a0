// The one path that WeChat sends people back to, as it is written in the options.
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import { describeSetup } from '../../../lib/config/start-report.js';
import { WechatConfigError } from '../../../lib/errors/errors.js';
import type { WechatOAuthModuleOptions } from '../../../lib/wechat-oauth.options.js';
import { thrownBy } from '../../support/failure.js';

const app = (number: number, more: object = {}) => ({
  type: 'official-account',
  appId: `wx000${number}`,
  secret: 's',
  ...more,
});
const ONE = { appId: 'wx0001', secret: 's' };
const resolve = (options: object) => resolveConfig(options as WechatOAuthModuleOptions, false);
const pathsOf = (options: object) =>
  Object.fromEntries(
    [...resolve(options).apps.values()].map(({ name, callbackPath }) => [name, callbackPath]),
  );

describe('A callback path', () => {
  it('is none where nobody says so', () => {
    expect(pathsOf(ONE)).toEqual({ default: undefined });
  });

  it.each([
    '/wechat/callback',
    '/callback',
    '/api/v1/wechat/callback',
    '/a.b/~c/d-e_f',
    '/.well-known/x',
    '/...',
  ])('may be %s', (callbackPath) => {
    expect(pathsOf({ ...ONE, callbackPath })).toEqual({ default: callbackPath });
  });

  it('is that of the module for every app that people come back from, unless it has its own', () => {
    const apps = {
      official: app(1),
      website: app(2, { type: 'website', callbackPath: '/qr/callback' }),
      mini: app(3, { type: 'mini-program' }),
      native: app(4, { type: 'mobile' }),
    };
    expect(pathsOf({ apps, callbackPath: '/wechat/callback' })).toEqual({
      official: '/wechat/callback',
      website: '/qr/callback',
      mini: undefined,
      native: undefined,
    });
    expect(pathsOf({ apps })).toMatchObject({ official: undefined, website: '/qr/callback' });
  });

  it('stands in the line of the start as the address to register', () => {
    const config = resolve({
      ...ONE,
      publicUrl: 'https://a.example/shop/',
      callbackPath: '/wechat/callback',
    });
    expect(describeSetup(config, '/wechat/login', 'Store')).toContain(
      '; callback addresses: https://a.example/shop/wechat/callback; login path: /wechat/login;',
    );
    expect(describeSetup(resolve(ONE), undefined, 'Store')).not.toContain('callback');
  });

  it.each<[unknown, RegExp]>([
    [null, /is not a path/],
    [7, /is not a path/],
    [['/a'], /is not a path/],
    ['', /is not a path/],
    ['wechat/callback', /is not a path/],
    ['https://shop.example.com/wechat/callback', /is not a path/],
    ['\\wechat', /is not a path/],
    ['/', /slash at its end/],
    ['/wechat/callback/', /slash at its end/],
    ['/wechat/callback?app=a', /query or a fragment/],
    ['/wechat/callback?', /query or a fragment/],
    ['/wechat/callback#', /query or a fragment/],
    ['//evil.example.com/x', /more than letters/],
    ['/a//b', /more than letters/],
    ['/\\evil.example.com', /more than letters/],
    ['/wechat/:tenant/callback', /more than letters/],
    ['/wechat/*', /more than letters/],
    ['/wechat/{callback}', /more than letters/],
    ['/a@b', /more than letters/],
    ['/a;b', /more than letters/],
    ['/wechat/call back', /more than letters/],
    ['/wechat/callback\n', /more than letters/],
    ['/wechat/call%62ack', /more than letters/],
    ['/%2e%2e/x', /more than letters/],
    ['/微信/callback', /more than letters/],
    ['/wechat/../callback', /step up/],
    ['/wechat/..', /step up/],
    ['/./callback', /step up/],
    [`/${'a'.repeat(256)}`, /longer than 256/],
  ])('is not %j', (callbackPath, problem) => {
    const error = thrownBy(WechatConfigError, () => resolve({ ...ONE, callbackPath }));
    expect(error).toMatchObject({ option: 'callbackPath', message: expect.stringMatching(problem) });
    expect(error.message).toContain('Write the path at which WechatAuthController stands');
    const ofApp = thrownBy(WechatConfigError, () => resolve({ apps: { a: app(1, { callbackPath }) } }));
    expect(ofApp).toMatchObject({ option: 'apps.a.callbackPath' });
  });

  it.each(['mini-program', 'mobile'])('is refused for an app of type %s, which has no pages', (type) => {
    const apps = { a: app(1, { type, callbackPath: '/wechat/callback' }) };
    expect(thrownBy(WechatConfigError, () => resolve({ apps }))).toMatchObject({
      option: 'apps.a.callbackPath',
      message: expect.stringMatching(/does not fit the type.*Leave it out/),
    });
  });
});
