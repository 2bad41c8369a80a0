// Starts the sample, says where it is, and stops it. What goes wrong on the way is said in one
// line.
import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { explain, greet, QuietLogger } from './messages.js';
import { Settings } from './settings.js';
import { ownAddress, protectPages } from './shop/headers.js';

async function start(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    logger: new QuietLogger({ logLevels: ['warn', 'error'] }),
    abortOnError: false,
    forceCloseConnections: true,
  });
  const settings = app.get(Settings, { strict: false });
  app.disable('x-powered-by');
  app.use(ownAddress(settings), protectPages(settings));
  app.useStaticAssets(fileURLToPath(new URL('../public', import.meta.url)));
  // The client for mini programs imports nothing, so the page that plays one takes it as it is.
  const client = new URL('.', import.meta.resolve('nestjs-wechat-oauth/client'));
  app.useStaticAssets(fileURLToPath(client), { prefix: '/wechat-client/' });

  let closing: Promise<void> | undefined;
  const stop = () => {
    // Ctrl+C comes twice: from the terminal and once more from npm.
    closing ??= app.close().then(() => console.log('\n已停止 · Stopped.'));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);

  // The mock signs anybody in as anybody, so with it nobody but this machine gets in.
  if (settings.mockPort === undefined) await app.listen(settings.port);
  else await app.listen(settings.port, '127.0.0.1');
  console.log(greet(settings));
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
