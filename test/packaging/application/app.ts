// An application as a stranger would write it. applications.spec.ts copies it out of the
// repository, where `nestjs-wechat-oauth` stands for the address of our sources, compiles it once
// as an ES module and once as CommonJS, and runs it. It prints as JSON what its own requests were
// answered.
import 'reflect-metadata';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter as Adapter } from '@nestjs/platform-express';
import { WechatAuthGuard, WechatOAuthModule, WechatUser, type WechatIdentity } from '../../../lib/index.js';
import { signInAs, WechatMockServer } from '../../../lib/testing/index.js';

@Controller('me')
@UseGuards(WechatAuthGuard)
class MeController {
  @Get()
  me(@WechatUser() user: WechatIdentity, @WechatUser('openid') openid: string) {
    return { user, openid };
  }
}

const options = {
  appId: 'wx0123456789abcdef',
  secret: '0123456789abcdef0123456789abcdef',
  sessionSecret: 'a session secret of 32 bytes or more',
};

async function boot(publicUrl: string, extra: object) {
  @Module({
    imports: [WechatOAuthModule.forRoot({ ...options, publicUrl, ...extra })],
    controllers: [MeController],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, new Adapter(), { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  // Not Node's fetch, which says on every request that it is a fetch.
  const get = async (headers: Record<string, string>) => {
    const [answer] = (await once(http.get({ port, path: '/me', headers }), 'response')) as [IncomingMessage];
    const body = (await answer.setEncoding('utf8').toArray()).join('');
    return {
      status: answer.statusCode,
      location: answer.headers.location,
      body: body.startsWith('{') ? (JSON.parse(body) as unknown) : body,
    };
  };
  return { app, get };
}

const WECHAT = 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 MicroMessenger/8.0.50';

async function main() {
  const plain = await boot('https://shop.example.com', {});
  const xhr = await plain.get({ accept: 'application/json' });
  const page = await plain.get({ accept: 'text/html', 'user-agent': WECHAT });
  await plain.app.close();

  const wechat = await WechatMockServer.start();
  const mocked = await boot('http://127.0.0.1:3000', {
    endpoints: wechat.endpoints,
    dev: { allowHttp: true },
  });
  const { cookie } = await signInAs(mocked.app, { openid: 'o-alice' });
  const signedIn = await mocked.get({ accept: 'application/json', cookie });
  await mocked.app.close();
  await wechat.close();

  // Were these two classes, the guard of a CommonJS application would not find the services of an
  // ESM library.
  const imported = await import('../../../lib/index.js');
  const sameClass = imported.WechatAuthGuard === WechatAuthGuard;
  process.stdout.write(JSON.stringify({ xhr, page, signedIn, sameClass }));
}

void main();
