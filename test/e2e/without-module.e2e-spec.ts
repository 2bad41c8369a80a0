// An application that forgot to import the module, or to give it options: what it reads when it
// starts.
import { Controller, Get, Module, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { WechatAuthController, WechatAuthGuard, WechatOAuthModule } from '../../lib/index.js';

@Controller()
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get() list(): void {}
}

class ShopGuard extends WechatAuthGuard {}

@Controller()
@UseGuards(ShopGuard)
class ShopController {
  @Get() list(): void {}
}

class ShopWechatController extends WechatAuthController {}

const APP = { appId: 'wx00000000official', secret: '0123456789abcdef0123456789abcdef' };

const problemOf = async (imports: (Type | object)[], metadata: object = {}): Promise<string> => {
  @Module({ imports: imports as never, ...metadata })
  class AppModule {}
  const testing = Test.createTestingModule({ imports: [AppModule] });
  return testing.compile().then(
    () => 'starts',
    (error: Error) => error.message,
  );
};

describe('Without the module', () => {
  it.each<[string, object]>([
    ['a guard on a route', { controllers: [OrdersController] }],
    ['a guard that extends ours', { controllers: [ShopController] }],
    ['a guard of the whole application', { providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }] }],
    ['the login route', { controllers: [WechatAuthController] }],
    ['a login route that extends ours', { controllers: [ShopWechatController] }],
  ])('%s says what to import', async (_what, metadata) => {
    const problem = await problemOf([], metadata);
    expect(problem).toContain('WechatOAuthModule.forRoot()');
    expect(problem).not.toMatch(/GuardSetup|ControllerParts|WECHAT_/);
  });

  it('of one that is not global, a module that does not import it says so too', async () => {
    @Module({ imports: [WechatOAuthModule.forRoot({ ...APP, isGlobal: false })] })
    class OtherModule {}
    expect(await problemOf([OtherModule], { controllers: [OrdersController] })).toContain(
      'WechatOAuthModule.forRoot()',
    );
  });
});

describe('The module without options', () => {
  it.each<[string, object]>([
    ['alone', {}],
    ['with a guard', { controllers: [OrdersController] }],
    ['with the login route', { controllers: [WechatAuthController] }],
  ])('%s says how to give them', async (_what, metadata) => {
    expect(await problemOf([WechatOAuthModule], metadata)).toMatch(
      /holds WechatOAuthModule without options\. Write WechatOAuthModule\.forRoot\(/,
    );
  });

  it('beside the one with options says so too', async () => {
    expect(await problemOf([WechatOAuthModule.forRoot(APP), WechatOAuthModule])).toMatch(/without options/);
  });
});
