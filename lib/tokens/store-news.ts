// Word from one process to the others, by way of the store: it wakes whoever waits, and may be
// lost.
import { Logger } from '@nestjs/common';
import { inTime } from './in-time.js';
import type { TokenStore } from './token-store.js';

/** Ends what `listen` began. Never rejects. */
export type StopListening = () => Promise<void>;

/**
 * Longer than a store needs that gives up by itself, in ms: opening a second connection is more
 * than a question.
 */
const LISTEN_MS = 5_000;

/**
 * Wakes other processes where the store can, and is silent where it cannot or fails: whoever waits
 * looks into the store now and then anyway. A failure here is no outage of the store.
 */
export class StoreNews {
  private readonly logger = new Logger('WechatOAuth');
  private closed = false;

  constructor(
    private readonly store: TokenStore,
    /** How long the store may take to pass a message on, in ms. */
    private readonly patienceMs: number,
  ) {}

  /** Whether the store passes messages between processes: it has both methods. */
  get canTell(): boolean {
    return this.store.publish !== undefined && this.store.subscribe !== undefined;
  }

  /** The client of the store may be closed now. */
  close(): void {
    this.closed = true;
  }

  /**
   * Done when the store has taken the message, has failed, or has used up the vault's patience.
   * Never rejects.
   * @param channel named as keys are, see `Vault.key`
   * @param message nothing secret: it is not sealed
   */
  async tell(channel: string, message: string): Promise<void> {
    if (this.closed || !this.canTell) return;
    try {
      await inTime(this.store.publish!(channel, message), this.patienceMs);
    } catch (error) {
      this.logger.debug(`The token store passes no message on (${nameOf(error)}).`);
    }
  }

  /**
   * Undefined where the store cannot, fails, or takes longer than five seconds. Never rejects.
   * @param listener may throw, which is logged and disturbs nobody else
   */
  async listen(channel: string, listener: (message: string) => void): Promise<StopListening | undefined> {
    if (this.closed || !this.canTell) return undefined;
    let begun: Promise<StopListening> | undefined;
    try {
      begun = this.store.subscribe!(channel, (message) => this.hand(listener, message));
      const stop = await inTime(begun, LISTEN_MS);
      return () => this.stop(stop);
    } catch (error) {
      this.logger.debug(`The token store does not listen (${nameOf(error)}).`);
      // One that comes too late has nobody who would end it.
      begun?.then((stop) => this.stop(stop)).catch(() => undefined);
      return undefined;
    }
  }

  private hand(listener: (message: string) => void, message: string): void {
    try {
      listener(message);
    } catch (error) {
      this.logger.error(`A listener of the token store threw (${nameOf(error)}).`);
    }
  }

  private async stop(stop: StopListening): Promise<void> {
    try {
      await inTime(stop(), LISTEN_MS);
    } catch (error) {
      this.logger.debug(`The token store does not stop listening (${nameOf(error)}).`);
    }
  }
}

/** Never the message of an error, into which drivers put whole commands. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : typeof error;
}
