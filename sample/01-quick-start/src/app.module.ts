// The whole set-up: the module with its options, and the controllers.
import { Module } from '@nestjs/common';
import { WechatAuthController, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { AccountController } from './account.controller.js';
import { JsSdkController } from './js-sdk.controller.js';
import { PhoneController } from './phone.controller.js';
import { MockWechat, Settings, SettingsModule } from './settings.module.js';
import { ShopModule } from './shop/shop.module.js';

@Module({
  imports: [
    WechatOAuthModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings, MockWechat],
      useFactory: (settings: Settings, mock: MockWechat) => ({
        apps: settings.apps,
        publicUrl: settings.publicUrl,
        sessionSecret: settings.sessionSecret,
        lang: 'zh_CN',
        ...mock.options, // nothing, with the real WeChat
      }),
    }),
    ShopModule,
  ],
  controllers: [AccountController, JsSdkController, PhoneController, WechatAuthController],
})
export class AppModule {}
