// The ticket that signatures for the JS-SDK are made with: one of an account, for all processes.
import { LRUCache } from 'lru-cache';
import type { Runtime } from '../common/runtime.js';
import { SingleFlight } from '../common/single-flight.js';
import type { AppConfig } from '../config/wechat-config.js';
import { WechatResponseError } from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';
import type { AppCalls } from '../tokens/app-calls.js';
import type { Vault } from '../tokens/vault.js';

const ENDPOINT = '/cgi-bin/ticket/getticket';

/** What is used of `AppCalls`. */
export type TicketCalls = Pick<AppCalls, 'call'>;

/**
 * How long before its end a ticket is given up, in ms: at random, so that a fleet does not ask in
 * one second. Of an answer of WeChat's never more than a tenth of what is left, since the next
 * answer may be the same ticket.
 */
const EARLY_MS = { least: 10_000, most: 60_000 };

/** No ticket of WeChat's lasts longer: 7,200 s. */
const LIFE_MS = 7_200_000;
/** Clocks of other processes may be that far ahead. */
const CLOCKS_APART_MS = 60_000;

/** What the store keeps. */
interface TicketRecord {
  readonly ticket: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** What the process keeps. */
interface KeptTicket {
  readonly ticket: WechatSecret;
  readonly expiresAt: number;
  /** When the next one is asked for. */
  readonly usedUntil: number;
}

/** The tickets of accounts, by app. WeChat gives few a day, so they are shared. */
export class JsTickets {
  readonly #kept = new LRUCache<string, KeptTicket>({ max: 10_000 });
  readonly #flights = new SingleFlight<WechatSecret>();

  constructor(
    private readonly calls: TicketCalls,
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now' | 'random'>,
  ) {}

  /**
   * A ticket that is good for a while yet: of this process, else of the store, else of WeChat. All
   * who ask meanwhile share the answer, and an error too, which nobody keeps. A store that is down
   * counts as empty.
   * @throws what the call throws; WechatResponseError for an answer without a ticket
   */
  async of(app: AppConfig): Promise<WechatSecret> {
    const kept = this.#kept.get(app.appId);
    if (kept && this.isUsable(kept)) return kept.ticket;
    try {
      return await this.#flights.run(app.appId, () => this.find(app));
    } catch (error) {
      // Asking early takes nothing away: what is in hand is good to its end.
      if (kept && this.isUsable({ ...kept, usedUntil: kept.expiresAt })) return kept.ticket;
      throw error;
    }
  }

  private async find(app: AppConfig): Promise<WechatSecret> {
    const key = this.vault.key(app.appId, 'js-ticket', 'jsapi');
    const stored = (await this.vault.read<TicketRecord>(key, isTicketRecord))?.value;
    const found = stored && this.timed(stored, 1);
    if (found && this.isUsable(found)) return this.keep(app, found);
    const fetched = await this.fetch(app);
    // The newest wins, whoever got it: a writer that was held up does not bring back an old one.
    let newest = fetched;
    await this.vault.update<TicketRecord>(
      key,
      (current) => {
        newest = current && this.isNewer(current, fetched) ? current : fetched;
        return newest === fetched ? fetched : undefined;
      },
      ({ expiresAt }) => Math.max(1_000, expiresAt - this.runtime.now()),
      isTicketRecord,
    );
    return this.keep(app, this.timed(newest, 0.1));
  }

  private async fetch(app: AppConfig): Promise<TicketRecord> {
    const askedAt = this.runtime.now();
    const answer = (await this.calls.call(app, ENDPOINT, {
      query: { type: 'jsapi' },
      repeatable: true,
    })) as Partial<Record<'ticket' | 'expires_in', unknown>> | null;
    const ticket = answer?.ticket;
    if (!isTicket(ticket)) throw new WechatResponseError(ENDPOINT, 200, 'ticket is missing');
    const expiresIn = Number(answer?.expires_in ?? NaN);
    if (!Number.isFinite(expiresIn) || expiresIn <= 0)
      throw new WechatResponseError(ENDPOINT, 200, 'expires_in is not a number');
    return { ticket, expiresAt: askedAt + Math.min(expiresIn * 1000, LIFE_MS) };
  }

  private keep(app: AppConfig, kept: KeptTicket): WechatSecret {
    this.#kept.set(app.appId, kept);
    return kept.ticket;
  }

  /** @param share of what is left that it may be given up early */
  private timed({ ticket, expiresAt }: TicketRecord, share: number): KeptTicket {
    const { least, most } = EARLY_MS;
    const left = Math.max(0, expiresAt - this.runtime.now());
    const early = Math.min(least + this.runtime.random() * (most - least), left * share);
    return { ticket: new WechatSecret(ticket), expiresAt, usedUntil: expiresAt - early };
  }

  /** Not one of a clock that has been set back since, or of a process whose clock is far ahead. */
  private isUsable({ usedUntil, expiresAt }: Omit<KeptTicket, 'ticket'>): boolean {
    const now = this.runtime.now();
    return usedUntil > now && expiresAt - now <= LIFE_MS + CLOCKS_APART_MS;
  }

  private isNewer(stored: TicketRecord, fetched: TicketRecord): boolean {
    return stored.expiresAt > fetched.expiresAt && this.isUsable(this.timed(stored, 0.1));
  }
}

function isTicket(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,2048}$/.test(value);
}

function isTicketRecord({ ticket, expiresAt }: Record<string, unknown>): boolean {
  return isTicket(ticket) && typeof expiresAt === 'number' && Number.isFinite(expiresAt);
}
