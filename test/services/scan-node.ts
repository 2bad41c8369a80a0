// One machine of a fleet whose desktops sign in by a scan: an application with a Redis connection of
// its own. Its port goes to the parent; it ends when the parent does.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WechatOAuthModule, type WechatOAuthModuleOptions } from '../../lib/index.js';
import { WechatPushModule } from '../../lib/push/index.js';
import { SCAN_CONTROLLERS } from '../support/scan-kit.js';
import { CLIENTS } from './redis-clients.js';
import type { ServerAddress } from './servers.js';

export interface ScanNodeSetup {
  options: WechatOAuthModuleOptions;
  server: ServerAddress;
}

const { options, server } = JSON.parse(process.argv[2]!) as ScanNodeSetup;
process.on('disconnect', () => process.exit());

const { store } = await CLIENTS['ioredis 6']!(server);

@Module({
  imports: [
    WechatOAuthModule.forRoot({ ...options, tokenStore: { useValue: store } }),
    WechatPushModule.register(),
  ],
  controllers: SCAN_CONTROLLERS,
})
class AppModule {}

const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.send!({ port: (app.getHttpServer().address() as AddressInfo).port });
