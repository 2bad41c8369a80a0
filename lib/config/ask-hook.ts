// Asks a hook of the application. Hooks stand in the way of every login, so a mistake in one must
// not keep anybody out.
import type { WechatConfig } from './wechat-config.js';
import { warnOnce } from '../common/warn-once.js';

/**
 * What the hook says, or undefined, which leaves it to the module: it said nothing, threw, or gave
 * what no such hook may give. A mistake is one line in the log.
 * @param name as in the options, e.g. `hooks.selectApp`
 */
export function askHook<T>(
  config: WechatConfig,
  name: string,
  ask: () => unknown,
  accepts: (said: unknown) => said is T,
): T | undefined {
  let why: string;
  try {
    const said = ask();
    if (accepts(said)) return said;
    if (said === undefined || said === null) return undefined;
    const isPromise = typeof (said as { then?: unknown }).then === 'function';
    // Nobody waits for it, but one that fails would end the process.
    if (isPromise) void Promise.resolve(said).catch(() => undefined);
    why = isPromise ? 'returned a promise, for which a request does not wait' : 'returned what it may not';
  } catch (error) {
    // Only the class: what the message holds nobody knows.
    why = `threw ${error instanceof Error ? error.constructor.name : typeof error}`;
  }
  warnOnce(config, name, name, `${name} ${why}; the module chose by itself.`);
  return undefined;
}
