// session_keys of mini programs: one valid key per user at a time, a new wx.login kills the one
// before.
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import type { MockEncryptedData } from '../mock-server.types.js';
import { randomSessionKey } from './random-text.js';

/** The keys of one person at one mini program. */
export interface SessionKeys {
  readonly current: string;
  readonly previous?: string;
}

/** The session keys of everybody. */
export class SessionKeyRing {
  readonly #keys = new BoundedMap<SessionKeys>();

  /**
   * Makes a new key; the current one becomes the previous one and opens nothing that is sealed from
   * now on.
   */
  mint(appId: string, userId: string): string {
    const current = randomSessionKey();
    this.#keys.set(`${appId} ${userId}`, { current, previous: this.of(appId, userId)?.current });
    return current;
  }

  of(appId: string, userId: string): SessionKeys | undefined {
    return this.#keys.get(`${appId} ${userId}`);
  }
}

/**
 * Seals data as the WeChat client does ("开放数据校验与解密"): AES-128-CBC with PKCS#7 under the decoded
 * session_key; and signs `rawData`, which is the data without ids, as `sha1(rawData + session_key)`
 * with the key as text.
 * @param data without its watermark
 */
export function sealForMiniProgram(
  data: Record<string, unknown>,
  watermark: { timestamp: number; appid: string },
  sessionKey: string,
): MockEncryptedData {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), iv);
  const sealed = Buffer.concat([
    cipher.update(JSON.stringify({ ...data, watermark }), 'utf8'),
    cipher.final(),
  ]);
  const rawData = JSON.stringify({ ...data, openId: undefined, unionId: undefined });
  return {
    encryptedData: sealed.toString('base64'),
    iv: iv.toString('base64'),
    rawData,
    signature: createHash('sha1')
      .update(rawData + sessionKey)
      .digest('hex'),
  };
}
