// Processes of a benchmark: each is a file that answers questions, pinned to a core where the
// system can do that.
import { fork, spawnSync } from 'node:child_process';
import { createHook } from 'node:async_hooks';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const canPin = spawnSync('taskset', ['--version']).status === 0 && availableParallelism() > 1;
const started = new Set();

/**
 * Starts `file` and gives what asks it: `ask(question, ...values)` is the answer of the function of
 * that name in `answer({…})`.
 * @param core `server` is measured, `other` makes the work for it, `any` may run where it likes
 */
export async function start(file, core, env = {}) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const options = { env: { ...process.env, NODE_ENV: 'production', ...env }, execArgv: ['--expose-gc'] };
  const child = fork(path, [], { ...options, serialization: 'advanced' });
  started.add(child);
  if (canPin && core !== 'any')
    spawnSync('taskset', ['-a', '-c', '-p', core === 'server' ? '0' : '1', String(child.pid)]);
  const waiting = new Map();
  let last = 0;
  child.on('message', ({ id, value, error }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(`${file}: ${error}`));
    else resolve?.(value);
  });
  child.on('exit', (code) => {
    started.delete(child);
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`));
  });
  const ask = (question, ...values) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.send({ id: last, question, values });
    });
  await ask('ready');
  return { ask, stop: () => child.kill() };
}

export function stopAll() {
  for (const child of started) child.kill();
}

/**
 * What a process of a benchmark answers. `cpu` in µs, `memory` and `heap` in bytes after a collection,
 * `timers` as `timersOf`.
 */
export function answer(questions) {
  const all = {
    ready: () => true,
    cpu: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    memory,
    heap: () => memory().heapUsed,
    timers: timersOf,
    ...questions,
  };
  process.on('message', async ({ id, question, values }) => {
    try {
      process.send({ id, value: await all[question](...values) });
    } catch (error) {
      process.send({ id, error: error.stack ?? String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}

function memory() {
  for (let round = 0; round < 3; round++) globalThis.gc();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

/** How many timers were started within so many ms: those that keep no process alive are listed nowhere. */
async function timersOf(ms) {
  let count = 0;
  const hook = createHook({ init: (_id, type) => void (count += type === 'Timeout' ? 1 : 0) }).enable();
  await new Promise((resolve) => setTimeout(resolve, ms));
  hook.disable();
  // One of them is its own.
  return count - 1;
}
