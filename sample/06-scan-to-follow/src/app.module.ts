// The whole set-up: the option `scan` beside `push`, the module that receives pushes, and the page
// with the code.
import { Module } from '@nestjs/common';
import { WechatAuthController, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { WechatPushModule, WechatScanController } from 'nestjs-wechat-oauth/push';
import { mockOptions } from './mock-wechat.js';
import { OrdersController } from './orders.controller.js';
import { CONFIRM, PUBLIC_URL, PUSH, SESSION_SECRET } from './settings.js';
import { ShopPushHandler } from './shop-push.handler.js';

@Module({
  imports: [
    WechatOAuthModule.forRoot({
      publicUrl: PUBLIC_URL,
      sessionSecret: SESSION_SECRET,
      // "That was not me" on the phone can then end the session.
      session: { revocable: true },
      brand: { name: '一叶茶铺', color: '#2f6b4f' },
      push: PUSH,
      // Everybody at this machine is one client, and somebody who tries things asks for many codes.
      scan: { confirm: CONFIRM, perClient: 100 },
      ...mockOptions,
    }),
    WechatPushModule.register({ handler: { useClass: ShopPushHandler } }),
  ],
  controllers: [OrdersController, WechatAuthController, WechatScanController],
})
export class AppModule {}
