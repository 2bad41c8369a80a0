// How a process hears that a login which it waits for has gone on, here or on another one: by the
// store where that can tell, else whoever waits has to look.
import { Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../../../common/runtime.js';
import type { AppConfig } from '../../../config/wechat-config.js';
import type { Vault } from '../../../tokens/vault.js';

/** Of clocks of machines that are not quite together, in ms. */
const CLOCKS_APART_MS = 5_000;
/** How long after it failed the store is asked once more to tell, in ms. */
const AGAIN_MS = 10_000;

/** Names the processes apart, so that none is woken by its own words; in bytes. */
const MARK_BYTES = 6;

/** Called when another process has done something to a record. */
export type Wake = (app: AppConfig, id: string) => void;

interface Channel {
  stop?: () => Promise<void>;
  /** In ms since 1970; everything that happened later was heard. */
  since: number;
}

/** Tells other processes, and hears from them. */
export class ScanNews {
  private readonly logger = new Logger('WechatScan');
  private readonly channels = new Map<string, Promise<Channel>>();
  private readonly failedAt = new Map<string, number>();
  /** Of whom something was heard. What is not in it any more is older than any code. */
  private readonly heard = new LRUCache<string, true>({ max: 5_000 });
  /** Codes that this process has made, whose time is of its own clock. */
  private readonly own = new LRUCache<string, true>({ max: 1_000 });
  private wake: Wake = () => {};
  private closed = false;
  private readonly mark: string;

  constructor(
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now' | 'monotonic' | 'randomBytes'>,
  ) {
    this.mark = runtime.randomBytes(MARK_BYTES).toString('base64url');
  }

  onNews(wake: Wake): void {
    this.wake = wake;
  }

  /** Nobody waits for it. A message only wakes: what it is about stands in the store. */
  tell(app: AppConfig, id: string): void {
    this.note(id);
    if (this.canTell && !this.closed) void this.vault.news.tell(this.channelOf(app), `${id}.${this.mark}`);
  }

  /** This process has done something that no other one has to hear of. */
  note(id: string): void {
    this.heard.set(id, true);
  }

  /** This process is about to show a code, and somebody will wait for it: nobody waits for this. */
  expect(app: AppConfig): void {
    if (app.scan!.streams > 0) void this.listen(app);
  }

  /** This process has made the code. */
  made(id: string): void {
    this.own.set(id, true);
  }

  /**
   * Begins to listen, once for each account.
   * @returns whether whatever happened to a record since then was heard; else it has to be looked
   * at
   */
  async listen(app: AppConfig): Promise<Channel | undefined> {
    if (!this.canTell || this.closed) return undefined;
    const name = this.channelOf(app);
    const failedAt = this.failedAt.get(name) ?? -Infinity;
    if (this.runtime.monotonic() - failedAt < AGAIN_MS) return undefined;
    let channel = this.channels.get(name);
    if (!channel) this.channels.set(name, (channel = this.begin(app, name)));
    const { stop, since } = await channel;
    if (stop) return { stop, since };
    this.channels.delete(name);
    this.failedAt.set(name, this.runtime.monotonic());
    return undefined;
  }

  /**
   * Whether nothing can have happened to a code that was made at that time: then nobody need look.
   */
  isUntouched(channel: Channel | undefined, id: string, madeAt: number): boolean {
    if (!channel || this.heard.has(id)) return false;
    return this.own.has(id) ? channel.since <= madeAt : channel.since + CLOCKS_APART_MS < madeAt;
  }

  async close(): Promise<void> {
    this.closed = true;
    const open = await Promise.all(this.channels.values());
    this.channels.clear();
    await Promise.all(open.map(({ stop }) => stop?.()));
  }

  private async begin(app: AppConfig, name: string): Promise<Channel> {
    const stop = await this.vault.news.listen(name, (message) => {
      const [, id, mark] = /^([\w-]{43})\.([\w-]{8})$/.exec(message) ?? [];
      // A store sends everything to all who listen, the one who said it too.
      if (id === undefined || mark === this.mark) return;
      this.note(id);
      this.wake(app, id);
    });
    if (!stop) {
      this.logger.debug(`The store does not tell of scans at "${app.name}" just now; it is read instead.`);
      return { since: Infinity };
    }
    // Closed meanwhile.
    if (this.closed) await stop();
    return { stop, since: this.runtime.now() };
  }

  private get canTell(): boolean {
    return this.vault.news.canTell;
  }

  /** Named as the records are. */
  private channelOf({ appId }: AppConfig): string {
    return this.vault.key(appId, 'scan', 'news');
  }
}
