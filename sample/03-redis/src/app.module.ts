// What every process runs: the module with its options and a store that all of them share.
import { Module } from '@nestjs/common';
import { WechatAuthController, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { HomeController } from './home.controller.js';
import { NotingLoginHandler } from './login-handler.js';
import { mockOptions } from './mock-wechat.js';
import { PUBLIC_URL, SESSION_SECRET } from './settings.js';
import { tokenStore } from './token-store.js';

@Module({
  imports: [
    WechatOAuthModule.forRoot({
      publicUrl: PUBLIC_URL,
      // The same in every process. With it alone a login may begin here and end there: nothing of
      // it is kept on the server.
      sessionSecret: SESSION_SECRET,
      // Ends copies of a session too, in every process. This is what each guarded request asks the
      // store for.
      session: { revocable: true },
      ...mockOptions,
      ...tokenStore,
      loginHandler: { useClass: NotingLoginHandler },
    }),
  ],
  controllers: [HomeController, WechatAuthController],
})
export class AppModule {}
