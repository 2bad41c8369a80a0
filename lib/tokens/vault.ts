// The one way to the token store: names the keys, seals the values, and makes an outage a miss
// instead of an error.
import { randomBytes } from 'node:crypto';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { Runtime } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import type { Sealer } from '../sealing/sealer.js';
import { inTime } from './in-time.js';
import { StoreNews } from './store-news.js';
import type { TokenStore } from './token-store.js';

/** What is kept, and under which kind its key stands. */
export type VaultKind =
  | 'token'
  | 'session-key'
  | 'claim'
  | 'code'
  | 'login'
  | 'ended'
  | 'lease'
  | 'app-token'
  | 'js-ticket'
  | 'push'
  | 'scan'
  | 'scan-slot';

/** An entry and the exact text it was read from, which is what a compare-and-set compares. */
export interface VaultEntry<T> {
  readonly value: T;
  readonly raw: string;
}

/** Whether an object is what the caller keeps under that key; what is not counts as missing. */
export type VaultShape = (value: Record<string, unknown>) => boolean;

/** What a write came to; `down` when the store could not be asked. */
export type VaultWrite = 'done' | 'refused' | 'down';

/**
 * What the store is asked to do. It may be able to do one and not another: a replica reads, a
 * script may be forbidden.
 */
type Operation = keyof Pick<TokenStore, 'get' | 'set' | 'setIfAbsent' | 'replaceIfEqual'>;

/** Reads or writes. Times in ms by the monotonic clock. */
interface Side {
  /** Its last answer, or refusal, was a long time coming. */
  slow: boolean;
  leftAloneUntil: number;
  answeredAt: number;
}

/**
 * Marks of sessions hide nothing, and a change of secrets must not make one unreadable: it may be
 * what keeps somebody out.
 */
const IN_CLEAR = /^wechat:[^:]*:ended:/;

/** A store that comes and goes is told of once in this time, in ms. */
const TOLD_EVERY_MS = 10_000;

/** The token store as the module sees it: sealed, with patience, never in the way. */
export class Vault implements OnApplicationShutdown {
  /** Word between processes. Its channels are named by `key`, too. */
  readonly news: StoreNews;
  private readonly logger = new Logger('WechatOAuth');
  private readonly reads: Side = { slow: false, leftAloneUntil: -Infinity, answeredAt: -Infinity };
  private readonly writes: Side = { ...this.reads };
  /** What failed when it was asked last. */
  private readonly failing = new Set<Operation>();
  private toldOfOutage = false;
  private quietUntil = -Infinity;
  private warnedOfUnreadable = false;
  private closed = false;

  constructor(
    private readonly store: TokenStore,
    private readonly sealer: Sealer,
    private readonly events: WechatEvents,
    private readonly runtime: Pick<Runtime, 'monotonic'>,
    /** How long an answer of the store is waited for, in ms. */
    private readonly patienceMs = 1_000,
  ) {
    this.news = new StoreNews(store, patienceMs);
  }

