// Starts the mock and the application, fills in the console, says where everything is, and stops it.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WechatEvents } from 'nestjs-wechat-oauth';
import { AppModule } from './app.module.js';
import { explain, greet, QuietLogger, tell } from './messages.js';
import { setUpPush, startMockWechat } from './mock-wechat.js';
import { PORT } from './settings.js';

async function start(): Promise<void> {
  const mock = await startMockWechat();
  const app = await NestFactory.create(AppModule, {
    logger: new QuietLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
    forceCloseConnections: true,
  });
  app.get(WechatEvents).events$.subscribe(tell);
  // The mock signs anybody in as anybody, so nobody but this machine gets in.
  await app.listen(PORT, '127.0.0.1');
  await setUpPush(mock);
  console.log(greet());

  let stopping: Promise<void> | undefined;
  const stop = () => {
    // Ctrl+C comes twice: from the terminal and once more from npm.
    stopping ??= (async () => {
      await app.close();
      await mock.close();
      console.log('\n已停止 · Stopped.');
    })();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
