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
      // One address for WeChat to come back to, for consoles that want it exactly.
      callbackPath: '/wechat/callback',
      // As the console hands it out when that host is registered; answered at the root, before any guard.
      verificationFiles: ['MP_verify_A1b2C3d4E5f6G7h8.txt'],
      sessionSecret: SESSION_SECRET,
      // A login may end on the page's origin, and the page may send what changes something.
      returnTo: { origins: [WEB_URL] },
      endpoints,
    }),
  ],
  controllers: [CellarController, HomeController, WechatAuthController],
})
export class AppModule {}
