// QR codes of accounts that carry a scene, as `cgi-bin/qrcode/create` hands them out. Many people
// may scan one, as long as it lives.
import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../grants/bounded-map.js';
import { DailyCount } from '../grants/daily-count.js';
import type { MockClock } from '../mock-clock.js';
import type { MockUnsure } from '../mock-server.types.js';

/** Where the mock's codes lead; the id follows. */
export const QR_CODE = '/q/';

/** One code. */
export interface QrCode {
  readonly id: string;
  readonly appId: string;
  readonly ticket: string;
  /** The text in the picture. */
  readonly url: string;
  /** As `EventKey` says it: numbers as text too. */
  readonly scene: string;
  /** In ms; `Infinity` for a permanent one. */
  readonly expiresAt: number;
}

/** All codes, the dead ones too. */
export class QrCodes {
  readonly #byId = new BoundedMap<QrCode>();
  readonly #byTicket = new BoundedMap<QrCode>();
  readonly #asked: DailyCount;

  constructor(
    private readonly clock: MockClock,
    private readonly unsure: MockUnsure,
  ) {
    this.#asked = new DailyCount(clock);
  }

  /** One call more today. @throws WechatFailure 45009 */
  count(appId: string): void {
    this.#asked.add(appId, this.unsure.qrCodesPerDay);
  }

  /** @param seconds how long it lives; undefined: for ever */
  create(appId: string, origin: string, scene: string, seconds: number | undefined): QrCode {
    const id = randomBytes(15).toString('base64url');
    const code: QrCode = {
      id,
      appId,
      // WeChat's are standard base64 and have to be encoded in addresses; so are these.
      ticket: `gQ${randomBytes(70).toString('base64')}`,
      url: `${origin}${QR_CODE}${id}`,
      scene,
      expiresAt: seconds === undefined ? Infinity : this.clock.now() + seconds * 1000,
    };
    this.#byId.set(id, code);
    this.#byTicket.set(code.ticket, code);
    return code;
  }

  byId(id: string): QrCode | undefined {
    return this.#byId.get(id);
  }

  byTicket(ticket: string): QrCode | undefined {
    return this.#byTicket.get(ticket);
  }

  lives(code: QrCode): boolean {
    return this.clock.now() < code.expiresAt;
  }

  /** Those that can be scanned, newest first. */
  living(): QrCode[] {
    return [...this.#byId.values()].filter((code) => this.lives(code)).reverse();
  }
}
