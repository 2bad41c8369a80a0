// The address a refusal names is the one at which the login route stands, whatever an application
// does to its paths.
import {
  Controller,
  Get,
  type INestApplication,
  Module,
  type ModuleMetadata,
  RequestMethod,
  Scope,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { WechatAuthController, WechatOAuthModule } from '../../lib/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { guardedAt } from '../support/guarded.js';
import { browserFor, setStage } from '../support/stage.js';

@Controller('account')
class AccountController extends WechatAuthController {}
@Controller(['signing', 'other'])
class TwofoldController extends WechatAuthController {}
@Controller({ path: 'wechat', version: ['2', '3'] })
class VersionedController extends WechatAuthController {}
@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController extends WechatAuthController {}
@Controller(':tenant/wechat')
class TenantController extends WechatAuthController {}
@Controller('renamed')
class RenamedController extends WechatAuthController {
  @Get('enter')
  override login(): void {}
}
@Module({ controllers: [WechatAuthController] })
class LoginModule {}

describe.each(PLATFORMS)('The login address on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  const Orders = guardedAt('orders');

  const start = (
    metadata: ModuleMetadata,
    configure?: (app: INestApplication) => void,
    options: { loginPath?: string } = {},
  ) =>
    stage.startModules(
      {
        ...metadata,
        imports: [WechatOAuthModule.forRoot(stage.options(options)), ...(metadata.imports ?? [])],
        controllers: [Orders, ...(metadata.controllers ?? [])],
      },
      configure,
    );
  const prefix =
    (...exclude: string[]) =>
    (app: INestApplication) => {
      app.setGlobalPrefix('api', { exclude: exclude.map((path) => ({ path, method: RequestMethod.GET })) });
    };
  const versions = (app: INestApplication) => {
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  };

  it.each<[string, string, string, ModuleMetadata, ((app: INestApplication) => void)?]>([
    ['alone', '/orders', '/wechat/login', { controllers: [WechatAuthController] }],
    ['under a prefix', '/api/orders', '/api/wechat/login', { controllers: [WechatAuthController] }, prefix()],
    [
      'left out of the prefix',
      '/api/orders',
      '/wechat/login',
      { controllers: [WechatAuthController] },
      prefix('wechat/login'),
    ],
    [
      'with versions, of which ours has none',
      '/v1/orders',
      '/wechat/login',
      { controllers: [WechatAuthController] },
      versions,
    ],
    [
      'with versions of its own',
      '/v1/orders',
      '/v2/wechat/login',
      { controllers: [VersionedController] },
      versions,
    ],
    [
      'under a prefix with the default version',
      '/api/v1/orders',
      '/api/v1/account/login',
      { controllers: [AccountController] },
      (app) => {
        prefix()(app);
        versions(app);
      },
    ],
    ['extended', '/orders', '/account/login', { controllers: [AccountController] }],
    ['at two paths', '/orders', '/signing/login', { controllers: [TwofoldController] }],
    ['of request scope', '/orders', '/scoped/login', { controllers: [ScopedController] }],
    ['in another module', '/orders', '/wechat/login', { imports: [LoginModule] }],
    [
      'in a module with a path',
      '/api/orders',
      '/api/members/wechat/login',
      { imports: [LoginModule, RouterModule.register([{ path: 'members', module: LoginModule }])] },
      prefix(),
    ],
  ])('is found where the route stands: %s', async (_what, orders, expected, metadata, ...[configure]) => {
    const running = await start(metadata, configure);
    const browser = browserFor(running);
    const { loginUrl } = (await browser.fetch(`${SHOP}${orders}`)).json<{ loginUrl: string }>();
    expect(loginUrl).toBe(`${SHOP}${expected}`);
    const { status, headers } = await browser.visit(loginUrl);
    expect([status, headers.location]).toEqual([302, expect.stringContaining('/connect/oauth2/authorize?')]);
    expect(running.logs.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('is found for a method that was renamed', async () => {
    const browser = browserFor(await start({ controllers: [RenamedController] }));
    expect((await browser.fetch(`${SHOP}/orders`)).json()).toMatchObject({
      loginUrl: `${SHOP}/renamed/enter`,
    });
  });

  it('is not named where nobody knows it: no route, or one with a parameter', async () => {
    for (const controllers of [[], [TenantController]]) {
      const refused = await browserFor(await start({ controllers })).fetch(`${SHOP}/orders`);
      expect(refused.json()).toMatchObject({ code: 'WECHAT_LOGIN_REQUIRED' });
      expect(refused.json()).not.toHaveProperty('loginUrl');
    }
  });

  it('is that of each module of its own', async () => {
    @Module({
      imports: [WechatOAuthModule.forRoot({ ...stage.options(), isGlobal: false })],
      controllers: [AccountController, guardedAt('a')],
    })
    class OneModule {}
    @Module({
      imports: [WechatOAuthModule.forRoot({ ...stage.options(), isGlobal: false })],
      controllers: [WechatAuthController, guardedAt('b')],
    })
    class OtherModule {}
    const browser = browserFor(await stage.startModules({ imports: [OneModule, OtherModule] }));
    expect((await browser.fetch(`${SHOP}/a`)).json()).toMatchObject({ loginUrl: `${SHOP}/account/login` });
    expect((await browser.fetch(`${SHOP}/b`)).json()).toMatchObject({ loginUrl: `${SHOP}/wechat/login` });
  });

  it('is what the option says, with one warning where no login route stands', async () => {
    const login = { controllers: [WechatAuthController] };
    const running = await start(login, prefix(), { loginPath: '/wechat/login' });
    expect((await browserFor(running).fetch(`${SHOP}/api/orders`)).json()).toMatchObject({
      loginUrl: `${SHOP}/wechat/login`,
    });
    const warnings = running.logs.lines.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /loginPath is "\/wechat\/login".*mounted at "\/api\/wechat\/login".*Leave loginPath out/,
      ),
    ]);
  });

  it.each([
    ['right', [AccountController], '/account/login'],
    ['right but for a slash', [AccountController], '/account/login/'],
    ['the second of two', [TwofoldController], '/other/login'],
    ['for a path with a parameter', [TenantController], '/shop/wechat/login'],
    ['for a route of the application', [], '/enter'],
  ])('is no cause for a warning where the option is %s', async (_what, controllers, loginPath) => {
    const { logs } = await start({ controllers }, undefined, { loginPath });
    expect(logs.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});
