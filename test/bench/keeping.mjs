// What stays in the memory of a process: opened sessions, stored tokens.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MemoryTokenStore, WechatOAuthModule, WechatSessionService } from 'nestjs-wechat-oauth';
import { answer } from './processes.mjs';

class AppModule {}
Module({
  imports: [
    WechatOAuthModule.forRoot({
      apps: { website: { type: 'website', appId: 'wx0000000000000000', secret: '0'.padStart(32, 'a') } },
      publicUrl: 'https://shop.example.com',
      sessionSecret: 'a secret of the benchmark, 32 bytes or more',
    }),
  ],
})(AppModule);
const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const sessions = app.get(WechatSessionService, { strict: false });
let store;

answer({
  async openSessions(count) {
    for (let index = 0; index < count; index++) {
      const { token } = await sessions.issue(undefined, {
        app: 'website',
        appId: 'wx0000000000000000',
        openid: `oBenchmark${String(index).padStart(18, '0')}`,
        unionid: `uBenchmark${String(index).padStart(18, '0')}`,
        scope: ['snsapi_login'],
        isSnapshotUser: false,
        nickname: '小明',
        claims: { userId: index, roles: ['member'] },
      });
      const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } };
      if (!(await sessions.authenticate(request))) throw new Error('nobody');
    }
  },
  /** @returns characters that are stored */
  async storeTokens(count) {
    store = new MemoryTokenStore({ max: count });
    let length = 0;
    for (let index = 0; index < count; index++) {
      const key = `wechat:wx0000000000000000:token:o${String(index).padStart(27, '0')}`;
      // Made anew each time, as a sealed token is: 700 characters.
      const value = Buffer.alloc(525, String(index)).toString('base64url');
      length += key.length + value.length;
      await store.set(key, value, 30 * 86_400_000);
    }
    return length;
  },
});
