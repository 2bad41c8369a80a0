// Starts the mock and the application, says where it is, and stops them.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { makeDatabase } from './make-database.js';
import { explain, greet, QuietLogger } from './messages.js';
import { startMockWechat } from './mock-wechat.js';
import { PORT } from './settings.js';

async function start(): Promise<void> {
  await makeDatabase();
  const mock = await startMockWechat();
  const app = await NestFactory.create(AppModule, {
    logger: new QuietLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
    forceCloseConnections: true,
  });

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

  // The mock signs anybody in as anybody, so nobody but this machine gets in.
  await app.listen(PORT, '127.0.0.1');
  console.log(greet());
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