  /**
   * The store's client may be closed now, so that work which nobody waits for any more does not
   * find an outage.
   */
  onApplicationShutdown(): void {
    this.closed = true;
    this.news.close();
  }

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
    const raw = await this.ask('get', () => this.store.get(key));
    if (raw === DOWN) return 'down';
    if (raw === undefined) return undefined;
    const value = this.unpack<T>(key, raw, shape);
    return value === undefined ? undefined : { value, raw };
  }

  async write(key: string, value: object, ttlMs: number): Promise<VaultWrite> {
    const answer = await this.ask('set', () => this.store.set(key, this.pack(key, value), ttlMs));
    return answer === DOWN ? 'down' : 'done';
  }

  async create(key: string, value: object, ttlMs: number): Promise<VaultWrite> {
    return outcome(
      await this.ask('setIfAbsent', () => this.store.setIfAbsent(key, this.pack(key, value), ttlMs)),
    );
  }

  /** @param value undefined removes the entry */
  async replace(key: string, raw: string, value: object | undefined, ttlMs: number): Promise<VaultWrite> {
    const packed = value === undefined ? undefined : this.pack(key, value);
    return outcome(
      await this.ask('replaceIfEqual', () => this.store.replaceIfEqual(key, raw, packed, ttlMs)),
    );
  }

  /**
   * As `create`, or with the text that it takes the place of as `replace`; gives the entry that
   * stands there then, for a caller that will replace it in turn.
   */
  async put<T extends object>(
    key: string,
    value: T,
    ttlMs: number,
    instead?: string,
  ): Promise<VaultEntry<T> | 'refused' | 'down'> {
    const raw = this.pack(key, value);
    const written = outcome(
      instead === undefined
        ? await this.ask('setIfAbsent', () => this.store.setIfAbsent(key, raw, ttlMs))
        : await this.ask('replaceIfEqual', () => this.store.replaceIfEqual(key, instead, raw, ttlMs)),
    );
    return written === 'done' ? { value, raw } : written;
  }

  /**
   * Compare-and-set with a few more tries: `change` gets what is there (undefined: nothing that can
   * be read) and gives what shall be there (undefined: leave it). A store that is down is left
   * alone.
   * @param tries the default is for entries of which the newest may win: each loss means that
   * another writer has just been here
   */
  async update<T extends object>(
    key: string,
    change: (current: T | undefined) => T | undefined,
    ttlMs: (next: T) => number,
    shape: VaultShape = anyObject,
    tries = 3,
  ): Promise<VaultWrite> {
    for (let round = 0; round < tries; round++) {
      const raw = await this.ask('get', () => this.store.get(key));
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
   * The right to do something alone for a while; the result gives it back. Undefined: somebody else
   * has it. It is never prolonged, and it only saves work: whoever holds it too long, or gets it
   * because the store is down, still has to win the compare-and-set.
   */
  async lease(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    const holder = randomBytes(16).toString('hex');
    const taken = outcome(await this.ask('setIfAbsent', () => this.store.setIfAbsent(key, holder, ttlMs)));
    if (taken === 'refused') return undefined;
    return async () => {
      if (taken === 'done')
        await this.ask('replaceIfEqual', () => this.store.replaceIfEqual(key, holder, undefined, 0));
    };
  }

  private isSealed(key: string): boolean {
    return this.sealer.configured && !IN_CLEAR.test(key) && this.store.keepsInClear?.(key) !== true;
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

  private async ask<T>(operation: Operation, question: () => Promise<T>): Promise<T | typeof DOWN> {
    const side = operation === 'get' ? this.reads : this.writes;
    const { monotonic } = this.runtime;
    if (this.closed || monotonic() < side.leftAloneUntil) return DOWN;
    // One caller at a time finds out whether a slow store is well again; the others go on without
    // it.
    if (side.slow) this.leaveAlone(side);
    const askedAt = monotonic();
    const startedAt = performance.now();
    try {
      const answer = await inTime(question(), this.patienceMs);
      side.slow = false;
      side.leftAloneUntil = -Infinity;
      side.answeredAt = monotonic();
      // A "no" has written nothing, and a replica says it too.
      if (answer !== false) this.hasWorked(operation);
      return answer;
    } catch (error) {
      // A store that takes its time to fail, by our patience or by its client's, is not asked again
      // at once: each question would cost a login as much.
      side.slow = performance.now() - startedAt > this.patienceMs / 4;
      if (side.slow) {
        // What holds up one side holds up the other, unless that has answered meanwhile.
        const other = side === this.reads ? this.writes : this.reads;
        for (const one of other.answeredAt > askedAt ? [side] : [side, other]) {
          one.slow = true;
          this.leaveAlone(one);
        }
      }
      this.hasFailed(operation, error);
      return DOWN;
    }
  }

  private leaveAlone(side: Side): void {
    side.leftAloneUntil = this.runtime.monotonic() + this.patienceMs;
  }

  private hasFailed(operation: Operation, error: unknown): void {
    // It was asked before the application was closed, and its client may have been closed
    // meanwhile.
    if (this.closed) return;
    this.failing.add(operation);
    if (this.toldOfOutage || this.runtime.monotonic() < this.quietUntil) return;
    this.toldOfOutage = true;
    this.quietUntil = this.runtime.monotonic() + TOLD_EVERY_MS;
    const problem = operation === 'get' ? 'read' : 'written';
    this.logger.error(
      `The token store cannot be ${problem} (${describe(error)}); logins go on without it until it can.`,
    );
    this.events.emit({ type: 'store.down' });
  }

  /**
   * An outage is over when all has worked that had failed: that a replica can be read says nothing
   * of its writes.
   */
  private hasWorked(operation: Operation): void {
    this.failing.delete(operation);
    if (!this.toldOfOutage || this.failing.size > 0) return;
    this.toldOfOutage = false;
    this.logger.log('The token store works again.');
    this.events.emit({ type: 'store.up' });
  }
}

/**
 * The class of an error, and its code or the word in capitals that it begins with, e.g.
 * `ReplyError READONLY`. Never more of it: drivers put whole commands, values included, into their
 * messages.
 */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { code?: unknown };
  const word =
    /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0] ??
    (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined);
  return word === undefined ? error.constructor.name : `${error.constructor.name} ${word}`;
}

const DOWN = Symbol('down');
const anyObject: VaultShape = () => true;

function outcome(answer: boolean | typeof DOWN): VaultWrite {
  if (answer === DOWN) return 'down';
  return answer ? 'done' : 'refused';
}
