// Starts logins by the hundred thousand, through the guard itself, and tells how much memory they
// left behind. Ends when nothing keeps the process alive.
import 'reflect-metadata';
import { Controller, type ExecutionContext, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { GuardSetup } from '../../lib/auth/guard-setup.js';
import { GUARD_SETUP } from '../../lib/auth/wechat-auth.guard.js';
import { WechatAuthGuard, WechatEvents, WechatOAuthModule } from '../../lib/index.js';

export interface FloodSetup {
  starts: number;
}

export interface FloodReport {
  started: number;
  states: number;
  /** Bytes of heap that are still in use afterwards. */
  growth: number;
}

const { starts } = JSON.parse(process.argv[2]!) as FloodSetup;

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list(): void {}
}

@Module({
  imports: [
    WechatOAuthModule.forRoot({
      apps: {
        official: { type: 'official-account', appId: 'wx00000000official', secret: 's' },
        website: { type: 'website', appId: 'wx000000000website', secret: 's' },
      },
      publicUrl: 'https://shop.example.com',
      sessionSecret: 'session-secret-canary-0123456789abcdef',
    }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
await app.init();
const guard = Object.assign(new WechatAuthGuard(), { [GUARD_SETUP]: app.get(GuardSetup) });
const counts = () => app.get(WechatEvents).flowCounts();
const states = new Uint32Array(256);

/** One visitor after the other, none of whom comes back. */
function start(index: number): Promise<void> {
  return new Promise((resolve) => {
    const headers = {
      host: index % 3 ? 'shop.example.com' : `host-${index}.example`,
      accept: 'text/html',
      'user-agent': index % 2 ? `Chrome/${index}` : `iPhone MicroMessenger/8.0.${index}`,
      cookie: `__Host-wechat_flow_00000000_00000000=v1.${index}; other=${index}`,
      authorization: index % 5 ? undefined : `Bearer ${index}`,
    };
    const request = { method: 'GET', url: `/orders?visitor=${index}`, headers };
    const response = {
      set(name: string, value: string) {
        if (name !== 'Location') return;
        // Spread evenly, if every one is new; keeping them all would be the growth we look for.
        states[Number.parseInt(new URL(value).searchParams.get('state')!.slice(1, 3), 16)]! += 1;
      },
      append: () => response,
      status: () => response,
      send: () => resolve(),
    };
    const context = {
      getType: () => 'http',
      getClass: () => OrdersController,
      getHandler: () => OrdersController.prototype.list,
      switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
    };
    // Never settles: the request is answered.
    void guard.canActivate(context as unknown as ExecutionContext);
  });
}

async function heapAfter(from: number, to: number): Promise<number> {
  for (let index = from; index < to; index++) await start(index);
  globalThis.gc!();
  return process.memoryUsage().heapUsed;
}

// Code is compiled and caches fill on the way; only what comes after counts.
const before = await heapAfter(0, 2_000);
const after = await heapAfter(2_000, 2_000 + starts);
const started = Object.values(counts()).reduce((sum, count) => sum + count.started, 0);
process.send!({
  started: started - 2_000,
  states: states.reduce((sum, count) => sum + count, 0) - 2_000,
  growth: after - before,
} satisfies FloodReport);
