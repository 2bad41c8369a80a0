// One process of the application. It knows nothing of the other but the port, the secret and the
// store.
import 'reflect-metadata';
import type { Server, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { WechatEvents } from 'nestjs-wechat-oauth';
import { AppModule } from './app.module.js';
import { explain, QuietLogger } from './messages.js';
import { PROCESS } from './process-number.js';
import { PORT } from './settings.js';

async function start(): Promise<void> {
  const app = await NestFactory.create(AppModule, {
    logger: new QuietLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
    forceCloseConnections: true,
  });
  app.use((_request: unknown, response: ServerResponse, next: () => void) => {
    response.setHeader('X-Process', PROCESS);
    next();
  });
  // A connection belongs to one process. Browsers keep theirs, so one request each lets you see
  // both; leave this out in earnest.
  (app.getHttpServer() as Server).maxRequestsPerSocket = 1;
  app.get(WechatEvents).events$.subscribe((event) => {
    const what = event.type === 'api.call' ? `${event.type} ${event.endpoint}` : event.type;
    console.log(`  进程 ${PROCESS} · process ${PROCESS}   ${what}`);
  });

  let stopping: Promise<void> | undefined;
  const stop = () => {
    // Ctrl+C comes twice: from the terminal and once more from the first process.
    stopping ??= app.close().then(() => process.exit(0));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);

  // The mock signs anybody in as anybody, so nobody but this machine gets in.
  await app.listen(PORT, '127.0.0.1');
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
