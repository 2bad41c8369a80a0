// The first process: starts the mock and the processes of the application, hands every connection
// to the next one in turn, and stops them.
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { explain, greet, missingRedis } from './messages.js';
import { startMockWechat } from './mock-wechat.js';
import { PROCESSES, REDIS_URL, SESSION_SECRET, STORE } from './settings.js';

async function start(): Promise<void> {
  if (STORE === 'redis') await requireRedis();
  const mock = await startMockWechat();

  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./instance.js', import.meta.url)) });
  const workers: Worker[] = [];
  while (workers.length < PROCESSES) workers.push(await startInstance());

  let stopping = false;
  cluster.on('exit', ({ id }) => {
    if (!stopping)
      console.log(`  进程 ${id} 已退出，其余继续 · Process ${id} has ended; what is left goes on.`);
    if (Object.keys(cluster.workers!).length > 0) return;
    mock.close().then(() => console.log('\n已停止 · Stopped.'));
  });
  const stop = () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers!)) worker!.process.kill('SIGTERM');
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);

  console.log(greet(workers.map((worker) => worker.process.pid)));
}

/** Resolves when it listens. One after the other, so that what is wrong is said once. */
async function startInstance(): Promise<Worker> {
  const worker = cluster.fork({ SESSION_SECRET });
  // It has said why.
  worker.once('exit', leave);
  await once(worker, 'listening');
  worker.off('exit', leave);
  return worker;
}

function leave(): never {
  process.exit(1);
}

async function requireRedis(): Promise<void> {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, connectTimeout: 3_000, retryStrategy: () => null });
  let reason = 'no answer';
  redis.on('error', (error: NodeJS.ErrnoException) => (reason = error.code ?? error.message));
  try {
    await redis.connect();
    await redis.ping();
  } catch {
    throw missingRedis(reason);
  } finally {
    redis.disconnect();
  }
}

start().catch((error: unknown) => {
  console.error(explain(error));
  process.exit(1);
});
