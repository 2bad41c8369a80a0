// One machine of a fleet: a small application in a process of its own. Its port and its logins go
// to the parent; it ends when the parent does.
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatLogin,
  WechatOAuthModule,
  type WechatOAuthModuleOptions,
  WechatUser,
} from '../../lib/index.js';
import { TcpTokenStore } from './tcp-store.js';

export interface FleetNodeSetup {
  options: Omit<WechatOAuthModuleOptions, 'now'>;
  storePort: number;
}

export type FleetNodeMessage = { port: number } | { login: string };
/** Moves the node's clock ahead. */
export interface FleetNodeOrder {
  advance: number;
}

const { options, storePort } = JSON.parse(process.argv[2]!) as FleetNodeSetup;
const tell = (message: FleetNodeMessage) => void process.send!(message);
let ahead = 0;

process.on('message', ({ advance }: FleetNodeOrder) => (ahead += advance));
process.on('disconnect', () => process.exit());

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(@WechatUser() user: WechatIdentity) {
    return { openid: user.openid };
  }
}

@Module({
  imports: [
    WechatOAuthModule.forRoot({
      ...options,
      now: () => Date.now() + ahead,
      tokenStore: { useValue: new TcpTokenStore(storePort) },
      loginHandler: {
        useValue: { onLogin: async ({ identity }: WechatLogin) => tell({ login: identity.openid }) },
      },
    }),
  ],
  controllers: [OrdersController, WechatAuthController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
tell({ port: (app.getHttpServer().address() as AddressInfo).port });
