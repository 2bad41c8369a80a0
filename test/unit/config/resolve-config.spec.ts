// The options, judged once: what is wrong is named with its fix, what is right gets its defaults,
// and nothing that was written down as secret is repeated.
import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { WechatConfigError } from '../../../lib/errors/errors.js';
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import type { WechatOAuthModuleOptions } from '../../../lib/wechat-oauth.options.js';
import { expectFreeOf } from '../../support/canary.js';
import { thrownBy } from '../../support/failure.js';

const APP_ID = 'wx0123456789abcdef';
const SECRET = 'app-secret-canary-0123456789-abcdef';
const SESSION_SECRET = 'session-secret-canary-0123456789abcdef';
const ONE = { appId: APP_ID, secret: SECRET };
const MINI = { type: 'mini-program', appId: 'wx2222', secret: SECRET };

const resolve = (options: object, production = false) =>
  resolveConfig(options as WechatOAuthModuleOptions, production);

const complaint = (options: unknown, production = false) =>
  thrownBy(WechatConfigError, () => resolve(options as object, production));

const brand = (more: object) => ({ ...ONE, brand: { name: '一盏茶', ...more } });

describe('The smallest configuration', () => {
  it('is an app id and a secret; everything else has a default', () => {
    const config = resolve(ONE);
    expect(config).toEqual({
      apps: new Map([
        [
          'default',
          {
            name: 'default',
            type: 'official-account',
            appId: APP_ID,
            secrets: [expect.any(WechatSecret)],
            scope: 'snsapi_base',
            publicUrl: undefined,
            unionRealm: 'default',
          },
        ],
      ]),
      defaultApp: config.apps.get('default'),
      publicUrl: undefined,
      sessionSecrets: [],
      session: {
        ttl: 604_800,
        idle: undefined,
        cookieName: 'wechat_session',
        bearerHeader: 'authorization',
        revocable: false,
      },
      returnTo: { origins: new Set(), default: '/' },
      loginPath: undefined,
      endpoints: { open: 'https://open.weixin.qq.com', api: 'https://api.weixin.qq.com' },
      http: { timeout: 5_000, maxSockets: 256 },
      lang: 'en',
      hooks: {},
      dev: {},
      now: Date.now,
    });
    expect(config.apps.get('default')!.secrets[0]!.reveal()).toBe(SECRET);
  });
});

