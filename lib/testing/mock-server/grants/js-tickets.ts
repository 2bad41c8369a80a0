// The tickets of the JS-SDK, as `cgi-bin/ticket/getticket` hands them out.
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';
import { WechatFailure } from '../endpoints/wechat-failure.js';
import { randomToken } from './random-text.js';

const LIFE = 7200_000;
const DAY = 24 * 3_600_000;
/** Quotas begin anew at midnight in Beijing. */
const BEIJING = 8 * 3_600_000;

interface JsTicket {
  readonly ticket: string;
  readonly expiresAt: number;
}

/** The tickets of the JS-SDK, one of an app. */
export class JsTickets {
  readonly #current = new Map<string, JsTicket>();
  readonly #asked = new Map<string, { day: number; times: number }>();

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: MockUnsure,
  ) {}

  /** The same one until it ends. @throws WechatFailure 45009 too many asked for today */
  ask(appId: string): JsTicket {
    const now = this.clock.now();
    const day = Math.floor((now + BEIJING) / DAY);
    const former = this.#asked.get(appId);
    const times = (former?.day === day ? former.times : 0) + 1;
    if (times > this.unsure.jsTicketsPerDay) throw new WechatFailure(45009);
    this.#asked.set(appId, { day, times });
    const living = this.#living(appId);
    if (living) return living;
    const ticket = { ticket: randomToken(), expiresAt: now + LIFE };
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
