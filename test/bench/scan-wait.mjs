// What browsers cost that wait for a phone: memory, and timers.
import { setTimeout as pause } from 'node:timers/promises';
import { start } from './processes.mjs';

/** A beat comes every 15 s. */
const BEAT_MS = 20_000;
/** For so long timers are counted. */
const TIMERS_MS = 5_000;

export async function measureWaiting({ adapter, file = 'waiting.mjs', count = 10_000 }) {
  const server = await start(file, 'server', { ADAPTER: adapter });
  const browsers = await start('streams.mjs', 'other');
  const port = await server.ask('port');
  // The first hundred load what all of them need.
  const requests = await server.ask('flows', count);
  await browsers.ask('open', port, requests.slice(0, 100));
  const timersBefore = await server.ask('timers', TIMERS_MS);
  const before = await server.ask('memory');
  const open = (await browsers.ask('open', port, requests.slice(100))) - 100;
  const after = await server.ask('memory');
  await pause(BEAT_MS);
  const later = await server.ask('memory');
  const figures = {
    open,
    stillOpen: (await browsers.ask('stillOpen')) - 100,
    rss: (after.rss - before.rss) / 1e6,
    heap: (after.heapUsed - before.heapUsed) / 1e6,
    rssLater: (later.rss - before.rss) / 1e6,
    heapLater: (later.heapUsed - before.heapUsed) / 1e6,
    timersBefore,
    timers: await server.ask('timers', TIMERS_MS),
  };
  browsers.stop();
  server.stop();
  return figures;
}
