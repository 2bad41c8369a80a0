// An application with one mistake in it, as somebody makes it on the first evening:
// node mistakes.mjs <name of the mistake>. What it says is for mistakes.spec.ts.
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  MemoryTokenStore,
  WechatAuthController,
  WechatAuthGuard,
  WechatLoginHandler,
  WechatOAuthModule,
  WechatOAuthService,
} from 'nestjs-wechat-oauth';
import { WechatPushModule, WechatScanController } from 'nestjs-wechat-oauth/push';

// As WeChat makes them; of nobody.
const SECRET = '7d1f0c5a93be48d26f0a1c9e5b374d80';
const good = {
  appId: 'wx0123456789abcdef',
  secret: SECRET,
  publicUrl: 'https://shop.xiaoming.cn',
  sessionSecret: 'Y2FuYXJ5LXNlc3Npb24tc2VjcmV0LTAxMjM0NTY3ODk=',
};
const official = { type: 'official-account', appId: good.appId, secret: SECRET };

class AccountController {
  account() {}
}
Controller('account')(AccountController);
UseGuards(WechatAuthGuard)(AccountController);
Get()(
  AccountController.prototype,
  'account',
  Object.getOwnPropertyDescriptor(AccountController.prototype, 'account'),
);

class Handler extends WechatLoginHandler {}

/** An application whose options differ from the right ones by this. */
const push = {
  token: 'c2VjcmV0UHVzaA',
  encodingAesKey: 'Y2FuYXJ5LXB1c2gta2V5LW9mLXRoZS1taXN0YWtl000'.replace(/[^A-Za-z0-9]/g, '0'),
};
const options = (wrong) => ({ imports: [WechatOAuthModule.forRoot({ ...good, ...wrong })] });
const without = (name) => options({ [name]: undefined });

class Elsewhere {}
Module({ controllers: [AccountController] })(Elsewhere);
class Injects {
  constructor(service) {
    this.service = service;
  }
}
Reflect.defineMetadata('design:paramtypes', [WechatOAuthService], Injects);

