// Browsers that wait for a phone, by server-sent events. One clock for all of them: ten thousand
// timers would be ten thousand times the same question.
import type { ServerResponse } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { WechatEvents } from '../../../common/wechat-events.js';
import type { Runtime } from '../../../common/runtime.js';
import type { AppConfig } from '../../../config/wechat-config.js';
import { type ScanRecord, type ScanStatus, statusOf } from '../scenes/scan-record.js';
import type { ScanRecords } from '../scenes/scan-records.js';

/** How often it is looked who is over, in ms. */
const TICK_MS = 1_000;
/** How often a line is written that keeps proxies from hanging up, in ms. */
const BEAT_MS = 15_000;
/** How often the store is read where it cannot tell, in ms. */
const LOOK_MS = 2_000;
/** How many reads of that kind are under way at once. */
const LOOKS_AT_ONCE = 16;
/** What a browser that reads nothing may leave lying, in bytes. */
const MAX_UNREAD = 4_096;

interface Stream {
  readonly app: AppConfig;
  readonly id: string;
  readonly response: ServerResponse;
  /** Whether the store tells of it. */
  readonly isTold: boolean;
  status: ScanStatus;
  /** In ms since 1970. */
  until: number;
  /** By the monotonic clock, in ms. */
  beatAt: number;
  lookAt: number;
  /** Its time is over, and it is being looked whether that is all. */
  isEnding: boolean;
}

/** Keeps the connections of browsers that wait. */
export class ScanStreams {
  private readonly streams = new Map<string, Stream>();
  /** Of which it was told that their time is over. */
  private readonly expired = new LRUCache<string, true>({ max: 1_000 });
  private ticking = false;
  private closed = false;

  constructor(
    private readonly records: ScanRecords,
    private readonly events: WechatEvents,
    private readonly runtime: Runtime,
  ) {}

  /** Of one account. */
  count(app: AppConfig): number {
    let count = 0;
    for (const stream of this.streams.values()) if (stream.app === app) count++;
    return count;
  }

  has(id: string): boolean {
    return this.streams.has(id);
  }

  /** Once for each code, by whichever way its page waits. */
  tellExpired(app: AppConfig, id: string): void {
    if (this.expired.has(id)) return;
    this.expired.set(id, true);
    this.events.emit({ type: 'scan.expired', app: app.name });
  }

  /** A second one of a browser takes the place of the first. */
  open(
    app: AppConfig,
    id: string,
    response: ServerResponse,
    { status, until, isTold }: Pick<Stream, 'status' | 'until' | 'isTold'>,
  ): void {
    const before = this.streams.get(id);
    if (before) this.end(before, 'replaced');
    const now = this.runtime.monotonic();
    const [beatAt, lookAt] = [now + BEAT_MS, now + LOOK_MS];
    const stream = { app, id, response, isTold, status, until, beatAt, lookAt, isEnding: false };
    this.streams.set(id, stream);
    response.on('close', () => this.forget(stream));
    response.on('error', () => this.forget(stream));
    write(response, status);
    if (this.closed) this.end(stream);
    else if (!this.ticking) void this.tick();
  }

  /** Something may have happened. */
  async look(id: string): Promise<void> {
    const stream = this.streams.get(id);
    if (!stream) return;
    const record = await this.records.look(stream.app, id);
    // While the store is down nothing is known, and the browser goes on waiting. Gone from the
    // store: only the time says when it is over.
    if (record && record !== 'down' && this.streams.get(id) === stream) this.show(id, record);
  }

  /** The record as it stands in the store now. */
  show(id: string, record: ScanRecord): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    const status = statusOf(record, this.runtime.now());
    stream.until = record.until;
    if (status === stream.status) return;
    stream.status = status;
    write(stream.response, status);
    if (status === 'expired') this.tellExpired(stream.app, stream.id);
    if (status === 'finished' || status === 'void' || status === 'expired') this.end(stream);
  }

  /** Else the server would wait for all of them to hang up. */
  close(): void {
    this.closed = true;
    for (const stream of this.streams.values()) this.end(stream);
  }

  private async tick(): Promise<void> {
    this.ticking = true;
    while (this.streams.size > 0 && !this.closed) {
      await this.runtime.sleep(TICK_MS);
      this.beat();
      await this.lookAll();
    }
    this.ticking = false;
  }

  private beat(): void {
    const [now, clock] = [this.runtime.now(), this.runtime.monotonic()];
    for (const stream of this.streams.values()) {
      if (stream.until <= now) {
        if (!stream.isEnding) void this.expire(stream);
      } else if (stream.response.writableLength > MAX_UNREAD) {
        stream.response.destroy();
      } else if (stream.beatAt <= clock) {
        stream.beatAt = clock + BEAT_MS;
        stream.response.write(':\n\n');
      }
    }
  }

  /** Where the store cannot tell: all of them in turn. */
  private async lookAll(): Promise<void> {
    const clock = this.runtime.monotonic();
    const due = [...this.streams.values()].filter(({ isTold, lookAt }) => !isTold && lookAt <= clock);
    for (let start = 0; start < due.length; start += LOOKS_AT_ONCE) {
      const some = due.slice(start, start + LOOKS_AT_ONCE);
      for (const stream of some) stream.lookAt = clock + LOOK_MS;
      await Promise.all(some.map(({ id }) => this.look(id)));
    }
  }

  /** Not before it was looked: a message may have been lost, and of some steps none is sent. */
  private async expire(stream: Stream): Promise<void> {
    stream.isEnding = true;
    await this.look(stream.id);
    stream.isEnding = false;
    if (this.streams.get(stream.id) !== stream || stream.until > this.runtime.now()) return;
    write(stream.response, 'expired');
    this.tellExpired(stream.app, stream.id);
    this.end(stream);
  }

  private end(stream: Stream, event?: 'replaced'): void {
    this.forget(stream);
    if (event) stream.response.write(`event: ${event}\ndata:\n\n`);
    stream.response.end();
  }

  private forget(stream: Stream): void {
    if (this.streams.get(stream.id) === stream) this.streams.delete(stream.id);
  }
}

function write(response: ServerResponse, status: ScanStatus): void {
  response.write(`data: ${status}\n\n`);
}
