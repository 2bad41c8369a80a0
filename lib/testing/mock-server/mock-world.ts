// Everything the endpoints share: who exists, what was handed out, what time it is. One per server.
import { AppTokens } from './grants/app-tokens.js';
import { Codes } from './grants/codes.js';
import { DEFAULT_MOCK_APPS, MockApps } from './mock-apps.js';
import { JsTickets } from './grants/js-tickets.js';
import { MockClock } from './mock-clock.js';
import type { MockAutoConsent, MockUnsure, WechatMockServerOptions } from './mock-server.types.js';
import { MockServerError } from './mock-server-error.js';
import { resolveUnsure } from './mock-unsure.js';
import { MockUsers } from './mock-users.js';
import { PushSender } from './push/push-sender.js';
import { Chats } from './scan/chats.js';
import { Follows } from './scan/follows.js';
import { QrCodes } from './scan/qr-codes.js';
import { randomPhoneCode } from './grants/random-text.js';
import { SessionKeyRing } from './grants/session-keys.js';
import { Tokens } from './grants/tokens.js';

/** A user and what this user says when asked. */
export interface Consent {
  readonly user: string;
  readonly allow: boolean;
}

/** All that the mock knows. */
export class MockWorld {
  readonly clock: MockClock;
  readonly apps: MockApps;
  readonly users: MockUsers;
  readonly unsure: MockUnsure;
  readonly codes: Codes;
  readonly phoneCodes: Codes;
  readonly tokens: Tokens;
  readonly appTokens: AppTokens;
  readonly jsTickets: JsTickets;
  readonly qrCodes: QrCodes;
  readonly follows: Follows;
  readonly chats: Chats;
  readonly pushes: PushSender;
  readonly sessionKeys = new SessionKeyRing();
  /** `appId userId` of those who allowed `snsapi_userinfo` at some time. */
  readonly consents = new Set<string>();
  readonly requireWechatUserAgent: boolean;
  autoConsent: Consent | undefined;
  /** Where the server is reached, known once it listens. */
  origin = '';
  /** Where it was told to listen, as it was said. */
  readonly host: string;

  /** @throws MockServerError naming the option that is wrong */
  constructor(options: WechatMockServerOptions) {
    if (options.now !== undefined && typeof options.now !== 'function') {
      throw new MockServerError('now', 'is not a function', 'Give one that returns milliseconds since 1970.');
    }
    this.host = options.host ?? '127.0.0.1';
    this.clock = new MockClock(options.now);
    this.apps = new MockApps(options.apps ?? DEFAULT_MOCK_APPS);
    this.users = new MockUsers(options.users);
    this.unsure = resolveUnsure(options.unsure);
    this.codes = new Codes(this.clock, this.unsure);
    // The page of this call lists no other code.
    const dead = { usedCode: 40029, expiredCode: 40029, foreignCode: 40029 } as const;
    this.phoneCodes = new Codes(this.clock, dead, randomPhoneCode);
    this.tokens = new Tokens(this.clock, this.unsure);
    this.appTokens = new AppTokens(this.clock, this.unsure);
    this.jsTickets = new JsTickets(this.clock, this.unsure);
    this.qrCodes = new QrCodes(this.clock, this.unsure);
    this.follows = new Follows(this.clock);
    this.chats = new Chats(this.clock);
    this.pushes = new PushSender(this.clock, this.unsure);
    this.requireWechatUserAgent = options.requireWechatUserAgent ?? false;
    this.autoConsent = this.resolveConsent(options.autoConsent);
  }

  /** @throws MockServerError for an unknown user */
  resolveConsent(given: MockAutoConsent | undefined): Consent | undefined {
    if (given === undefined) return undefined;
    const consent = typeof given === 'string' ? { user: given } : given;
    return { user: this.users.get(consent.user, 'autoConsent').id, allow: consent.allow ?? true };
  }
}