const mistakes = {
  'publicUrl with http': () => options({ publicUrl: 'http://shop.xiaoming.cn' }),
  'publicUrl with a port': () => options({ publicUrl: 'https://shop.xiaoming.cn:8443' }),
  'publicUrl without a scheme': () => options({ publicUrl: 'shop.xiaoming.cn' }),
  'publicUrl empty': () => options({ publicUrl: '' }),
  'publicUrl missing': () => without('publicUrl'),
  'publicUrl on localhost': () => options({ publicUrl: 'http://localhost:3000' }),
  'publicUrl with an IP address': () => options({ publicUrl: 'https://203.0.113.7' }),
  'sessionSecret missing': () => without('sessionSecret'),
  'sessionSecret short': () => options({ sessionSecret: 'keyboard cat' }),
  'sessionSecret is the AppSecret': () => options({ sessionSecret: SECRET }),
  'secret undefined': () => without('secret'),
  'secret of one of two undefined': () =>
    options({ appId: undefined, secret: undefined, apps: { official: { ...official, secret: undefined } } }),
  'secret with a line end': () => options({ secret: `${SECRET}\n` }),
  'secret in quotes': () => options({ secret: `"${SECRET}"` }),
  'secret of three characters': () => options({ secret: 'abc' }),
  'appId with blanks': () => options({ appId: ' wx0123456789abcdef' }),
  'appId is the account name': () => options({ appId: 'gh_0123456789ab' }),
  'appId is a number': () => options({ appId: 1234567890 }),
  'appId in capitals': () => options({ appId: 'WX0123456789ABCDEF' }),
  'nothing set': () =>
    options({ appId: undefined, secret: undefined, publicUrl: undefined, sessionSecret: undefined }),
  'type unknown': () => options({ type: 'service-account' }),
  'scope of another type': () => options({ scope: 'snsapi_login' }),
  'option misspelt': () => options({ appID: good.appId, appId: undefined }),
  'option in the singular': () => options({ endpoint: { api: 'https://api.weixin.qq.com' } }),
  'option of a group misspelt': () => options({ session: { tll: 3600 } }),
  'loginHandler in the result of useFactory': () => ({
    imports: [
      WechatOAuthModule.forRootAsync({
        useFactory: () => ({ ...good, loginHandler: { useClass: Handler } }),
      }),
    ],
  }),
  'isGlobal in the result of useFactory': () => ({
    imports: [WechatOAuthModule.forRootAsync({ useFactory: () => ({ ...good, isGlobal: false }) })],
  }),
  'ttl in words': () => options({ session: { ttl: '7d' } }),
  'ttl in milliseconds': () => options({ session: { ttl: 604_800_000 } }),
  'timeout in seconds': () => options({ http: { timeout: 5 } }),
  'memory store in production': () => options({}),
  'endpoints of the mock': () =>
    options({ endpoints: { open: 'http://127.0.0.1:8765', api: 'http://127.0.0.1:8765' } }),
  'dev left in': () => options({ dev: { client: 'wechat' } }),
  'two global modules': () => ({
    imports: [WechatOAuthModule.forRoot(good), WechatOAuthModule.forRoot(good)],
  }),
  'origin with a path': () => options({ returnTo: { origins: ['https://www.xiaoming.cn/app'] } }),
  'origin with a wildcard': () => options({ returnTo: { origins: ['https://*.xiaoming.cn'] } }),
  'origin without a scheme': () => options({ returnTo: { origins: ['www.xiaoming.cn'] } }),
  'brand in a colour by name': () => options({ brand: { name: 'Tea', color: 'red' } }),
  'WechatAuthController forgotten': () => ({ ...options({}), controllers: [AccountController] }),
  'no module': () => ({ imports: [], controllers: [AccountController] }),
  'module without forRoot': () => ({ imports: [WechatOAuthModule] }),
  'guard where the module is not seen': () => ({
    imports: [WechatOAuthModule.forRoot({ ...good, isGlobal: false }), Elsewhere],
    controllers: [],
  }),
  'service without the module': () => ({ imports: [], controllers: [], providers: [Injects] }),
  'loginHandler bare': () => options({ loginHandler: Handler }),
  'tokenStore bare': () => options({ tokenStore: new MemoryTokenStore() }),
  'factory returns nothing': () => ({
    imports: [WechatOAuthModule.forRootAsync({ useFactory: () => undefined })],
  }),
  'no factory': () => ({ imports: [WechatOAuthModule.forRootAsync({})] }),
  'push without a key': () => options({ push: { token: push.token } }),
  'push module without push': () => ({
    imports: [WechatOAuthModule.forRoot(good), WechatPushModule.register()],
  }),
  'push module alone': () => ({ imports: [WechatPushModule.register()], controllers: [] }),
  'scan without push': () => options({ scan: true }),
  'scan of a website app': () => options({ type: 'website', scan: true }),
  'scan as a word': () => options({ push, scan: 'code' }),
  'scan for an hour': () => options({ push, scan: { lifetime: 3600 } }),
  'scan without its page': () => ({
    imports: [WechatOAuthModule.forRoot({ ...good, push, scan: true }), WechatPushModule.register()],
  }),
  'WechatScanController without WechatPushModule': () => ({
    ...options({ push, scan: true }),
    controllers: [WechatAuthController, WechatScanController],
  }),
};

const [, , name] = process.argv;
if (name === '--names') console.log(JSON.stringify(Object.keys(mistakes)));
else {
  const { controllers = [AccountController, WechatAuthController], ...rest } = mistakes[name]();
  class AppModule {}
  Module({ controllers, ...rest })(AppModule);
  const app = await NestFactory.create(AppModule);
  await app.listen(0, '127.0.0.1');
  await app.close();
}
