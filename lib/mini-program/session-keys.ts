// Session keys of mini programs. They never leave the server: the newest and the one before it are
// kept, because wx.login may replace a key while data that was encrypted with the old one is still
// on its way.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { defined } from '../common/defined.js';
import { WechatTokenNotFoundError, WechatStoreError } from '../errors/errors.js';
import { requireCode, requireOpenid, type SnsApi } from '../api/sns-api.js';
import type { AppConfig } from '../config/wechat-config.js';
import { WechatSecret } from '../sealing/secret.js';
import { SingleFlight } from '../common/single-flight.js';
import type { Vault } from '../tokens/vault.js';

/** What a code of `wx.login` gives. */
export interface WechatMiniProgramSession {
  /** The person, as this app knows them. */
  openid: string;
  /** Only where the mini program is bound to an open-platform account. */
  unionid?: string;
  /** Decrypts and verifies what the mini program sends. It must not leave the server. */
  sessionKey: WechatSecret;
}

interface SessionKeyRecord {
  current: string;
  previous?: string;
}

/**
 * WeChat does not say how long a key lives, only that use prolongs it; a dead one is found out by
 * the data it fails to open.
 */
const KEEP_MS = 30 * 86_400_000;

/** The session keys of a mini program: the newest and the one before it. */
export class SessionKeys {
  private readonly exchanges = new SingleFlight<WechatMiniProgramSession>();
  /** Codes that were exchanged here, hashed. */
  private readonly sent = new LRUCache<string, true>({ max: 10_000 });

  constructor(
    private readonly api: SnsApi,
    private readonly vault: Vault,
  ) {}

  /** Calls in flight for one code share one request: a code works once. */
  async exchange(app: AppConfig, code: string): Promise<WechatMiniProgramSession> {
    requireCode(code);
    return this.exchanges.run(`${app.appId} ${code}`, async () => {
      this.sent.set(codeId(app, code), true);
      const { openid, unionid, sessionKey } = await this.api.codeToSession(app, code);
      await this.keep(app, openid, sessionKey);
      return defined({ openid, unionid, sessionKey: new WechatSecret(sessionKey) });
    });
  }

  /**
   * The keys to try, newest first.
   * @throws WechatTokenNotFoundError, WechatStoreError, WechatInputError
   */
  async of(app: AppConfig, openid: string): Promise<WechatSecret[]> {
    requireOpenid(openid);
    const key = this.vault.key(app.appId, 'session-key', openid);
    const entry = await this.vault.look<SessionKeyRecord>(key, isSessionKeyRecord);
    if (entry === 'down') throw new WechatStoreError('session key');
    if (!entry) throw new WechatTokenNotFoundError(openid, 'session key');
    const { current, previous } = entry.value;
    return previous === undefined
      ? [new WechatSecret(current)]
      : [new WechatSecret(current), new WechatSecret(previous)];
  }

  /** Whether this process has exchanged the code, so that it is one of `wx.login`. */
  hasSent(app: AppConfig, code: string): boolean {
    return this.sent.has(codeId(app, code));
  }

  /** Puts a key in front of the one before it. */
  async keep(app: AppConfig, openid: string, sessionKey: string): Promise<void> {
    await this.vault.update<SessionKeyRecord>(
      this.vault.key(app.appId, 'session-key', openid),
      (before) => {
        const previous = before?.current === sessionKey ? before.previous : before?.current;
        return defined({ current: sessionKey, previous });
      },
      () => KEEP_MS,
      isSessionKeyRecord,
    );
  }
}

function codeId(app: AppConfig, code: string): string {
  return hash('sha256', `${app.appId}\n${code}`);
}

function isSessionKeyRecord({ current, previous }: Record<string, unknown>): boolean {
  return typeof current === 'string' && (previous === undefined || typeof previous === 'string');
}
