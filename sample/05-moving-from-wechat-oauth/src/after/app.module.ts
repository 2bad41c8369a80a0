// After: the module reads and writes the old table through the old functions. `/login`, `/callback`
// and the session are gone: the guard does that.
import { type DynamicModule, Module } from '@nestjs/common';
import type { Pool } from 'mysql2';
import { MemoryTokenStore, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { CallbackTokenStore } from 'nestjs-wechat-oauth/callback';
import { mockOptions } from '../mock-wechat.js';
import { PUBLIC_URL, SESSION_SECRET } from '../settings.js';
import { MeController } from './me.controller.js';
import { oldFunctions } from './old-functions.js';

@Module({})
export class AppModule {
  static with(db: Pool): DynamicModule {
    return {
      module: AppModule,
      imports: [
        WechatOAuthModule.forRoot({
          publicUrl: PUBLIC_URL,
          sessionSecret: SESSION_SECRET,
          ...mockOptions,
          tokenStore: {
            useFactory: () =>
              new CallbackTokenStore(oldFunctions(db), {
                // What the old table has no place for. With several processes: a RedisTokenStore,
                // as in sample 03.
                rest: new MemoryTokenStore(),
              }),
          },
        }),
      ],
      controllers: [MeController],
    };
  }
}
