// The tickets of the JS-SDK, as `cgi-bin/ticket/getticket` hands them out.
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';
import { DailyCount } from './daily-count.js';
import { randomToken } from './random-text.js';

const LIFE = 7200_000;

interface JsTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

/** The tickets of the JS-SDK, one of an app. */
export class JsTickets {
  readonly #current = new Map<string, JsTicket>();
  readonly #asked: DailyCount;

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: MockUnsure,
  ) {
    this.#asked = new DailyCount(clock);
  }

  /** The same one until it ends. @throws WechatFailure 45009 too many asked for today */
  ask(appId: string): JsTicket {
    this.#asked.add(appId, this.unsure.jsTicketsPerDay);
    const living = this.#living(appId);
    if (living) return living;
    const ticket = { ticket: randomToken(), expiresAt: this.clock.now() + LIFE };
    this.#current.set(appId, ticket);
    return ticket;
  }

  /** The one that signatures are compared with. Undefined: none was asked for, or it has ended. */
  of(appId: string): string | undefined {
    return this.#living(appId)?.ticket;
  }

  #living(appId: string): JsTicket | undefined {
    const current = this.#current.get(appId);
    return current && this.clock.now() < current.expiresAt ? current : undefined;
  }
}
