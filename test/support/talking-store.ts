// A store as Redis is one: it tells between processes, and each question costs an operation.
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';

/** Writes down what it is asked, and can be switched off, as a whole or by the operation. */
export class QuietStore extends MemoryTokenStore {
  /** `<operation> <kind of entry>`, in the order of asking. */
  readonly asked: string[] = [];
  /** What fails: `get`, `setIfAbsent` and so on. */
  readonly failing = new Set<string>();

  override get = (key: string) => this.ask('get', key, () => super.get(key));
  override set = (key: string, value: string, ttl: number) =>
    this.ask('set', key, () => super.set(key, value, ttl));
  override setIfAbsent = (key: string, value: string, ttl: number) =>
    this.ask('setIfAbsent', key, () => super.setIfAbsent(key, value, ttl));
  override replaceIfEqual = (key: string, old: string, value: string | undefined, ttl: number) =>
    this.ask('replaceIfEqual', key, () => super.replaceIfEqual(key, old, value, ttl));

  protected async ask<T>(operation: string, key: string, go: () => Promise<T>): Promise<T> {
    this.asked.push(`${operation} ${key.split(':')[2]}`);
    if (this.failing.has(operation)) throw new TypeError(`cannot ${operation} ${key}`);
    return go();
  }
}

/** With the two that Redis has: everybody who listens is told, the one who says it too. */
export class TalkingStore extends QuietStore {
  readonly heard = new Map<string, Set<(message: string) => void>>();
  /** What was said, as it went through the store. */
  readonly said: string[] = [];

  override publish = (channel: string, message: string): Promise<void> =>
    this.ask('publish', channel, async () => {
      this.said.push(message);
      for (const listener of this.heard.get(channel) ?? []) setImmediate(() => listener(message));
    });

  override subscribe = async (channel: string, listener: (message: string) => void) => {
    if (this.failing.has('subscribe')) throw new TypeError('cannot subscribe');
    const listeners = this.heard.get(channel) ?? new Set();
    this.heard.set(channel, listeners.add(listener));
    return async () => void listeners.delete(listener);
  };
}
