// The two signatures of a mini program's session: the one that comes with plain user data, and the
// one WeChat's session endpoints ask for. In both the session key is used as its base64 text, never
// decoded.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WechatSecret } from '../sealing/secret.js';

/** What is said to be signed, and with which keys. */
export interface VerifyUserDataSignatureInput {
  /**
   * The text exactly as `wx.getUserInfo` gave it: parsing it and writing it again breaks the
   * signature.
   */
  rawData: string;
  /**
   * 40 hex digits in lower case, as WeChat writes them. Upper case is refused: nothing on the way
   * has a reason to change it.
   */
  signature: string;
  /** In any order; each is tried. */
  sessionKeys: readonly WechatSecret[];
}

/**
 * Whether `signature` is sha1(rawData + session_key) for one of the keys. False, never an error,
 * for anything that is not text. The time taken says nothing about the right signature or which key
 * made it. Source: WeChat's page on signatures and decryption of open data.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 */
export function verifyUserDataSignature(input: VerifyUserDataSignatureInput): boolean {
  const { rawData, signature, sessionKeys } = input;
  if (typeof rawData !== 'string' || typeof signature !== 'string') return false;

  const given = sha256(signature);
  let matches = 0;
  for (const secret of sessionKeys) {
    const key = secret.reveal();
    const right = createHash('sha1')
      .update(rawData + key)
      .digest('hex');
    // Without a key the signature is a plain hash, which anybody can make.
    matches |= Number(timingSafeEqual(sha256(right), given) && typeof key === 'string' && key !== '');
  }
  return matches === 1;
}

/**
 * The `signature` of `wxa/checksession` and `wxa/resetusersessionkey` (with
 * `sig_method=hmac_sha256`): hmac_sha256 under the session key, in lower-case hex. Source: WeChat's
 * page on HTTP signatures of the user's login state.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/signature.html
 *
 * @param body the body of a POST, exactly as sent; `''` for a GET
 */
export function signUserState(sessionKey: WechatSecret, body: string): string {
  return createHmac('sha256', sessionKey.reveal()).update(body).digest('hex');
}

/** Digests are of equal length, which `timingSafeEqual` insists on, whatever was given. */
function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
