// Sessions that live in the browser: sealed into a cookie or a bearer token, with their own end
// inside. The hot path of every guarded request.
import { defined } from '../../common/defined.js';
import { LRUCache } from 'lru-cache';
import { WechatConfigError } from '../../errors/errors.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import { sealedLength, Sealer } from '../../sealing/sealer.js';
import {
  cookieName,
  MAX_COOKIE_LENGTH,
  onlyCookie,
  type ReceivedCookie,
  writeCookie,
} from '../http/cookies.js';
import { LastUse } from './last-use.js';
import { logoutMark } from './logout-mark.js';
import type { WechatSession } from '../../wechat-oauth.options.js';
import type { WechatClaims, WechatIdentity } from '../../model/identity.js';

/** A session as it is sealed. */
export type Session = WechatSession;

/** What a session holds besides who it is. */
export interface SessionFacts {
  /** Seconds. Default: `session.ttl`. */
  ttl?: number | undefined;
  /** From `Revocations.markFor`, where sessions can be revoked. */
  mark?: string | undefined;
  /** From `logoutMark`, where a browser has a part in the login. */
  out?: string | undefined;
}

/** A session that a request shows, and how it came. */
export interface FoundSession {
  readonly app: AppConfig;
  readonly session: Session;
  readonly by: 'bearer' | 'cookie';
}

/** A session that was opened, and the text and the place that it was opened from. */
interface Opened extends FoundSession {
  readonly place: string;
  readonly sealed: string;
}

const BEARER = 'bearer';

/** The seal's own tag is in them: no two texts of ours end alike. */
const KEY_LENGTH = 24;

/** Characters of sealed text that are kept, so that long claims of many people have a bound too. */
const MAX_KEPT_TEXT = 8 * 1024 * 1024;

/** Makes sessions, seals and opens them. */
export class SealedSessions {
  /**
   * What was opened before, by the last characters of its text. The seal is checked once for each
   * process, the times on every request.
   */
  private readonly opened = new LRUCache<string, Opened>({
    max: 10_000,
    maxSize: MAX_KEPT_TEXT,
    sizeCalculation: ({ sealed }) => sealed.length,
  });
  /**
   * What did not open and never will: an outdated token comes again and again, and finding out
   * costs more than all else that a refusal does.
   */
  private readonly refused = new LRUCache<string, string>({
    max: 1_000,
    maxSize: MAX_KEPT_TEXT / 8,
    sizeCalculation: (text) => text.length,
  });
  private readonly lastUse: LastUse;
  /** Of the cookies that may hold a session. */
  private readonly names: ReadonlySet<string>;

  constructor(
    private readonly config: Pick<WechatConfig, 'apps' | 'session'>,
    private readonly sealer: Sealer,
    private readonly runtime: Runtime,
  ) {
    this.lastUse = new LastUse(sealer, runtime);
    this.names = new Set([...config.apps.values()].map((app) => this.nameFor(app)));
  }

  create(identity: WechatIdentity, { ttl = this.config.session.ttl, mark, out }: SessionFacts = {}): Session {
    const now = this.runtime.now();
    return defined({
      sid: this.runtime.randomBytes(16).toString('base64url'),
      issuedAt: now,
      expiresAt: now + ttl * 1_000,
      mark,
      out,
      identity: copy(identity),
    });
  }

  /** The Set-Cookie line for the session. */
  toCookie(app: AppConfig, session: Session): string {
    this.requireFit(app, session);
    const name = this.nameFor(app);
    return writeCookie(app, name, this.seal(name, session), (session.expiresAt - this.runtime.now()) / 1_000);
  }

  /** @throws WechatConfigError for a session that no cookie has room for */
  requireFit(app: AppConfig, session: Session): void {
    if (this.nameFor(app).length + sealedLength(JSON.stringify(session)) > MAX_COOKIE_LENGTH) {
      throw new WechatConfigError(
        'loginHandler (claims)',
        `make the session cookie longer than ${MAX_COOKIE_LENGTH} bytes, and headers that long are refused on the way`,
        'Put an id into the claims and keep the rest in your database.',
      );
    }
  }

  toBearer(session: Session): string {
    return this.seal(BEARER, session);
  }

  /**
   * The sessions that these cookies sign somebody in with, one for each app at most. What it costs
   * goes by the cookies that came, not by how many apps there are.
   */
  fromCookies(cookies: readonly ReceivedCookie[]): FoundSession[] {
    const found = this.inCookies(cookies);
    return found.length === 0 ? found : found.filter((one) => this.counts(one, cookies));
  }

