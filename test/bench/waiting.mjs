// An application whose page of a scan ten thousand browsers have open, and what they cost it.
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { answer } from './processes.mjs';

const { ADAPTER = 'express', PACKAGE = 'nestjs-wechat-oauth' } = process.env;
const own = await import(PACKAGE);
const { WechatPushModule, WechatScanController } = await import(`${PACKAGE}/push`);

/** Between processes nothing is told here, but no process that waits has to read either. */
class TellingStore extends own.MemoryTokenStore {
  async publish() {}
  async subscribe() {
    return async () => {};
  }
}

class AppModule {}
Module({
  imports: [
    own.WechatOAuthModule.forRoot({
      appId: 'wx0000000000000000',
      secret: '0'.padStart(32, 'a'),
      publicUrl: 'http://127.0.0.1',
      sessionSecret: 'a secret of the benchmark, 32 bytes or more',
      tokenStore: { useValue: new TellingStore({ max: 20_000 }) },
      push: { token: 'TokenOfTheBenchmark', encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' },
      scan: true,
    }),
    WechatPushModule.register(),
  ],
  controllers: [own.WechatAuthController, WechatScanController],
})(AppModule);

const platform =
  ADAPTER === 'express' ? [] : [new (await import('@nestjs/platform-fastify')).FastifyAdapter()];
const app = await NestFactory.create(AppModule, ...platform, { logger: ['error'] });
await app.listen(0, '127.0.0.1');

/** The parts themselves: ten thousand codes would take WeChat, and more than an hour. */
const controller = app.get(WechatScanController, { strict: false });
const parts = Object.getOwnPropertySymbols(controller)
  .map((symbol) => controller[symbol])
  .find((one) => one?.door);
const { config, logins } = parts.door;
const [account] = [...config.apps.values()];

answer({
  port: () => app.getHttpServer().address().port,
  /** Requests of browsers that were shown a code just now. */
  async flows(count) {
    const list = [];
    for (let index = 0; index < count; index++) {
      const state = logins.createState(account, 'scan');
      const [id, since] = [randomBytes(32).toString('base64url'), Date.now()];
      const seat = { browser: 'Chrome', system: 'Windows', place: '203.0.*.*' };
      const record = {
        stage: 'waiting',
        url: 'http://weixin.qq.com/q/02',
        since,
        until: since + 300_000,
        seat,
      };
      await parts.waiting.records.create(account, id, record);
      const returnTo = 'http://127.0.0.1/';
      const flow = { state, scope: 'snsapi_base', returnTo, asked: '', at: '', scene: { id, since } };
      const line = logins.start(account, [], flow);
      list.push([`/wechat/scan/events?state=${state}`, { cookie: line.slice(0, line.indexOf(';')) }]);
    }
    return list;
  },
});
