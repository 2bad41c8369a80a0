// The whole set-up: the database, the module with its store, its identity linker and its login handler, and the
// controllers.
import { Module } from '@nestjs/common';
import { WechatAuthController, WechatOAuthModule } from 'nestjs-wechat-oauth';
import { TypeOrmTokenStore } from 'nestjs-wechat-oauth/typeorm';
import { DataSource } from 'typeorm';
import { AccountController } from './account.controller.js';
import { DatabaseModule } from './database.module.js';
import { mockOptions } from './mock-wechat.js';
import { PUBLIC_URL, SESSION_SECRET } from './settings.js';
import { ShopLinker } from './users/shop-linker.js';
import { ShopLoginHandler } from './users/shop-login-handler.js';
import { UsersModule } from './users/users.module.js';

@Module({
  imports: [
    DatabaseModule,
    UsersModule,
    WechatOAuthModule.forRoot({
      publicUrl: PUBLIC_URL,
      sessionSecret: SESSION_SECRET,
      session: { revocable: true },
      ...mockOptions,
      imports: [UsersModule],
      tokenStore: {
        useFactory: (database: DataSource) => new TypeOrmTokenStore(database),
        inject: [DataSource],
      },
      identityLinker: { useExisting: ShopLinker },
      loginHandler: { useExisting: ShopLoginHandler },
    }),
  ],
  controllers: [AccountController, WechatAuthController],
})
export class AppModule {}