describe('What is right', () => {
  it.each([
    ['official-account', 'snsapi_base'],
    ['website', 'snsapi_login'],
    ['mobile', 'snsapi_userinfo'],
    ['mini-program', undefined],
  ])('gives an app of type %s the scope %p', (type, scope) => {
    expect(resolve({ ...ONE, type }).defaultApp?.scope).toBe(scope);
  });

  it.each([
    [{ name: '茶🍵'.repeat(20) }, { name: '茶🍵'.repeat(20) }],
    [{ name: 'Ming & Söhne <3' }, { name: 'Ming & Söhne <3' }],
    [
      { name: 'Tea', logoUrl: '/img/logo.svg?v=2' },
      { name: 'Tea', logoUrl: '/img/logo.svg?v=2' },
    ],
    [
      { name: 'Tea', logoUrl: 'https://cdn.a.example/图.png' },
      { name: 'Tea', logoUrl: 'https://cdn.a.example/%E5%9B%BE.png' },
    ],
    [
      { name: 'Tea', logoUrl: 'http://localhost:3000/l.png' },
      { name: 'Tea', logoUrl: 'http://localhost:3000/l.png' },
    ],
    [
      { name: 'Tea', color: '#07C160' },
      { name: 'Tea', color: '#07c160' },
    ],
  ])('takes the brand %j', (given, read) => {
    expect(resolve({ ...ONE, brand: given }).brand).toEqual(read);
  });

  it('takes apps of two open-platform accounts, and one realm for all that name none', () => {
    const realms = { a: undefined, b: undefined, c: 'second', d: 'A-z.0_9'.padEnd(64, 'x') };
    const apps = Object.entries(realms).map(([name, unionRealm], index) => [
      name,
      { ...MINI, appId: `wx000${index}`, unionRealm },
    ]);
    const read = [...resolve({ apps: Object.fromEntries(apps) }).apps.values()];
    expect(read.map(({ unionRealm }) => unionRealm)).toEqual(['default', 'default', realms.c, realms.d]);
  });

  it('takes two secrets, the current one first', () => {
    const { secrets } = resolve({ appId: APP_ID, secret: ['now', 'before'] }).defaultApp!;
    expect(secrets.map((secret) => secret.reveal())).toEqual(['now', 'before']);
  });

  it('takes several session secrets, the first one first', () => {
    const second = 'the-secret-before-0123456789-abcdef';
    const { sessionSecrets } = resolve({ ...ONE, sessionSecret: [SESSION_SECRET, second] });
    expect(sessionSecrets.map((secret) => secret.reveal())).toEqual([SESSION_SECRET, second]);
    // 32 bytes, not 32 letters.
    expect(resolve({ ...ONE, sessionSecret: '天地玄黄宇宙洪荒日月盈' }).sessionSecrets).toHaveLength(1);
  });

  it.each(['base64', 'hex', 'base64url'] as const)('takes every secret of random bytes in %s', (encoding) => {
    const drawn = Array.from({ length: 2_000 }, (_, n) =>
      createHash('sha256').update(`${n}`).digest(encoding),
    );
    for (const sessionSecret of drawn)
      expect(resolve({ ...ONE, sessionSecret }).sessionSecrets).toHaveLength(1);
    // 16 bytes are enough too, where they are written in 32 digits.
    expect(
      resolve({ ...ONE, sessionSecret: '9f86d081884c7d659a2feaa0c55ad015' }).sessionSecrets,
    ).toHaveLength(1);
    expect(
      resolve({ ...ONE, sessionSecret: 'correct horse battery staple and a cart' }).sessionSecrets,
    ).toHaveLength(1);
  });

  it('takes several apps under names of their own, harmless even where objects have such names', () => {
    const { apps, defaultApp } = resolve({
      apps: { constructor: { ...MINI }, toString: { ...MINI, appId: 'wx3333', type: 'website' } },
      defaultApp: 'constructor',
    });
    expect([...apps.keys()]).toEqual(['constructor', 'toString']);
    expect(defaultApp).toBe(apps.get('constructor'));
    expect(resolve({ apps: { a: MINI, b: { ...MINI, appId: 'wx3333' } } }).defaultApp).toBeUndefined();
    expect(resolve({ apps: { a: MINI } }).defaultApp?.name).toBe('a');
  });

  it.each([
    ['https://shop.example.com', 'https://shop.example.com/'],
    ['https://shop.example.com/', 'https://shop.example.com/'],
    ['https://shop.example.com/base', 'https://shop.example.com/base'],
    ['https://shop.example.com/base///', 'https://shop.example.com/base'],
    ['HTTPS://Shop.Example.COM', 'https://shop.example.com/'],
    ['https://shop.example.com:443', 'https://shop.example.com/'],
    ['https://例子.测试', 'https://xn--fsqu00a.xn--0zwm56d/'],
    ['http://localhost:3000', 'http://localhost:3000/'],
    ['http://shop.localhost:3000', 'http://shop.localhost:3000/'],
    ['http://127.0.0.1:3000/app/', 'http://127.0.0.1:3000/app'],
    ['http://127.1', 'http://127.0.0.1/'],
    ['http://[::1]:3000', 'http://[::1]:3000/'],
    ['https://localhost:8443', 'https://localhost:8443/'],
  ])('reads the public URL %s as %s', (publicUrl, href) => {
    expect(resolve({ ...ONE, publicUrl }).publicUrl?.href).toBe(href);
  });

  it('lets an app have a public URL of its own, and a login return to each of them', () => {
    const { apps, returnTo } = resolve({
      apps: {
        a: { ...MINI },
        b: { ...MINI, appId: 'wx3333', type: 'website', publicUrl: 'https://www.example.com/x/' },
      },
      publicUrl: 'https://shop.example.com',
      returnTo: { origins: ['https://app.example.com', 'http://localhost:5173'], default: '/home?tab=1#top' },
    });
    expect(apps.get('a')?.publicUrl?.href).toBe('https://shop.example.com/');
    expect(apps.get('b')?.publicUrl?.href).toBe('https://www.example.com/x');
    expect([...returnTo.origins]).toEqual([
      'https://shop.example.com',
      'https://www.example.com',
      'https://app.example.com',
      'http://localhost:5173',
    ]);
    expect(returnTo.default).toBe('/home?tab=1#top');
  });

  it('permits http and ports anywhere for development, but not in production', () => {
    const options = { ...ONE, publicUrl: 'http://192.168.1.7:3000', dev: { allowHttp: true } };
    expect(resolve(options).publicUrl?.href).toBe('http://192.168.1.7:3000/');
    expect(complaint(options, true).option).toBe('dev');
    expect(
      resolve({ ...ONE, returnTo: { origins: ['http://192.168.1.7:5173'] }, dev: { allowHttp: true } })
        .returnTo.origins,
    ).toContain('http://192.168.1.7:5173');
    const open = 'http://192.168.1.7:8765';
    expect(complaint({ ...ONE, endpoints: { open } }).option).toBe('endpoints.open');
    expect(resolve({ ...ONE, endpoints: { open }, dev: { allowHttp: true } }).endpoints.open).toBe(open);
    // Not for the host of the API: the secret goes there.
    expect(
      complaint({ ...ONE, endpoints: { api: 'http://192.168.1.7' }, dev: { allowHttp: true } }).option,
    ).toBe('endpoints.api');
  });

  it('takes harmless development options in production', () => {
    expect(resolve({ ...ONE, dev: {} }, true).dev).toEqual({});
    expect(resolve({ ...ONE, dev: { client: undefined, allowHttp: false } }, true)).toBeDefined();
  });

  it.each([
    ['https://api.example.com/', 'https://api.example.com'],
    ['https://api.example.com/wechat/', 'https://api.example.com/wechat'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
    ['https://api.example.com:8443', 'https://api.example.com:8443'],
  ])('reads the endpoint %s as %s', (address, expected) => {
    const { endpoints } = resolve({ ...ONE, endpoints: { api: address, open: address } });
    expect(endpoints).toEqual({ api: expected, open: expected });
  });

  it('takes agents, a deadline and a number of sockets', () => {
    const httpAgent = new http.Agent();
    const httpsAgent = new https.Agent();
    const given = { httpAgent, httpsAgent, timeout: 1_500, maxSockets: 40 };
    expect(resolve({ ...ONE, http: given }).http).toEqual(given);
    expect(resolve({ ...ONE, http: {} }).http).toEqual({ timeout: 5_000, maxSockets: 256 });
  });

  it.each([
    [true, 'authorization'],
    [false, undefined],
    [{ header: 'X-WeChat-Session' }, 'x-wechat-session'],
  ])('reads bearer %p as the header %p', (bearer, header) => {
    expect(resolve({ ...ONE, session: { bearer } }).session.bearerHeader).toBe(header);
  });

  it('takes the rest as it was given', () => {
    const client = () => 'wechat' as const;
    const hooks = { selectApp: () => undefined, renderProblem: undefined };
    const config = resolve({
      ...ONE,
      session: { ttl: 60, idle: 30, cookieName: 'wx', revocable: 'strict' },
      loginPath: '/auth/wechat',
      lang: 'zh_TW',
      hooks,
      dev: { client },
      now: () => 1,
    });
    expect(config.session).toEqual({
      ttl: 60,
      idle: 30,
      cookieName: 'wx',
      bearerHeader: 'authorization',
      revocable: 'strict',
    });
    expect(config).toMatchObject({ loginPath: '/auth/wechat', lang: 'zh_TW', hooks, dev: { client } });
    expect(resolve({ ...ONE, dev: { client: 'wechat-desktop' } }).dev.client).toBe('wechat-desktop');
  });
});

it('The source of an app’s own token is kept with the app, in both forms', () => {
  const appToken = async () => 'AT';
  expect(resolve({ ...ONE, appToken }).defaultApp!.appToken).toBe(appToken);
  expect(resolve({ apps: { shop: { ...MINI, appToken } } }).defaultApp!.appToken).toBe(appToken);
  expect(resolve(ONE).defaultApp!.appToken).toBeUndefined();
});

it('A proxy is sent to the option that takes its place', () => {
  const { fix } = complaint({ ...ONE, http: { proxy: { host: 'proxy.example.com', port: 3128 } } });
  expect(fix).toMatch(/httpsAgent: new HttpsProxyAgent\(.*https-proxy-agent/);
});

describe('What is wrong is named', () => {
  type Row = [what: string, options: unknown, option: string, problem: RegExp | string];
  const url = (publicUrl: unknown) => ({ ...ONE, publicUrl });
  const apps = (more: object) => ({ apps: { shop: { ...MINI, ...more } } });
  const session = (more: object) => ({ ...ONE, session: more });

  const rows: Row[] = [
    ['nothing', undefined, 'options', 'is missing'],
    ['null', null, 'options', 'is missing'],
    ['a list', [ONE], 'options', 'is missing'],
    ['text', 'wx', 'options', 'is missing'],

    ['an unknown option', { ...ONE, appSecret: SECRET }, 'appSecret', 'is not known'],
    ['an option in another case', { ...ONE, appid: APP_ID }, 'appid', 'is not known'],
    ['an unknown option of a group', session({ maxAge: 1 }), 'session.maxAge', 'is not known'],
    ['an option written apart', { ...ONE, app_id: APP_ID }, 'app_id', 'is not known'],
    ['a login handler', { ...ONE, loginHandler: { useClass: Object } }, 'loginHandler', /beside useFactory/],
    ['a token store', { ...ONE, tokenStore: undefined }, 'tokenStore', /beside useFactory/],
    ['an identity linker', { ...ONE, identityLinker: undefined }, 'identityLinker', /beside useFactory/],
    ['isGlobal', { ...ONE, isGlobal: true }, 'isGlobal', /beside useFactory/],
    ['imports', { ...ONE, imports: [] }, 'imports', /beside useFactory/],
    ['an unknown endpoint', { ...ONE, endpoints: { sns: 'https://x.y' } }, 'endpoints.sns', 'is not known'],
    ['an unknown hook', { ...ONE, hooks: { onLogin: () => 1 } }, 'hooks.onLogin', 'is not known'],
    ['an unknown http option', { ...ONE, http: { retries: 3 } }, 'http.retries', 'is not known'],
    ['an unknown dev option', { ...ONE, dev: { allowhttp: true } }, 'dev.allowhttp', 'is not known'],
    ['an unknown returnTo option', { ...ONE, returnTo: { origin: [] } }, 'returnTo.origin', 'is not known'],
    ['an unknown option of an app', apps({ appSecret: 'x' }), 'apps.shop.appSecret', 'is not known'],
    ['a group that is text', session('long' as never), 'session', 'is not an object'],
    ['a group that is null', { ...ONE, http: null }, 'http', 'is not an object'],
    ['a group that is a list', { ...ONE, hooks: [] }, 'hooks', 'is not an object'],

    ['no appId', { secret: SECRET }, 'appId', 'is missing'],
    ['an appId with a blank', { ...ONE, appId: 'wx0123 ' }, 'appId', 'is not an app id'],
    ['an appId that is a number', { ...ONE, appId: 123456 }, 'appId', 'is not an app id'],
    ['an empty appId', { ...ONE, appId: '' }, 'appId', 'is not an app id'],
    ['an appId that would end a store key', { ...ONE, appId: 'wx1:token' }, 'appId', 'is not an app id'],
    ['no appId for an app', apps({ appId: undefined }), 'apps.shop.appId', 'is missing'],
    ['no secret', { appId: APP_ID }, 'secret', 'is missing'],
    ['an empty secret', { ...ONE, secret: '' }, 'secret', /empty/],
    ['a secret with a line end', { ...ONE, secret: `${SECRET}\n` }, 'secret', /white space/],
    ['a secret that is a number', { ...ONE, secret: 7 }, 'secret', /not a string/],
    ['a secret that is null', { ...ONE, secret: null }, 'secret', /not a string/],
    ['an endless secret', { ...ONE, secret: 'x'.repeat(257) }, 'secret', /empty, not a string/],
    ['an empty list of secrets', { ...ONE, secret: [] }, 'secret', 'is not one secret or two'],
    ['three secrets', { ...ONE, secret: ['a', 'b', 'c'] }, 'secret', 'is not one secret or two'],
    ['a previous secret that is empty', { ...ONE, secret: [SECRET, ''] }, 'secret', /empty/],
    ['no secret for an app', apps({ secret: undefined }), 'apps.shop.secret', 'is missing'],
    ['a token as appToken', { ...ONE, appToken: 'AT' }, 'appToken', 'is not a function'],
    ['no function as appToken', apps({ appToken: null }), 'apps.shop.appToken', 'is not a function'],
    [
      'an appToken of an app that has no token',
      { ...ONE, type: 'website', appToken: async () => 'AT' },
      'appToken',
      /"website", which has no token of its own/,
    ],
    [
      'an appToken beside apps',
      { apps: { shop: MINI }, appToken: async () => 'AT' },
      'apps',
      /stands beside .* appToken/,
    ],
    ['an unknown type', { ...ONE, type: 'official' }, 'type', 'is not known'],
    ['a type of another kind', { ...ONE, type: '__proto__' }, 'type', 'is not known'],
    ['no type for an app', apps({ type: undefined }), 'apps.shop.type', 'is missing'],

    ['a QR scope for an official account', { ...ONE, scope: 'snsapi_login' }, 'scope', /does not fit/],
    [
      'a silent scope for a website',
      { ...ONE, type: 'website', scope: 'snsapi_base' },
      'scope',
      /does not fit/,
    ],
    [
      'a silent scope for a native app',
      { ...ONE, type: 'mobile', scope: 'snsapi_base' },
      'scope',
      /does not fit/,
    ],
    ['a scope for a mini program', apps({ scope: 'snsapi_base' }), 'apps.shop.scope', /does not fit/],
    ['an unknown scope', { ...ONE, scope: 'snsapi_all' }, 'scope', /does not fit/],
    ['a scope that is null', { ...ONE, scope: null }, 'scope', /does not fit/],

    ...['', 'a b', 'x'.repeat(65), '平台', 'a:b', 'a/b', 7, null, {}].map((unionRealm): Row => [
      `the union realm ${JSON.stringify(unionRealm)}`,
      apps({ unionRealm }),
      'apps.shop.unionRealm',
      'is no name of a realm',
    ]),
    ['a union realm for the one app', { ...ONE, unionRealm: 'a' }, 'unionRealm', 'is not known'],

    ['one app and several', { ...ONE, apps: { shop: MINI } }, 'apps', /stands beside/],
    ['a type beside several apps', { type: 'website', apps: { shop: MINI } }, 'apps', /stands beside/],
    ['a scope beside several apps', { scope: 'snsapi_base', apps: { shop: MINI } }, 'apps', /stands beside/],
    ['no app among several', { apps: {} }, 'apps', 'holds no app'],
    ['a list of apps', { apps: [MINI] }, 'apps', 'holds no app'],
    ['apps that are null', { apps: null }, 'apps', 'holds no app'],
    ['an app that is text', { apps: { shop: 'wx' } }, 'apps.shop', 'is not an object'],
    ['an app that is null', { apps: { shop: null } }, 'apps.shop', 'is not an object'],
    ['an app named __proto__', { apps: JSON.parse('{"__proto__":{}}') }, 'apps', /"__proto__"/],
    ['an app that became the prototype', { apps: { __proto__: { shop: MINI } } }, 'apps', 'holds no app'],
    ['an app with an empty name', { apps: { '': MINI } }, 'apps', /name that cannot be used/],
    ['an app with a colon in its name', { apps: { 'a:b': MINI } }, 'apps', /"a:b"/],
    ['an app with a number for a name', { apps: { 1: MINI } }, 'apps', /"1"/],
    ['an app with a long name', { apps: { ['a'.repeat(33)]: MINI } }, 'apps', /name that cannot be used/],
    [
      'one appId twice',
      { apps: { shop: MINI, again: { ...MINI, type: 'website' } } },
      'apps.again.appId',
      'is the same as that of "shop"',
    ],
    [
      'a default app that is not there',
      { apps: { shop: MINI }, defaultApp: 'shops' },
      'defaultApp',
      /names no/,
    ],
    [
      'a default app called __proto__',
      { apps: { shop: MINI }, defaultApp: '__proto__' },
      'defaultApp',
      /names no/,
    ],
    ['a default app that is null', { apps: { shop: MINI }, defaultApp: null }, 'defaultApp', /names no/],

    ['a public URL that is none', url('shop.example.com'), 'publicUrl', 'is not a URL'],
    ['an empty public URL', url(''), 'publicUrl', 'is not a URL'],
    ['a public URL that is an object', url(new URL('https://shop.example.com')), 'publicUrl', 'is not a URL'],
    ['a public URL with http', url('http://shop.example.com'), 'publicUrl', 'has the scheme "http:"'],
    ['a public URL that looks local', url('http://localhost.evil.example'), 'publicUrl', /scheme/],
    ['a public URL that begins locally', url('http://127.0.0.1.evil.example'), 'publicUrl', /scheme/],
    ['a public URL on the network', url('http://192.168.1.7'), 'publicUrl', /scheme/],
    ['a public URL of another scheme', url('ftp://shop.example.com'), 'publicUrl', 'has the scheme "ftp:"'],
    ['a public URL with a port', url('https://shop.example.com:8443'), 'publicUrl', 'has a port'],
    ['a public URL with a query', url('https://shop.example.com/?a=1'), 'publicUrl', /a query or a fragment/],
    [
      'a public URL with an empty query',
      url('https://shop.example.com/?'),
      'publicUrl',
      /a query or a fragment/,
    ],
    [
      'a public URL with a fragment',
      url('https://shop.example.com/#/'),
      'publicUrl',
      /a query or a fragment/,
    ],
    ['a public URL with an empty fragment', url('https://shop.example.com#'), 'publicUrl', /fragment/],
    ['a public URL with a user', url('https://me@shop.example.com'), 'publicUrl', /has a user/],
    ['a public URL with a password', url('https://:pw@shop.example.com'), 'publicUrl', /has a user/],
    [
      'a public URL of an app',
      apps({ publicUrl: 'http://shop.example.com' }),
      'apps.shop.publicUrl',
      /scheme/,
    ],

    ['a short session secret', { ...ONE, sessionSecret: 'x'.repeat(31) }, 'sessionSecret', /shorter than 32/],
    ['an empty session secret', { ...ONE, sessionSecret: '' }, 'sessionSecret', /shorter than 32/],
    ['an empty list of session secrets', { ...ONE, sessionSecret: [] }, 'sessionSecret', 'is an empty array'],
    ['a short one among them', { ...ONE, sessionSecret: [SESSION_SECRET, 'x'] }, 'sessionSecret', /shorter/],
    [
      'a session secret that is bytes',
      { ...ONE, sessionSecret: Buffer.alloc(32) },
      'sessionSecret',
      /shorter/,
    ],
    ['a session secret that is null', { ...ONE, sessionSecret: null }, 'sessionSecret', /shorter/],
    ...[
      ['one letter', 'a'.repeat(40)],
      ['zeros', '0'.repeat(64)],
      ['two letters in turn', 'ab'.repeat(20)],
      ['five letters in disorder', 'abcdeedcbaabdecabcedacdbeabcdebdca'],
      ['digits in turn', '12345678'.repeat(4)],
      ['hex digits in turn', '0123456789abcdef'.repeat(2)],
      ['a word again and again', 'changeme '.repeat(4)],
      ['a word again and again with another end', `${'changeme'.repeat(4)}!1`],
      ['a word that is counted', 'secret1secret2secret3secret4secret5'],
      ['a sign of three bytes', '密'.repeat(11)],
      ['a sign outside the first plane', '🔑'.repeat(8)],
    ].flatMap(([what, weak]): Row[] => [
      [what!, { ...ONE, sessionSecret: weak }, 'sessionSecret', /few characters/],
      [
        `${what} in the second place`,
        { ...ONE, sessionSecret: [SESSION_SECRET, weak] },
        'sessionSecret',
        /few characters/,
      ],
    ]),
    [
      'the AppSecret as session secret',
      { ...ONE, sessionSecret: SECRET },
      'sessionSecret',
      /is the AppSecret/,
    ],
    [
      'a previous AppSecret as second session secret',
      { apps: { shop: { ...MINI, secret: ['x', SECRET] } }, sessionSecret: [SESSION_SECRET, SECRET] },
      'sessionSecret',
      'is the AppSecret of "shop"',
    ],

    ['a negative ttl', session({ ttl: -1 }), 'session.ttl', /not a number of s/],
    ['a ttl of zero', session({ ttl: 0 }), 'session.ttl', /not a number of s/],
    ['a ttl in text', session({ ttl: '7d' }), 'session.ttl', /not a number of s/],
    ['a ttl that never ends', session({ ttl: Infinity }), 'session.ttl', /not a number of s/],
    ['a ttl that is none', session({ ttl: NaN }), 'session.ttl', /not a number of s/],
    ['a ttl in milliseconds', session({ ttl: 604_800_000 }), 'session.ttl', /not a number of s/],
    ['an idle time in text', session({ idle: '1h' }), 'session.idle', /not a number of s/],
    ['an idle time that is null', session({ idle: null }), 'session.idle', /not a number of s/],
    ['a cookie name with a blank', session({ cookieName: 'my cookie' }), 'session.cookieName', /cookie name/],
    [
      'a cookie name that sets attributes',
      session({ cookieName: 'a;Domain=x' }),
      'session.cookieName',
      /name/,
    ],
    ...[
      'wechat_silent',
      'wechat_flow',
      'wechat_flow_of_ours',
      'wechat_used',
      'wechat_out',
      'WeChat_Silent',
      '__Host-session',
      '__secure-session',
    ].map((cookieName): Row => [
      `the cookie name ${cookieName}`,
      session({ cookieName }),
      'session.cookieName',
      /another cookie of this package/,
    ]),
    ['a cookie name that is a number', session({ cookieName: 7 }), 'session.cookieName', /cookie name/],
    ['bearer in text', session({ bearer: 'yes' }), 'session.bearer', /neither a boolean/],
    ['bearer without header', session({ bearer: {} }), 'session.bearer', /neither a boolean/],
    ['bearer with a wrong header', session({ bearer: { header: 'x y' } }), 'session.bearer', /neither/],
    ['bearer that is null', session({ bearer: null }), 'session.bearer', /neither a boolean/],
    ['revocable in text', session({ revocable: 'yes' }), 'session.revocable', 'is not known'],
    ['a codec', session({ codec: { seal: () => '' } }), 'session.codec', 'is no option'],
    ['a codec that is null', session({ codec: null }), 'session.codec', 'is no option'],

    [
      'an origin with a path',
      { ...ONE, returnTo: { origins: ['https://a.b/c'] } },
      'returnTo.origins[0]',
      /more/,
    ],
    [
      'an origin with a slash',
      { ...ONE, returnTo: { origins: ['https://a.b/'] } },
      'returnTo.origins[0]',
      /more/,
    ],
    [
      'the second origin',
      { ...ONE, returnTo: { origins: ['https://a.b', '*'] } },
      'returnTo.origins[1]',
      'is not a URL',
    ],
    [
      'an origin with http',
      { ...ONE, returnTo: { origins: ['http://a.b'] } },
      'returnTo.origins[0]',
      /scheme/,
    ],
    [
      'a wildcard',
      { ...ONE, returnTo: { origins: ['https://*.b.c'] } },
      'returnTo.origins[0]',
      'has a wildcard',
    ],
    ['a public URL with a wildcard', url('https://*.example.com'), 'publicUrl', 'has a wildcard'],
    ['the origin null', { ...ONE, returnTo: { origins: ['null'] } }, 'returnTo.origins[0]', 'is not a URL'],
    [
      'origins that are text',
      { ...ONE, returnTo: { origins: 'https://a.b' } },
      'returnTo.origins',
      /not an array/,
    ],
    [
      'a default elsewhere',
      { ...ONE, returnTo: { default: '//evil.example' } },
      'returnTo.default',
      /not a path/,
    ],
    [
      'a default with a backslash',
      { ...ONE, returnTo: { default: '/\\evil' } },
      'returnTo.default',
      /not a path/,
    ],
    ['a later backslash', { ...ONE, returnTo: { default: '/a\\b' } }, 'returnTo.default', /not a path/],
    [
      'a default that is a URL',
      { ...ONE, returnTo: { default: 'https://a.b/' } },
      'returnTo.default',
      /not a path/,
    ],
    [
      'a default with a line end',
      { ...ONE, returnTo: { default: '/a\r\nb' } },
      'returnTo.default',
      /not a path/,
    ],
    ['a default that is null', { ...ONE, returnTo: { default: 7 } }, 'returnTo.default', /not a path/],
    ['a login path without slash', { ...ONE, loginPath: 'login' }, 'loginPath', 'is not a path'],
    ['a login path with a query', { ...ONE, loginPath: '/login?app=a' }, 'loginPath', /a query/],
    ['a login path with a fragment', { ...ONE, loginPath: '/login#top' }, 'loginPath', /a query/],

    [
      'an endpoint with http',
      { ...ONE, endpoints: { api: 'http://api.weixin.qq.com' } },
      'endpoints.api',
      /scheme/,
    ],
    ['a page host with http', { ...ONE, endpoints: { open: 'http://a.b' } }, 'endpoints.open', /scheme/],
    [
      'an endpoint that is none',
      { ...ONE, endpoints: { api: 'api.weixin.qq.com' } },
      'endpoints.api',
      /not a URL/,
    ],
    [
      'an endpoint with a query',
      { ...ONE, endpoints: { api: 'https://a.b?c=d' } },
      'endpoints.api',
      /a query/,
    ],
    [
      'an endpoint with a bare query',
      { ...ONE, endpoints: { api: 'https://a.b/?' } },
      'endpoints.api',
      /a query/,
    ],
    [
      'an endpoint with a bare hash',
      { ...ONE, endpoints: { open: 'https://a.b/#' } },
      'endpoints.open',
      /fragment/,
    ],
    [
      'an endpoint with a user',
      { ...ONE, endpoints: { api: 'https://me:pw@a.b' } },
      'endpoints.api',
      /a user/,
    ],

    ['a timeout of zero', { ...ONE, http: { timeout: 0 } }, 'http.timeout', /not a number of milliseconds/],
    [
      'a timeout in text',
      { ...ONE, http: { timeout: '5s' } },
      'http.timeout',
      /not a number of milliseconds/,
    ],
    [
      'a timeout of hours',
      { ...ONE, http: { timeout: 7_200_000 } },
      'http.timeout',
      /not a number of milliseconds/,
    ],
    ['no sockets', { ...ONE, http: { maxSockets: 0 } }, 'http.maxSockets', /whole number/],
    ['half a socket', { ...ONE, http: { maxSockets: 0.5 } }, 'http.maxSockets', /whole number/],
    ['sockets in text', { ...ONE, http: { maxSockets: '9' } }, 'http.maxSockets', /whole number/],
    ['any number of sockets', { ...ONE, http: { maxSockets: Infinity } }, 'http.maxSockets', /whole number/],
    ['a proxy', { ...ONE, http: { proxy: { host: 'proxy', port: 3128 } } }, 'http.proxy', /no option/],
    ['a proxy in text', { ...ONE, http: { proxy: 'http://proxy:3128' } }, 'http.proxy', /no option/],
    ['a proxy that is false', { ...ONE, http: { proxy: false } }, 'http.proxy', /no option/],
    [
      'an agent that is options',
      { ...ONE, http: { httpAgent: { keepAlive: true } } },
      'http.httpAgent',
      /agent/,
    ],
    ['an agent that is null', { ...ONE, http: { httpsAgent: null } }, 'http.httpsAgent', 'is not an agent'],
    ['an unknown language', { ...ONE, lang: 'zh-CN' }, 'lang', 'is not known'],
    [
      'a hook that is text',
      { ...ONE, hooks: { selectApp: 'official' } },
      'hooks.selectApp',
      /not a function/,
    ],
    ['a clock that is a number', { ...ONE, now: 7 }, 'now', 'is not a function'],
    ['a client that is unknown', { ...ONE, dev: { client: 'weixin' } }, 'dev.client', 'is not known'],
    ['a brand in text', { ...ONE, brand: '一盏茶' }, 'brand', 'is not an object'],
    ['an unknown option of the brand', brand({ logo: '/a.png' }), 'brand.logo', 'is not known'],
    ['a brand without a name', { ...ONE, brand: { color: '#07c160' } }, 'brand.name', 'is missing'],
    ['a brand of blanks', brand({ name: ' \u3000' }), 'brand.name', 'is not a name to show'],
    ['a brand in two lines', brand({ name: 'Tea\nhouse' }), 'brand.name', 'is not a name to show'],
    ['a brand that turns the text', brand({ name: 'Tea\u202eesuoh' }), 'brand.name', 'is not a name to show'],
    ['a brand of half a character', brand({ name: 'Tea\ud83c' }), 'brand.name', 'is not a name to show'],
    ['a brand that is a number', brand({ name: 7 }), 'brand.name', 'is not a name to show'],
    [
      'a brand as long as a sentence',
      brand({ name: '茶'.repeat(41) }),
      'brand.name',
      'is not a name to show',
    ],
    ['a logo that is no address', brand({ logoUrl: 'logo.png' }), 'brand.logoUrl', 'is not a URL'],
    ['a logo without encryption', brand({ logoUrl: 'http://a.example/l.png' }), 'brand.logoUrl', /scheme/],
    [
      'a logo in the options',
      brand({ logoUrl: 'data:image/png;base64,' }),
      'brand.logoUrl',
      /scheme "data:"/,
    ],
    ['a logo that runs', brand({ logoUrl: 'javascript:alert(1)' }), 'brand.logoUrl', /scheme/],
    ['a logo of another host', brand({ logoUrl: '//a.example/l.png' }), 'brand.logoUrl', 'is not a path'],
    ['a logo with a password', brand({ logoUrl: 'https://a:b@a.example/' }), 'brand.logoUrl', 'has a user'],
    ['a colour by name', brand({ color: 'red' }), 'brand.color', /six hex digits/],
    ['a colour of three digits', brand({ color: '#fff' }), 'brand.color', /six hex digits/],
    ['a colour that says more', brand({ color: '#ffffff}a{' }), 'brand.color', /six hex digits/],
    ['a colour in two lines', brand({ color: '#ffffff\n' }), 'brand.color', /six hex digits/],
    ['allowHttp in text', { ...ONE, dev: { allowHttp: 'yes' } }, 'dev.allowHttp', 'is not known'],
  ];

  it.each(rows)('%s', (_what, options, option, problem) => {
    const error = complaint(options);
    expect(error).toMatchObject({ option, kind: 'config', code: 'WECHAT_CONFIG' });
    expect(typeof problem === 'string' ? error.problem === problem : problem.test(error.problem)).toBe(true);
    // A fix is a sentence that says what to do.
    expect(error.fix).toMatch(
      /^(Write|Pass|Copy|Make|Use|Known here|See|Start|Leave|Letters|Everything|WeChat sends|A mini program|An app of type).{8,}/,
    );
    expect(error.message).toBe(`WechatOAuthModule: option "${option}" ${error.problem}. ${error.fix}`);
    expectFreeOf(error, [SECRET, SESSION_SECRET]);
  });

  it.each([
    [{ client: 'wechat' }],
    [{ client: () => 'wechat' }],
    [{ allowHttp: true }],
    [{ client: 'wechat', allowHttp: true }],
  ])('dev %p while NODE_ENV is production', (dev) => {
    expect(resolve({ ...ONE, dev })).toBeDefined();
    const error = complaint({ ...ONE, dev }, true);
    expect(error.option).toBe('dev');
    expect(error.problem).toContain('production');
    expect(error.fix).toContain('Leave it out');
  });

  it('tells the scopes that an app does know', () => {
    expect(complaint({ ...ONE, scope: 'snsapi_login' }).fix).toContain('snsapi_base and snsapi_userinfo');
    expect(complaint(apps({ scope: 'snsapi_base' })).fix).toContain('leave it out');
  });

  it('tells the names of the apps there are, and the options that are known', () => {
    expect(complaint({ apps: { shop: MINI }, defaultApp: 'x' }).fix).toBe('Write one of: shop.');
    expect(complaint({ ...ONE, appSecret: SECRET }).fix).toContain('appId, secret, type');
    expect(complaint({ ...ONE, returnTo: { origins: ['https://a.b/c'] } }).fix).toBe('Write "https://a.b".');
  });
});

describe('All that is wrong is listed in one error', () => {
  it('names everything that is missing, each with its fix, what the guard needs included', () => {
    const error = thrownBy(WechatConfigError, () => resolveConfig({} as never, false, true));
    expect(error.problems.map(({ option }) => option)).toEqual([
      'appId',
      'secret',
      'publicUrl',
      'sessionSecret',
    ]);
    expect(error.message.split('\n')).toEqual([
      'WechatOAuthModule: 4 options are missing or wrong.',
      expect.stringMatching(/^- option "appId" is missing\. Copy it/),
      expect.stringMatching(/^- option "secret" is missing\. Write the AppSecret/),
      expect.stringMatching(/^- option "publicUrl" is missing, and WechatAuthGuard .*"default"\. Write/),
      expect.stringMatching(/^- option "sessionSecret" is missing, and WechatAuthGuard .*\. Make one/),
    ]);
    // What handles the first fault alone goes on working.
    expect(error).toMatchObject({ code: 'WECHAT_CONFIG', option: 'appId', problem: 'is missing' });
  });

  it('says nothing of the guard where there is none, or where it is all that would be said', () => {
    expect(complaint({}).problems.map(({ option }) => option)).toEqual(['appId', 'secret']);
    expect(resolveConfig(ONE as never, false, true).sessionSecrets).toEqual([]);
  });

  it('names what is wrong in every app and group beside what is missing, and each option once', () => {
    const wrong = {
      apps: {
        shop: { type: 'website', appId: 'wx 1', publicUrl: 'http://shop.example.com' },
        club: { type: 'official', secret: '' },
        'a b': {},
        mini: { ...MINI, scope: 'snsapi_base', colour: 'red' },
        again: { ...MINI },
      },
      sessionSecret: ['short', 'short too'],
      session: { ttl: '7d', cookieName: 'a b', bearer: 1 },
      http: 'fast',
      endpoints: { api: 'x', open: 'y' },
      returnTo: { origins: ['*', 'https://a.b/c'], default: 'home' },
      loginPath: 'login',
      lang: 'de',
      hooks: { selectApp: 1 },
      now: 7,
      colour: 'red',
    };
    const { problems, message } = thrownBy(WechatConfigError, () =>
      resolveConfig(wrong as never, false, true),
    );
    expect(problems.map(({ option }) => option).sort()).toEqual(
      [
        'apps',
        'apps.again.appId',
        'apps.club.appId',
        'apps.club.secret',
        'apps.club.type',
        'apps.mini.colour',
        'apps.mini.scope',
        'apps.shop.appId',
        'apps.shop.publicUrl',
        'apps.shop.secret',
        'colour',
        'endpoints.api',
        'endpoints.open',
        'hooks.selectApp',
        'http',
        'lang',
        'loginPath',
        'now',
        'returnTo.default',
        'returnTo.origins[0]',
        'returnTo.origins[1]',
        'session.bearer',
        'session.cookieName',
        'session.ttl',
        'sessionSecret',
      ].sort(),
    );
    expect(message).not.toContain(SECRET);
  });

  it('reads options that a class inherits', () => {
    class Base {
      get appId() {
        return APP_ID;
      }
    }
    expect(resolve(Object.assign(new Base(), { secret: SECRET })).defaultApp?.appId).toBe(APP_ID);
  });
});
