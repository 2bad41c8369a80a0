// The shop's users, and their part in a login.
import { Module } from '@nestjs/common';
import { ShopLinker } from './shop-linker.js';
import { ShopLoginHandler } from './shop-login-handler.js';
import { UsersService } from './users.service.js';

const parts = [UsersService, ShopLinker, ShopLoginHandler];

@Module({ providers: parts, exports: parts })
export class UsersModule {}
