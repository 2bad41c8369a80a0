// An application that made the client of its store itself, in `useFactory`: closed, it leaves
// nothing behind that keeps the process alive.
import { runScript } from '../support/child-process.js';
import { requireServer } from './servers.js';

const { host, port } = await requireServer('redis');
const REDIS_URL = `redis://${host}:${port}`;

const CLIENTS = {
  ioredis: `const { Redis } = await import('ioredis'); const make = async () => new Redis('${REDIS_URL}');`,
  'ioredis 5': `const { Redis } = await import('ioredis5'); const make = async () => new Redis('${REDIS_URL}');`,
  'node-redis': `const { createClient } = await import('redis'); const make = () => createClient({ url: '${REDIS_URL}' }).connect();`,
  'a pool of node-redis': `const { createClientPool } = await import('redis'); const make = () => createClientPool({ url: '${REDIS_URL}' }).connect();`,
  'node-redis 5': `const { createClient } = await import('redis5'); const make = () => createClient({ url: '${REDIS_URL}' }).connect();`,
  'ioredis without a server': `const { Redis } = await import('ioredis'); const make = async () => { const redis = new Redis('redis://127.0.0.1:1', { enableOfflineQueue: false }); redis.on('error', () => {}); return redis; };`,
};
const KEYV = `
  const { default: KeyvRedis } = await import('@keyv/redis');
  const { Keyv } = await import('keyv');
  const { KeyvTokenStore } = await import('./stores/keyv/index.ts');
  const store = async (closeClient) => new KeyvTokenStore(new Keyv(new KeyvRedis('${REDIS_URL}')), { warn: false, closeClient });`;

const run = (client: string, closeClient: boolean, before = '', after = '') =>
  runScript(
    `import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { NestFactory } from '@nestjs/core';
    import { TOKEN_STORE, WechatOAuthModule } from './index.ts';
    import { RedisTokenStore } from './stores/redis/index.ts';
    ${client}
    class AppModule {}
    Module({
      imports: [
        WechatOAuthModule.forRoot({
          appId: 'wx0123456789abcdef',
          secret: '0123456789abcdef0123456789abcdef',
          tokenStore: { useFactory: () => store(${closeClient}) },
        }),
      ],
    })(AppModule);
    const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
    const kept = await app.get(TOKEN_STORE).set('wechat:x:login:closing', 'v', 1_000).then(() => 'kept', () => 'down');
    ${before}
    await app.close();
    ${after}
    process.stdout.write(kept);`,
    8_000,
  );
const redis = (client: string) =>
  `${client}; const store = async (closeClient) => new RedisTokenStore(await make(), { closeClient });`;

describe('A closed application', () => {
  it.each(Object.entries(CLIENTS))('with %s that its store closes ends by itself', (name, client) => {
    const { status, stdout, stderr } = run(redis(client), true);
    const expected = name.includes('without') ? 'down' : 'kept';
    expect([status, stdout, stderr.replace(/\(node:.*|\(Use `node.*/g, '').trim()]).toEqual([
      0,
      expected,
      '',
    ]);
  });

  // One that cannot listen, and one that cannot connect, have nothing more to close.
  it.each(Object.entries(CLIENTS).filter(([name]) => !/pool|without/.test(name)))(
    'with %s ends by itself, too, where somebody listened and the application closes its client',
    (_, client) => {
      const kept = `${client}; let made; const store = async (closeClient) => new RedisTokenStore(made = await make(), { closeClient });`;
      const listen = `const heard = []; await app.get(TOKEN_STORE).subscribe('wechat:x:scan:closing', (message) => heard.push(message));`;
      const { status, stdout, stderr } = run(kept, false, listen, `await made.quit();`);
      expect([status, stdout, stderr.replace(/\(node:.*|\(Use `node.*/g, '').trim()]).toEqual([
        0,
        'kept',
        '',
      ]);
    },
  );

  it('with a Keyv that its store disconnects ends by itself', () => {
    expect(run(KEYV, true)).toMatchObject({ status: 0, stdout: 'kept' });
  });

  it('with a client that nobody closes goes on, which is why there is the option', () => {
    expect(run(redis(CLIENTS['node-redis']), false)).toMatchObject({ status: null, stdout: 'kept' });
  });
});
