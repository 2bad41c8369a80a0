// A token store that can be switched off.
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';

/** Fails with a message that names what it was asked to keep, as drivers do. */
export class FlakyStore extends MemoryTokenStore {
  mode: 'up' | 'rejects' | 'throws' | 'throws text' = 'up';

  override get = async (key: string) => this.through(key, () => super.get(key));
  override set = async (key: string, value: string, ttl: number) =>
    this.through(value, () => super.set(key, value, ttl));
  override delete = async (key: string) => this.through(key, () => super.delete(key));
  override setIfAbsent = async (key: string, value: string, ttl: number) =>
    this.through(value, () => super.setIfAbsent(key, value, ttl));
  override replaceIfEqual = (key: string, old: string, value: string | undefined, ttl: number) =>
    this.through(`${value}`, () => super.replaceIfEqual(key, old, value, ttl));

  private through<T>(asked: string, go: () => Promise<T>): Promise<T> {
    // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- drivers do such things
    if (this.mode === 'throws text') throw `cannot keep ${asked}`;
    if (this.mode === 'throws') throw new RangeError(`cannot keep ${asked}`);
    return this.mode === 'up' ? go() : Promise.reject(new TypeError(`cannot keep ${asked}`));
  }
}
