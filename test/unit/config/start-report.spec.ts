// What the start says: what is configured, and in production what can only be a mistake.
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import { describeSetup, suspicions } from '../../../lib/config/start-report.js';
import type { WechatOAuthModuleOptions } from '../../../lib/wechat-oauth.options.js';

const SECRET = '0123456789abcdef0123456789ABCDEF';
const GOOD = { appId: 'wx0123456789abcdef', secret: SECRET, publicUrl: 'https://shop.weixin.cn' };
const of = (changes: object) =>
  suspicions(resolveConfig({ ...GOOD, ...changes } as WechatOAuthModuleOptions, true));

describe('In production', () => {
  it.each<[string, object]>([
    ['the smallest options', {}],
    ['two secrets', { secret: [SECRET, SECRET.toLowerCase()] }],
    [
      'a proxy of one’s own for WeChat',
      { endpoints: { api: 'https://wechat.proxy.cn', open: 'https://10.0.0.7' } },
    ],
    ['a short deadline', { http: { timeout: 200 } }],
    ['another origin', { returnTo: { origins: ['https://app.weixin.cn'] } }],
    ['a name that looks like another', { publicUrl: 'https://localhost.weixin.cn' }],
    ['a name of numbers', { publicUrl: 'https://1.2.3.weixin.cn' }],
    ['a name with mock inside a word', { endpoints: { api: 'https://hammock.cn' } }],
  ])('%s gives no cause for a warning', (_what, changes) => {
    expect(of(changes)).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ...[
      'http://localhost:3000',
      'https://shop.localhost',
      'http://127.0.0.1',
      'http://[::1]:3000',
      'https://8.8.8.8',
      'https://10.1.2.3',
      'https://192.168.1.7',
      'https://[fd00::1]',
      'https://shop',
      'https://shop.local',
      'https://shop.example.com',
      'https://shop.test',
    ].map((publicUrl): [string, object, RegExp] => [
      `publicUrl ${publicUrl}`,
      { publicUrl },
      /^publicUrl is on ".*Write the domain/,
    ]),
    [
      'the mock on this machine',
      { endpoints: { api: 'http://127.0.0.1:8765' } },
      /^endpoints\.api is "127\.0\.0\.1".*Leave/,
    ],
    ['the mock by IPv6', { endpoints: { open: 'http://[::1]:8765' } }, /^endpoints\.open.*Leave/],
    ['the mock elsewhere', { endpoints: { api: 'https://wechat-mock.weixin.cn' } }, /^endpoints\.api/],
    ['an app id in capitals', { appId: 'WX0123456789ABCDEF' }, /^appId is not "wx".*small letters.*Copy/],
    ['half an app id in capitals', { appId: 'wx0123456789ABCDEF' }, /^appId is not/],
    ['an app id that was cut', { appId: 'wx0123456789abcde' }, /^appId is not/],
    ['a secret in quotes', { secret: `"${SECRET}"` }, /^secret stands in quotes.*without/],
    ['a secret in single quotes', { secret: `'${SECRET}'` }, /^secret stands in quotes/],
    ['half a secret', { secret: SECRET.slice(1) }, /^secret is not 32 hex digits.*Copy/],
    ['a previous secret that is none', { secret: [SECRET, 'changeme'] }, /^secret is not 32 hex digits/],
    ['seconds', { http: { timeout: 5 } }, /^http\.timeout is 5 ms.*e\.g\. 5000/],
    [
      'an origin of a developer',
      { returnTo: { origins: ['http://localhost:5173'] } },
      /^returnTo\.origins holds.*Leave/,
    ],
  ])('%s gives one warning that says what to do', (_what, changes, text) => {
    const found = of(changes);
    expect(found).toEqual([expect.stringMatching(text)]);
    expect(found.join().toLowerCase()).not.toContain(SECRET.slice(1).toLowerCase());
    expect(found.join()).not.toContain('changeme');
  });

  it('each app is judged by its name', () => {
    const app = { type: 'mini-program', appId: 'wx0123456789abcdef', secret: SECRET };
    const apps = { good: app, bad: { ...app, appId: 'WX22', type: 'mobile', secret: '0123' } };
    expect(suspicions(resolveConfig({ apps } as never, true))).toEqual(
      [expect.stringMatching(/^apps\.bad\.appId/), expect.stringMatching(/^apps\.bad\.secret/)].map(
        (one) => one,
      ),
    );
  });
});

it('One line says what is configured, and no secret', () => {
  const config = resolveConfig(
    {
      apps: {
        shop: { type: 'official-account', appId: 'wx1111', secret: SECRET },
        site: { type: 'website', appId: 'wx2222', secret: SECRET, publicUrl: 'https://www.weixin.cn' },
        mini: { type: 'mini-program', appId: 'wx3333', secret: SECRET, publicUrl: 'https://mini.weixin.cn' },
      },
      publicUrl: 'https://shop.weixin.cn',
    } as WechatOAuthModuleOptions,
    false,
  );
  expect(describeSetup(config, '/api/wechat/login', 'RedisTokenStore')).toBe(
    'WeChat apps: shop (official-account), site (website), mini (mini-program); ' +
      'hosts to register at WeChat: shop.weixin.cn, www.weixin.cn; login path: /api/wechat/login; token store: RedisTokenStore',
  );
  expect(describeSetup(resolveConfig({ appId: 'wx1111', secret: SECRET }, false), undefined, 'X')).toMatch(
    /hosts to register at WeChat: none; login path: none; token store: X$/,
  );
});
