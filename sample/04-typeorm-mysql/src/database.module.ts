// The connection, its entities, and the migrations that run with every start: those of the shop and
// the one of the library.
import { TypeOrmModule } from '@nestjs/typeorm';
import { CreateWechatTokens1767225600000, WechatTokenEntity } from 'nestjs-wechat-oauth/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { MYSQL_URL } from './settings.js';
import { CreateUsers1767312000000 } from './users/create-users.migration.js';
import { LinkIdentities1767398400000 } from './users/link-identities.migration.js';
import { User } from './users/user.entity.js';
import { WechatAccount } from './users/wechat-account.entity.js';
import { WechatUnionid } from './users/wechat-unionid.entity.js';

export const databaseOptions = {
  type: 'mysql',
  url: MYSQL_URL,
  charset: 'utf8mb4',
  connectTimeout: 3_000,
  entities: [User, WechatAccount, WechatUnionid, WechatTokenEntity],
  migrations: [CreateUsers1767312000000, LinkIdentities1767398400000, CreateWechatTokens1767225600000],
  migrationsRun: true,
} satisfies DataSourceOptions;

export const DatabaseModule = TypeOrmModule.forRoot(databaseOptions);
