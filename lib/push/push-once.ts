// One answer for each push, however often and wherever WeChat delivers it: it sends again what is
// not answered within 5 s, three times in all, and sometimes twice at once.
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../common/runtime.js';
import { SingleFlight } from '../common/single-flight.js';
import type { Vault, VaultShape } from '../tokens/vault.js';
import { PushNotTaken } from './push-forerunner.js';
import type { ReplyField } from './write-reply.js';

/** What came of a push; plain data, because it travels through the store. */
export interface PushOutcome {
  /** The reply in WeChat's names; not there when there is none. */
  readonly reply?: Readonly<Record<string, ReplyField>>;
  /** When it was made, in seconds since 1970: a reply that is sent again is the same. */
  readonly createTime: number;
}

/** `begun`: somebody works on it, since `at` (ms since 1970). `free`: it was given back. */
type Progress = { stage: 'begun'; at: number } | { stage: 'free' } | { stage: 'done'; outcome: PushOutcome };

/**
 * A push counts from 5 minutes before to 5 minutes after the time in its address, so for as long it
 * could come again; and a minute more, for clocks that are not quite together.
 */
const KEPT_MS = 11 * 60_000;
/** Nobody who is alive works longer on a push: at 4.5 s WeChat gets its answer. */
const DEAD_AFTER_MS = 6_000;
const POLL_MS = 100;
/** How often an entry is asked for that nobody can read. */
const TRIES = 2;

/**
 * One run for each push, over all processes: a single flight that the store holds. Where the store
 * does not answer it is one for each process, because a push that is handled twice is better than
 * one that is lost.
 */
export class PushOnce {
  private readonly flights = new SingleFlight<PushOutcome>();
  /** Keeps repeats working while the store is down. */
  private readonly finished = new LRUCache<string, { outcome: PushOutcome; until: number }>({ max: 1_000 });

  constructor(
    private readonly vault: Vault,
    private readonly runtime: Runtime,
  ) {}

  /**
   * @param id names the push, the same for each delivery
   * @param giveUpAt until when a delivery waits for another, by the monotonic clock
   * @throws PushNotTaken of `work`, or when whoever works on it is neither ready nor dead
   */
  async run(
    appId: string,
    id: string,
    giveUpAt: number,
    work: () => Promise<PushOutcome>,
  ): Promise<{ outcome: PushOutcome; repeated: boolean }> {
    const key = this.vault.key(appId, 'push', id);
    const known = this.finished.get(key);
    if (known && known.until > this.runtime.now()) return { outcome: known.outcome, repeated: true };
    let worked = false;
    const outcome = await this.flights.run(key, () =>
      this.claim(key, giveUpAt, () => {
        worked = true;
        return work();
      }),
    );
    return { outcome, repeated: !worked };
  }

  private async claim(key: string, giveUpAt: number, work: () => Promise<PushOutcome>): Promise<PushOutcome> {
    for (let unread = 0; unread < TRIES;) {
      const created = await this.vault.create(key, this.begun(), KEPT_MS);
      if (created !== 'refused') break;
      const found = await this.follow(key, giveUpAt);
      if (found === 'mine') break;
      if (found !== undefined) return found;
      unread++;
    }
    return this.lead(key, work);
  }

  /** What somebody else made of it; `mine` when it is ours to make; undefined if it is gone. */
  private async follow(key: string, giveUpAt: number): Promise<PushOutcome | 'mine' | undefined> {
    for (;;) {
      const found = await this.vault.look<Progress>(key, isProgress);
      if (found === undefined) return undefined;
      if (found === 'down') return 'mine';
      const { value, raw } = found;
      if (value.stage === 'done') return this.remember(key, value.outcome);
      const isDead = value.stage === 'free' || this.runtime.now() - value.at > DEAD_AFTER_MS;
      if (isDead && (await this.vault.replace(key, raw, this.begun(), KEPT_MS)) !== 'refused') return 'mine';
      // Not "received": if the other one dies now, nobody would ever handle it.
      if (this.runtime.monotonic() >= giveUpAt) throw new PushNotTaken('is being worked on elsewhere');
      await this.runtime.sleep(POLL_MS);
    }
  }

  private async lead(key: string, work: () => Promise<PushOutcome>): Promise<PushOutcome> {
    try {
      const outcome = await work();
      // WeChat need not wait for that: only deliveries to other machines look for it.
      void this.vault.write(key, { stage: 'done', outcome } satisfies Progress, KEPT_MS);
      return this.remember(key, outcome);
    } catch (error) {
      await this.vault.write(key, { stage: 'free' } satisfies Progress, KEPT_MS);
      throw error;
    }
  }

  private remember(key: string, outcome: PushOutcome): PushOutcome {
    this.finished.set(key, { outcome, until: this.runtime.now() + KEPT_MS });
    return outcome;
  }

  private begun(): Progress {
    return { stage: 'begun', at: this.runtime.now() };
  }
}

const isProgress: VaultShape = ({ stage, at, outcome }) =>
  stage === 'free' ||
  (stage === 'begun' && typeof at === 'number') ||
  (stage === 'done' && typeof outcome === 'object' && outcome !== null);
