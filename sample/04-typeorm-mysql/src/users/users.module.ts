// The shop's users, and their part in a login.
import { Module } from '@nestjs/common';
import { ShopLoginHandler } from './shop-login-handler.js';
import { UsersService } from './users.service.js';

@Module({ providers: [UsersService, ShopLoginHandler], exports: [UsersService, ShopLoginHandler] })
export class UsersModule {}
