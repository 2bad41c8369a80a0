// Starts the mock, the API and the page's server, says where they are, and stops them.
import 'reflect-metadata';
import { once } from 'node:events';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { startMockWechat } from './mock-wechat.js';
import { API_URL, WEB_URL } from './settings.js';
import { createWebServer } from './web-server.js';

async function start(): Promise<void> {
  const mock = await startMockWechat();

  const api = await NestFactory.create(AppModule, {
    logger: ['warn', 'error'],
    forceCloseConnections: true,
  });
  // Exactly one origin, with cookies. `origin: true` would let every site read what a signed-in
  // person sees.
  api.enableCors({ origin: [WEB_URL], credentials: true });
  // The mock signs anybody in as anybody, so nobody but this machine gets in.
  await api.listen(new URL(API_URL).port, '127.0.0.1');

  const web = await createWebServer(API_URL);
  web.listen(Number(new URL(WEB_URL).port), '127.0.0.1');
  await once(web, 'listening');

  console.log(
    [
      '',
      `  页面   ${WEB_URL}/      history 路由 · history router`,
      `         ${WEB_URL}/hash  hash 路由 · hash router`,
      `  接口   ${API_URL} · the API, another origin`,
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
      web.close();
      web.closeAllConnections();
      await api.close();
      await mock.close();
      console.log('\n已停止 · Stopped.');
    })();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

start().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
