// What a hundred thousand people leave in the heap.
import { start } from './processes.mjs';

export async function measureHeap({ count = 100_000 } = {}) {
  const one = await start('keeping.mjs', 'server');
  await one.ask('openSessions', 500);
  const before = await one.ask('heap');
  await one.ask('openSessions', count);
  const withSessions = await one.ask('heap');
  const length = await one.ask('storeTokens', count);
  const withTokens = await one.ask('heap');
  one.stop();
  return {
    'MiB after that many sessions were opened': (withSessions - before) / 2 ** 20,
    'bytes for each stored token, beyond key and value': (withTokens - withSessions - length) / count,
  };
}