  /**
   * As `fromCookies`, also where the browser has signed out since or was idle for too long: a copy
   * elsewhere may know nothing of either.
   */
  inCookies(cookies: readonly ReceivedCookie[]): FoundSession[] {
    const found: FoundSession[] = [];
    for (const { name, value } of cookies) {
      if (!Sealer.recognizes(value) || !this.names.has(name)) continue;
      const one = onlyCookie(cookies, name) === undefined ? undefined : this.open(name, value);
      if (one) found.push(one);
    }
    return found;
  }

  fromBearer(token: string): FoundSession | undefined {
    return this.open(BEARER, token);
  }

  /** The Set-Cookie line that ends the session in this browser. */
  clearCookie(app: AppConfig): string {
    return writeCookie(app, this.nameFor(app), '', 0);
  }

  /**
   * The Set-Cookie line that tells of this use, when the session has been idle for more than half
   * of what it may.
   */
  renewal(app: AppConfig, cookies: readonly ReceivedCookie[], session: Session): string | undefined {
    const isDue = this.idleFor(app, cookies, session) > this.idleLimit / 2;
    return isDue ? this.lastUse.write(app, session) : undefined;
  }

  /** The same session with other claims. */
  withClaims(session: Session, claims: WechatClaims): Session {
    return { ...session, identity: copy({ ...session.identity, claims }) };
  }

  /** Whether a bearer token claims to be a session of ours. */
  recognizes(token: string): boolean {
    return Sealer.recognizes(token);
  }

  /** Whether the browser has neither signed out since nor left it alone for too long. */
  private counts({ app, session }: FoundSession, cookies: readonly ReceivedCookie[]): boolean {
    if (session.out !== undefined && session.out !== logoutMark(app, cookies)) return false;
    return this.idleFor(app, cookies, session) < this.idleLimit;
  }

  /**
   * In ms. Cookies alone have one: no answer could tell the owner of a bearer token that it was
   * used.
   */
  private get idleLimit(): number {
    return (this.config.session.idle ?? Infinity) * 1_000;
  }

  private idleFor(app: AppConfig, cookies: readonly ReceivedCookie[], session: Session): number {
    if (this.config.session.idle === undefined) return 0;
    return this.runtime.now() - this.lastUse.read(app, cookies, session);
  }

  private seal(place: string, session: Session): string {
    return this.sealer.seal('session', place, JSON.stringify(session));
  }

  private unseal(place: string, sealed: string): Session | undefined {
    try {
      const opened: unknown = JSON.parse(this.sealer.open('session', place, sealed) ?? 'null');
      return isSession(opened) ? opened : undefined;
    } catch {
      return undefined;
    }
  }

  private open(place: string, sealed: string): FoundSession | undefined {
    // Looked up by its end, because a key of its whole length costs more than all the rest of a
    // request; what counts is the whole text.
    const end = sealed.slice(-KEY_LENGTH);
    let known = this.opened.get(end);
    if (known?.sealed !== sealed || known.place !== place) {
      if (this.refused.get(end) === place + sealed) return undefined;
      known = this.openAnew(place, sealed);
      if (!known) {
        const text = copyOfText(place + sealed);
        this.refused.set(text.slice(-KEY_LENGTH), text);
        return undefined;
      }
      this.opened.set(known.sealed.slice(-KEY_LENGTH), known);
    }
    return known.session.expiresAt > this.runtime.now() ? known : undefined;
  }

  private openAnew(place: string, sealed: string): Opened | undefined {
    const session = this.unseal(place, sealed);
    if (!session) return undefined;
    const { identity } = session;
    const app = this.config.apps.get(identity.app);
    // The app id inside decides, because a name may be given to another app later; and of two apps
    // whose cookies have one name, the one that the session is of.
    if (app?.appId !== identity.appId) return undefined;
    if (place !== BEARER && place !== this.nameFor(app)) return undefined;
    // Frozen, because every request with this cookie gets the same object.
    return {
      app,
      session: freeze(session),
      by: place === BEARER ? 'bearer' : 'cookie',
      place,
      sealed: copyOfText(sealed),
    };
  }

  /** Of the session cookie. */
  nameFor(app: AppConfig): string {
    return cookieName(app, this.config.session.cookieName);
  }
}

/**
 * What opens may still be of another version of this package: whatever it lacks would be nobody's.
 */
function isSession(value: unknown): value is Session {
  const session = value as Partial<Session> | null | undefined;
  return (
    typeof session?.sid === 'string' &&
    Number.isFinite(session.expiresAt) &&
    Number.isFinite(session.issuedAt) &&
    typeof session.identity?.openid === 'string' &&
    Array.isArray(session.identity.scope)
  );
}

/** A copy through JSON: what the session will hold after a round trip is what it holds at once. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Text cut out of a header keeps the whole header alive; this does not. */
function copyOfText(sealed: string): string {
  return Buffer.from(sealed, 'latin1').toString('latin1');
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
