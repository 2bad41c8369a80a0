// Where the login route is, by what Nest knows once the routes are known.
import {
  Controller,
  Get,
  Logger,
  Module,
  type Type,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { MODULE_PATH, PROPERTY_DEPS_METADATA } from '@nestjs/common/constants.js';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { LoginAddress } from '../../../lib/auth/login-address.js';
import { WechatAuthController } from '../../../lib/auth/wechat-auth.controller.js';
import type { WechatOAuthModuleOptions } from '../../../lib/index.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts } from '../../support/parts.js';

let logs: LogCapture;
beforeEach(() => Logger.overrideLogger((logs = new LogCapture())));
afterEach(() => Logger.overrideLogger(false));

@Module({})
class Anywhere {}

/** A controller of the application's own. */
@Controller('cats')
class Cats {
  @Get('login')
  login(): void {}
}

@Controller('account')
class Account extends WechatAuthController {
  @Get('sign-in')
  override login(): void {}
}

@Controller(['a', '/b'])
class Twice extends WechatAuthController {
  @Get(['in', '/enter'])
  override login(): void {}
}

@Controller(':shop/wechat')
class PerShop extends WechatAuthController {}

@Controller('wechat')
class WithoutRoute extends WechatAuthController {
  override login(): void {}
}

@Controller({ path: 'wechat', version: '2' })
class Versioned extends WechatAuthController {}

@Controller('wechat')
class Unversioned extends WechatAuthController {}

interface Setup {
  options?: WechatOAuthModuleOptions;
  /** Each in a module of its own. */
  controllers?: readonly Type[];
  application?: (application: ApplicationConfig) => void;
  module?: Type;
  instanceOf?: (controller: Type) => object | undefined;
}

function setUp({
  options = {},
  controllers = [WechatAuthController],
  application = () => {},
  module = Anywhere,
  instanceOf = (controller) => new controller() as object,
}: Setup = {}) {
  const modules = new ModulesContainer();
  for (const metatype of controllers) {
    const wrapper = { metatype, instance: instanceOf(metatype) };
    const entry = { metatype: module, controllers: new Map([[metatype, wrapper]]) };
    modules.set(metatype.name, entry as never);
  }
  const nest = new ApplicationConfig();
  application(nest);
  const { config } = makeParts(options);
  return { config, modules, nest, address: new LoginAddress(config, modules, nest) };
}

const pathOf = (setup: Setup) => setUp(setup).address.path;

describe('The path of the login route', () => {
  it.each<[what: string, setup: Setup, path: string | undefined]>([
    ['the controller as it is', {}, '/wechat/login'],
    ['one that extends it', { controllers: [Account] }, '/account/sign-in'],
    [
      'several, of which the first counts',
      { controllers: [Account, WechatAuthController] },
      '/account/sign-in',
    ],
    ['several paths, of which the first counts', { controllers: [Twice] }, '/a/in'],
    ['a parameter and a plain one', { controllers: [PerShop, Account] }, '/account/sign-in'],
    ['a parameter alone', { controllers: [PerShop] }, undefined],
    ['a login without a route', { controllers: [WithoutRoute] }, undefined],
    ['none of ours', { controllers: [Cats] }, undefined],
    ['none at all', { controllers: [] }, undefined],
    ['one that has no instance', { instanceOf: () => undefined }, undefined],
  ])('with %s', (_what, setup, path) => {
    expect(pathOf(setup)).toBe(path);
  });

  it.each<[prefix: string, exclude: boolean, path: string]>([
    ['api', false, '/api/wechat/login'],
    ['/api', false, '/api/wechat/login'],
    ['/api/', false, '/api/wechat/login'],
    ['api', true, '/wechat/login'],
    ['', false, '/wechat/login'],
  ])('below the prefix %j, excluded: %s', (prefix, isExcluded, path) => {
    const application = (nest: ApplicationConfig) => {
      nest.setGlobalPrefix(prefix);
      if (isExcluded) {
        const exclude = [{ path: '/wechat/login', requestMethod: 0, pathRegex: /^\/wechat\/login$/ }];
        nest.setGlobalPrefixOptions({ exclude } as never);
      }
    };
    expect(pathOf({ application })).toBe(path);
  });

  it.each(['*splat', '{shop}', 'a(b)', 'what?'])('is none to name where it holds %s', (part) => {
    expect(pathOf({ application: (nest) => nest.setGlobalPrefix(part) })).toBeUndefined();
  });

  it.each<[what: string, controller: Type, defaultVersion: string | undefined, path: string]>([
    ['its own', Versioned, undefined, '/v2/wechat/login'],
    ['its own and a default', Versioned, '1', '/v2/wechat/login'],
    ['a default alone', Unversioned, '1', '/v1/wechat/login'],
    ['none', Unversioned, undefined, '/wechat/login'],
    ['the neutral one of the controller as it is', WechatAuthController, '1', '/wechat/login'],
  ])('with a version: %s', (_what, controller, defaultVersion, path) => {
    const application = (nest: ApplicationConfig) =>
      nest.enableVersioning({
        type: VersioningType.URI,
        ...(defaultVersion === undefined ? {} : { defaultVersion }),
      });
    expect(pathOf({ controllers: [controller], application })).toBe(path);
  });

  it('has no version where the application has no versions', () => {
    expect(pathOf({ controllers: [Versioned] })).toBe('/wechat/login');
  });

  it('has the version of the method before that of the controller', () => {
    @Controller({ path: 'wechat', version: '2' })
    class Both extends WechatAuthController {
      @Get('login')
      @Version(VERSION_NEUTRAL)
      override login(): void {}
    }
    const application = (nest: ApplicationConfig) => nest.enableVersioning({ type: VersioningType.URI });
    expect(pathOf({ controllers: [Both], application })).toBe('/wechat/login');
  });

  it('is below the path of its module, in this application before any', () => {
    @Module({})
    class Shop {}
    Reflect.defineMetadata(MODULE_PATH, '/shop', Shop);
    expect(pathOf({ module: Shop })).toBe('/shop/wechat/login');
    const { address, modules } = setUp({ module: Shop });
    Reflect.defineMetadata(MODULE_PATH + modules.applicationId, '/here', Shop);
    expect(address.path).toBe('/here/wechat/login');
    expect(pathOf({ module: Shop })).toBe('/shop/wechat/login');
  });

  it('is what the option says, where one is mounted at all', () => {
    const options = { loginPath: '/in' };
    expect(pathOf({ options })).toBe('/in');
    expect(pathOf({ options, controllers: [PerShop] })).toBe('/in');
    expect(pathOf({ options, controllers: [] })).toBeUndefined();
    expect(pathOf({ options, controllers: [Cats] })).toBeUndefined();
  });

  it('is not looked for twice, and not before it is asked for', () => {
    const { address, nest } = setUp();
    nest.setGlobalPrefix('api');
    expect(address.path).toBe('/api/wechat/login');
    nest.setGlobalPrefix('later');
    expect(address.path).toBe('/api/wechat/login');
  });
});

describe('A login route', () => {
  it.each<[mounted: boolean, controllers: Type[]]>([
    [true, [WechatAuthController]],
    [true, [Cats, PerShop]],
    [false, [Cats]],
    [false, [WithoutRoute]],
    [false, []],
  ])('is mounted: %s, with %p', (mounted, controllers) => {
    expect(setUp({ controllers }).address.isMounted).toBe(mounted);
  });

  it('of other options in the same application is none of these', () => {
    const [{ key }] = Reflect.getMetadata(PROPERTY_DEPS_METADATA, WechatAuthController) as [{ key: symbol }];
    const { config, modules, nest } = setUp();
    const partsOf = (options: object) =>
      Object.defineProperty(new WechatAuthController(), key, { value: { config: options } });
    const isMounted = (options: object) => {
      const wrapper = { metatype: WechatAuthController, instance: partsOf(options) };
      modules.set('one', { metatype: Anywhere, controllers: new Map([['one', wrapper]]) } as never);
      modules.delete(WechatAuthController.name);
      return new LoginAddress(config, modules, nest).isMounted;
    };
    expect(isMounted(config)).toBe(true);
    expect(isMounted({ ...config })).toBe(false);
  });
});

describe('The option loginPath', () => {
  const warned = (loginPath: string | undefined, controllers: Type[]) => {
    const options = loginPath === undefined ? {} : { loginPath };
    setUp({ options, controllers }).address.warnOfMismatch();
    return logs.lines.map(({ level, text }) => `${level} ${text}`);
  };

  it.each<[loginPath: string | undefined, controllers: Type[]]>([
    [undefined, [WechatAuthController]],
    ['/wechat/login', [WechatAuthController]],
    ['/wechat/login/', [WechatAuthController]],
    ['/account/sign-in', [WechatAuthController, Account]],
    ['/b/enter', [Twice]],
    // Nobody can say what a parameter is filled in with.
    ['/mine/wechat/login', [PerShop]],
    ['/mine/wechat/login', [Account, PerShop]],
    ['/in', [Cats]],
    ['/in', []],
  ])('of %j says nothing wrong with %p', (loginPath, controllers) => {
    expect(warned(loginPath, controllers)).toEqual([]);
  });

  it.each<[loginPath: string, controllers: Type[], places: string]>([
    ['/in', [WechatAuthController], 'at "/wechat/login":'],
    ['/', [WechatAuthController], 'at "/wechat/login":'],
    ['/wechat/login//', [WechatAuthController], 'at "/wechat/login":'],
    ['/in', [WechatAuthController, Account], 'at "/wechat/login" and "/account/sign-in":'],
  ])('of %j leads nowhere, and it is said where the route is', (loginPath, controllers, places) => {
    expect(warned(loginPath, controllers)).toEqual([
      expect.stringMatching(
        new RegExp(`^warn The option loginPath is "${loginPath}", but the login route is mounted ${places}`),
      ),
    ]);
  });
});
