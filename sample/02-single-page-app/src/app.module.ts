// The API: the module with its options, the ready-made login routes, and one guarded controller.
import { Module } from '@nestjs/common';
import { WechatAuthController, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { CellarController } from './cellar.controller.js';
import { HomeController } from './home.controller.js';
import { apps, endpoints } from './mock-wechat.js';
import { API_URL, SESSION_SECRET, WEB_URL } from './settings.js';

@Module({
  imports: [
    WechatOAuthModule.forRoot({
      apps,
      publicUrl: API_URL,
      sessionSecret: SESSION_SECRET,
      // A login may end on the page's origin, and the page may send what changes something.
      returnTo: { origins: [WEB_URL] },
      endpoints,
    }),
  ],
  controllers: [CellarController, HomeController, WechatAuthController],
})
export class AppModule {}
