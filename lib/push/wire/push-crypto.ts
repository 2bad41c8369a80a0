// Signature and encryption of the message push. Nothing here knows what a push says.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import type { WechatSecret } from '../../sealing/secret.js';

/** WeChat pads to 32 bytes, twice the block of AES. */
const PAD_TO = 32;
const BLOCK = 16;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;

/** What a push is opened with: the decoded EncodingAESKey. */
export type PushKey = KeyObject;

/** 43 characters hold 32 bytes and two bits that are ignored. */
export function pushKey(encodingAesKey: WechatSecret): PushKey {
  return createSecretKey(Buffer.from(`${encodingAesKey.reveal()}=`, 'base64'));
}

/**
 * The signature over values that are sorted byte by byte and joined without separators, so that
 * bytes could move from one to the next: callers pin the shape of each.
 * @see
 * https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function signatureOf(token: WechatSecret, ...values: readonly string[]): string {
  return createHash('sha1')
    .update([token.reveal(), ...values].sort(byBytes).join(''))
    .digest('hex');
}

/** In constant time: a comparison that stops early tells how much of a guess was right. */
export function isSame(expected: string, given: string): boolean {
  const [one, other] = [Buffer.from(expected), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/**
 * What stands in `Encrypt`, for an app whose id stands at its end. Undefined for everything that
 * this key does not open: wrong padding, a length that does not fit, somebody else's id. Which of
 * them it was nobody is told.
 */
export function decrypt(key: PushKey, encrypted: string, receiver: string): Buffer | undefined {
  const sealed = Buffer.from(encrypted, 'base64');
  if (sealed.length === 0 || sealed.length % BLOCK !== 0) return undefined;
  const decipher = createDecipheriv('aes-256-cbc', key, ivOf(key));
  // OpenSSL knows no padding above 16, and half of all pushes have one.
  decipher.setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(sealed), decipher.final()]);
  const pad = padded[padded.length - 1]!;
  const end = padded.length - pad;
  const start = RANDOM_BYTES + LENGTH_BYTES;
  if (pad < 1 || pad > PAD_TO || end < start) return undefined;
  const length = padded.readUInt32BE(RANDOM_BYTES);
  if (length > end - start) return undefined;
  const id = padded.subarray(start + length, end);
  // Security decision: the whole rest is the app's own id, byte for byte, or it is not for us.
  if (!isSame(receiver, id.toString('latin1'))) return undefined;
  return padded.subarray(start, start + length);
}

/** The reverse of `decrypt`. @param random 16 bytes */
export function encrypt(key: PushKey, message: string, receiver: string, random: Buffer): string {
  const text = Buffer.from(message);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(text.length);
  const plain = Buffer.concat([random, length, text, Buffer.from(receiver)]);
  const pad = PAD_TO - (plain.length % PAD_TO);
  const cipher = createCipheriv('aes-256-cbc', key, ivOf(key));
  cipher.setAutoPadding(false);
  const padded = Buffer.concat([plain, Buffer.alloc(pad, pad)]);
  return Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
}

/** WeChat's own choice: the first half of the key. */
function ivOf(key: PushKey): Buffer {
  return key.export().subarray(0, BLOCK);
}

/** `sort` alone compares UTF-16, which is the same only for ASCII. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
