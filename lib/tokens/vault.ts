// The one way to the token store: names the keys, seals the values, and makes an outage a miss instead of an error.
import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Runtime } from '../runtime.js';
import { WechatEvents } from '../wechat-events.js';
import type { Sealer } from '../sealing/sealer.js';
import type { TokenStore } from './token-store.js';

/** What is kept, and under which kind its key stands. */
export type VaultKind = 'token' | 'session-key' | 'claim' | 'code' | 'login' | 'ended' | 'lease';

/** An entry and the exact text it was read from, which is what a compare-and-set compares. */
export interface VaultEntry<T> {
  readonly value: T;
  readonly raw: string;
}

/** Whether an object is what the caller keeps under that key; what is not counts as missing. */
export type VaultShape = (value: Record<string, unknown>) => boolean;

/** What a write came to; `down` when the store could not be asked. */
export type VaultWrite = 'done' | 'refused' | 'down';

export class Vault {
  private readonly logger = new Logger('WechatOAuth');
  private down = false;
  private warnedOfUnreadable = false;
  /** Its last answer, or refusal, was a long time coming. */
  private slow = false;
  /** Milliseconds since 1970. */
  private silentUntil = 0;

  constructor(
    private readonly store: TokenStore,
    private readonly sealer: Sealer,
    private readonly events = new WechatEvents(),
    private readonly runtime: Pick<Runtime, 'now'> = { now: Date.now },
    /** How long an answer of the store is waited for, in ms. */
    private readonly patienceMs = 1_000,
  ) {}

  key(appId: string, kind: VaultKind, id: string): string {
    return `wechat:${appId}:${kind}:${id}`;
  }

  /** Undefined when there is none, when it cannot be opened, and when the store is down. */
  async read<T>(key: string, shape: VaultShape = anyObject): Promise<VaultEntry<T> | undefined> {
    const found = await this.look<T>(key, shape);
    return found === 'down' ? undefined : found;
  }

  /** As `read`, for callers to whom an outage is not the same as nothing. */
  async look<T>(key: string, shape: VaultShape = anyObject): Promise<VaultEntry<T> | 'down' | undefined> {
    const raw = await this.ask(() => this.store.get(key));
    if (raw === DOWN) return 'down';
    if (raw === undefined) return undefined;
    const value = this.unpack<T>(key, raw, shape);
    return value === undefined ? undefined : { value, raw };
  }

  async write(key: string, value: object, ttlMs: number): Promise<VaultWrite> {
    const answer = await this.ask(() => this.store.set(key, this.pack(key, value), ttlMs));
    return answer === DOWN ? 'down' : 'done';
  }

  async create(key: string, value: object, ttlMs: number): Promise<VaultWrite> {
    return outcome(await this.ask(() => this.store.setIfAbsent(key, this.pack(key, value), ttlMs)));
  }

  /** @param value undefined removes the entry */
  async replace(key: string, raw: string, value: object | undefined, ttlMs: number): Promise<VaultWrite> {
    const packed = value === undefined ? undefined : this.pack(key, value);
    return outcome(await this.ask(() => this.store.replaceIfEqual(key, raw, packed, ttlMs)));
  }

  /**
   * Compare-and-set with a few more tries: `change` gets what is there (undefined: nothing that can be read) and gives what shall be there (undefined:
   * leave it). A store that is down is left alone.
   * @param tries the default is for entries of which the newest may win: each loss means that another writer has just been here
   */
  async update<T extends object>(
    key: string,
    change: (current: T | undefined) => T | undefined,
    ttlMs: (next: T) => number,
    shape: VaultShape = anyObject,
    tries = 3,
  ): Promise<VaultWrite> {
    for (let round = 0; round < tries; round++) {
      const raw = await this.ask(() => this.store.get(key));
      if (raw === DOWN) return 'down';
      const next = change(raw === undefined ? undefined : this.unpack<T>(key, raw, shape));
      if (next === undefined) return 'done';
      const ttl = ttlMs(next);
      const written =
        raw === undefined ? await this.create(key, next, ttl) : await this.replace(key, raw, next, ttl);
      if (written !== 'refused') return written;
    }
    return 'refused';
  }

