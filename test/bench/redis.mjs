// What a login costs Redis, and how logins grow with processes that share one.
import { Redis } from 'ioredis';
import { start } from './processes.mjs';

const PATH = '/ours/hello';

/** @returns by number of processes: logins a second, commands and µs of Redis' processor for each */
export async function measureRedis({ processes, count = 1_000 }) {
  const prefix = `bench:${process.pid}:`;
  const redis = new Redis();
  const facts = async () => {
    const info = await redis.info('everything');
    const number = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]);
    return {
      cpu: (number('used_cpu_sys') + number('used_cpu_user')) * 1e6,
      commands: number('total_commands_processed'),
    };
  };
  const wechat = await start('wechat.mjs', 'other');
  const WECHAT_URL = await wechat.ask('url');
  const found = {};
  for (const many of processes) {
    const env = { ADAPTER: 'fastify', WECHAT_URL, REDIS_PREFIX: prefix };
    const pairs = await Promise.all(
      Array.from({ length: many }, async () => {
        const app = await start('nest-app.mjs', 'any', env);
        const browser = await start('browser.mjs', 'any');
        return { app, browser, port: await app.ask('port') };
      }),
    );
    const each = Math.ceil(count / many);
    const all = () => Promise.all(pairs.map(({ browser, port }) => browser.ask('logins', port, PATH, each)));
    await all();
    const before = await facts();
    const startedAt = performance.now();
    await all();
    const seconds = (performance.now() - startedAt) / 1_000;
    const after = await facts();
    const logins = each * many;
    found[many] = {
      perSecond: logins / seconds,
      commands: (after.commands - before.commands) / logins,
      cpu: (after.cpu - before.cpu) / logins,
    };
    for (const { app, browser } of pairs) for (const one of [app, browser]) one.stop();
  }
  wechat.stop();
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.unlink(keys);
  redis.disconnect();
  return found;
}
