// The records of logins by a scan in the token store. Every step is one compare-and-set of the text
// that was read; the loser reads again.
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../../../common/runtime.js';
import type { AppConfig } from '../../../config/wechat-config.js';
import type { Vault, VaultEntry } from '../../../tokens/vault.js';
import { isScanRecord, type ScanRecord } from './scan-record.js';

/** What a step came to: `changed` says whether it was this one that changed it. */
export interface Step {
  readonly record: ScanRecord;
  readonly changed: boolean;
}

/** How often a step is tried: two people and their doubles are all that can come in between. */
const TRIES = 8;

/**
 * Told of each step that this process has made: what stands there now, and what stood there before.
 */
export type OnStep = (app: AppConfig, id: string, record: ScanRecord, before: ScanRecord) => void;

/**
 * Security decision: nothing here makes an outage a miss. `down` is told to everybody, and no code
 * is shown, no push answered and nobody signed in by what was not read.
 */
export class ScanRecords {
  /**
   * What was read or written last, to try a step upon without reading it again. Only a write that
   * the store took counts; a few minutes of logins, so it is bounded.
   */
  private readonly last = new LRUCache<string, VaultEntry<ScanRecord>>({ max: 1_000 });
  private readonly listeners: OnStep[] = [];

  constructor(
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  onStep(listener: OnStep): void {
    this.listeners.push(listener);
  }

  /** False when the store did not take it. */
  async create(app: AppConfig, id: string, record: ScanRecord): Promise<boolean> {
    const key = this.keyOf(app, id);
    const put = await this.vault.put(key, record, this.lifeOf(record));
    if (put === 'down' || put === 'refused') return false;
    this.last.set(key, put);
    return true;
  }

  async look(app: AppConfig, id: string): Promise<ScanRecord | 'down' | undefined> {
    const found = await this.read(this.keyOf(app, id));
    return found === 'down' ? 'down' : found?.value;
  }

  /**
   * @param change gives what shall be there, or undefined to leave it; may be asked several times
   * @returns undefined where there is no record
   */
  async step(
    app: AppConfig,
    id: string,
    change: (record: ScanRecord) => ScanRecord | undefined,
  ): Promise<Step | 'down' | undefined> {
    const key = this.keyOf(app, id);
    let known = this.last.get(key);
    for (let round = 0; round < TRIES; round++) {
      const found: VaultEntry<ScanRecord> | 'down' | undefined = known ?? (await this.read(key));
      if (found === 'down' || found === undefined) return found;
      const next = change(found.value);
      if (next !== undefined) {
        const put = await this.vault.put(key, next, this.lifeOf(next), found.raw);
        if (put === 'down') return 'down';
        if (put !== 'refused') {
          this.last.set(key, put);
          for (const listener of this.listeners) listener(app, id, next, found.value);
          return { record: next, changed: true };
        }
      } else if (!known) return { record: found.value, changed: false };
      // What this process remembers is not what stands there, or nothing may be concluded from it.
      known = undefined;
    }
    return 'down';
  }

  private async read(key: string): Promise<VaultEntry<ScanRecord> | 'down' | undefined> {
    const found = await this.vault.look<ScanRecord>(key, isScanRecord);
    if (found && found !== 'down') this.last.set(key, found);
    else this.last.delete(key);
    return found;
  }

  private lifeOf({ until }: ScanRecord): number {
    return Math.max(until - this.runtime.now(), 1);
  }

  private keyOf({ appId }: AppConfig, id: string): string {
    return this.vault.key(appId, 'scan', id);
  }
}