  /**
   * The right to do something alone for a while; the result gives it back. Undefined: somebody else has it. It is never prolonged, and it only saves work:
   * whoever holds it too long, or gets it because the store is down, still has to win the compare-and-set.
   */
  async lease(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    const holder = randomBytes(16).toString('hex');
    const taken = outcome(await this.ask(() => this.store.setIfAbsent(key, holder, ttlMs)));
    if (taken === 'refused') return undefined;
    return async () => {
      if (taken === 'done') await this.ask(() => this.store.replaceIfEqual(key, holder, undefined, 0));
    };
  }

  private isSealed(key: string): boolean {
    return this.sealer.configured && this.store.keepsInClear?.(key) !== true;
  }

  private pack(key: string, value: object): string {
    const text = JSON.stringify(value);
    return this.isSealed(key) ? this.sealer.seal('store', key, text) : text;
  }

  private unpack<T>(key: string, raw: string, shape: VaultShape): T | undefined {
    const text = this.isSealed(key) ? this.sealer.open('store', key, raw) : raw;
    try {
      const value: unknown = text === undefined ? undefined : JSON.parse(text);
      if (typeof value === 'object' && value !== null && shape(value as Record<string, unknown>)) {
        return value as T;
      }
    } catch {
      // Falls through: not JSON is one of the ways in which a value is not ours.
    }
    if (!this.warnedOfUnreadable) {
      this.warnedOfUnreadable = true;
      this.logger.warn(
        'An entry of the token store cannot be opened and counts as missing: sealed with another sessionSecret, or changed. Said once.',
      );
    }
    return undefined;
  }

  private async ask<T>(question: () => Promise<T>): Promise<T | typeof DOWN> {
    if (this.runtime.now() < this.silentUntil) return DOWN;
    // One caller at a time finds out whether a slow store is well again; the others go on without it.
    if (this.slow) this.leaveAlone();
    const askedAt = performance.now();
    try {
      const answer = await this.inTime(question());
      this.slow = false;
      this.silentUntil = 0;
      if (this.down) {
        this.down = false;
        this.logger.log('The token store answers again.');
        this.events.emit({ type: 'store.up' });
      }
      return answer;
    } catch (error) {
      // A store that takes its time to fail, by our patience or by its client's, is not asked again at once: each question would cost a login as much.
      this.slow = performance.now() - askedAt > this.patienceMs / 4;
      if (this.slow) this.leaveAlone();
      if (!this.down) {
        this.down = true;
        // Only the class of the error: drivers put whole commands, values included, into their messages.
        const name = error instanceof Error ? error.constructor.name : typeof error;
        this.logger.error(
          `The token store does not answer (${name}); logins go on without it until it does.`,
        );
        this.events.emit({ type: 'store.down' });
      }
      return DOWN;
    }
  }

  private leaveAlone(): void {
    this.silentUntil = this.runtime.now() + this.patienceMs;
  }

  private async inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      const giveUp = () => reject(new StoreHangs());
      const due = performance.now() + this.patienceMs;
      const judge = () => {
        // A process that stood still (a long computation, a debugger) has not looked at answers meanwhile: its timers run first, so it waits once more.
        const stoodStill = performance.now() - due > this.patienceMs / 4;
        if (stoodStill) timer = setTimeout(giveUp, this.patienceMs).unref();
        else giveUp();
      };
      timer = setTimeout(judge, this.patienceMs).unref();
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

class StoreHangs extends Error {}

const DOWN = Symbol('down');
const anyObject: VaultShape = () => true;

function outcome(answer: boolean | typeof DOWN): VaultWrite {
  if (answer === DOWN) return 'down';
  return answer ? 'done' : 'refused';
}
