// Starts the mock, lays out an old row, shows what becomes of it, and then serves the new
// application on the old table.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WechatOAuthService } from 'nestjs-wechat-oauth';
import { AppModule } from './after/app.module.js';
import { openDatabase } from './database.js';
import { explain, QuietLogger } from './messages.js';
import { startMockWechat } from './mock-wechat.js';
import { seedOldRow } from './seed.js';
import { PORT, PUBLIC_URL } from './settings.js';
import { tour } from './tour.js';

async function start(): Promise<void> {
  const db = await openDatabase();
  const mock = await startMockWechat();
  const openid = await seedOldRow(db, mock);

  const app = await NestFactory.create(AppModule.with(db), {
    logger: new QuietLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
    forceCloseConnections: true,
  });
  // The mock signs anybody in as anybody, so nobody but this machine gets in.
  await app.listen(PORT, '127.0.0.1');
  console.log(await tour(db, app.get(WechatOAuthService), openid));
  console.log(
    [
      `  新程序 · the new application   ${PUBLIC_URL}/me  ${PUBLIC_URL}/me/profile`,
      `  微信   模拟服务器 ${mock.endpoints.open} · a mock, nothing leaves this machine`,
      '',
      '  Ctrl+C 停止 · stops',
      '',
    ].join('\n'),
  );

  let stopping: Promise<void> | undefined;
  const stop = () => {
    // Ctrl+C comes twice: from the terminal and once more from npm.
    stopping ??= (async () => {
      await app.close();
      await mock.close();
      await db.promise().end();
      console.log('\n已停止 · Stopped.');
    })();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
