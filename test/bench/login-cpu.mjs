// What a login and a profile cost a service, beside other libraries.
import { start } from './processes.mjs';
import { compare } from './rounds.mjs';

export const LIBRARIES = ['node:http', 'co-wechat-oauth', 'wechat-oauth', 'nest-wechat', 'ours'];

/** @returns for each other side, what `compare` found, in µs of the processor for each */
export async function measureLogins({ what, rounds, count = 300, sides = LIBRARIES.slice(0, -1) }) {
  const wechat = await start('wechat.mjs', 'other');
  const WECHAT_URL = await wechat.ask('url');
  const processes = {};
  for (const SIDE of [...sides, 'ours']) {
    processes[SIDE] = await start('library.mjs', 'server', { SIDE, WECHAT_URL });
    await processes[SIDE].ask('run', 'login', 1_500);
    if (what !== 'login') await processes[SIDE].ask('run', what, 1_500);
  }
  const figures = {};
  for (const side of sides) {
    figures[side] = await compare(
      () => processes.ours.ask('run', what, count),
      () => processes[side].ask('run', what, count),
      rounds,
    );
  }
  for (const one of [wechat, ...Object.values(processes)]) one.stop();
  return figures;
}

/**
 * Wall time of a thousand callers on one expired token beside that of one, WeChat answering in
 * 50 ms; in µs.
 */
export async function measureRefresh({ rounds, callers = 1_000 }) {
  const wechat = await start('wechat.mjs', 'other');
  const WECHAT_URL = await wechat.ask('url');
  const ours = await start('library.mjs', 'server', { SIDE: 'ours', WECHAT_URL });
  await ours.ask('run', 'login', 1_500);
  await wechat.ask('delay', 50);
  for (let round = 0; round < 5; round++) await ours.ask('refresh', callers);
  const found = await compare(
    () => ours.ask('refresh', callers),
    () => ours.ask('refresh', 1),
    rounds,
  );
  for (const one of [wechat, ours]) one.stop();
  return found;
}
