// Opens the encrypted data that a mini program hands to its server (profile, old-style phone
// number). Only node:crypto; no I/O, no state.
//
// WeChat's scheme is AES-128-CBC with PKCS#7 and no authentication, so two things matter beyond
// decrypting. An answer that tells wrong padding from wrong content is a padding oracle: everything
// that fails here fails as one identical error. And whoever can change the IV can change the first
// 16 bytes of the content, which are `{"openId":"` and the first five letters of the openid:
// callers that know whose data it must be pass `openid`.
import { createDecipheriv } from 'node:crypto';
import { parseJson } from '../api/answer.js';
import { WechatDecryptError } from '../errors/errors.js';
import type { WechatSecret } from '../sealing/secret.js';

/** What `wx.getUserInfo` and its relatives return, as base64 text. */
export interface WechatEncryptedUserData {
  /** The data, encrypted with the session key. */
  encryptedData: string;
  /** The initial vector, 16 bytes. */
  iv: string;
}

/**
 * The content, under WeChat's own names. `watermark`, `openId` and `unionId` were checked;
 * everything else is as WeChat wrote it. Since 2022 the nickname is usually 微信用户 and the avatar
 * grey; gender and region have held no real value since 2021.
 */
export interface WechatMiniProgramUser {
  /** Whose data it is. */
  openId?: string;
  /** The person at all apps of one open-platform account. */
  unionId?: string;
  /** Usually 微信用户. */
  nickName?: string;
  /** Address of a picture, usually a grey one. */
  avatarUrl?: string;
  /** 1 male, 2 female, 0 unknown. */
  gender?: number;
  /** Empty since 2021. */
  city?: string;
  /** Empty since 2021. */
  province?: string;
  /** Empty since 2021. */
  country?: string;
  /** Of the phone, e.g. `zh_CN`. */
  language?: string;
  /** With the code of the country where it is not China. */
  phoneNumber?: string;
  /** Without the code of the country. */
  purePhoneNumber?: string;
  /** Of the number, e.g. `86`. */
  countryCode?: string;
  /** Whose data it is and when it was made, in seconds. */
  watermark: { appid: string; timestamp: number };
  [more: string]: unknown;
}

/** What is to be opened, and with which keys. */
export interface DecryptUserDataInput extends WechatEncryptedUserData {
  /** The mini program the data must come from. */
  appId: string;
  /**
   * Newest first. wx.login may have replaced the key after the data was made, so the previous one
   * belongs here too.
   */
  sessionKeys: readonly WechatSecret[];
  /** Milliseconds. */
  now: number;
  /**
   * Seconds. Data older than this, or dated more than a minute ahead, fails. Left out: the age is
   * not looked at.
   */
  maxAge?: number;
  /**
   * Whose data it must be. Compared only if the data names a person: `wx.getUserProfile` and phone
   * numbers do not.
   */
  openid?: string;
  unionid?: string;
}

const BLOCK = 16;
const MAX_CIPHERTEXT = 8 * 1024;
const MAX_BASE64 = 4 * Math.ceil(MAX_CIPHERTEXT / 3);
/** Seconds that WeChat's clock may be ahead of ours. */
const CLOCK_SKEW = 60;

// Fatal, because a block garbled by tampering is then hardly ever text: replacement characters
// would let it pass inside a string.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decrypts and checks the data of a mini program: watermark of this app, fresh if `maxAge` is
 * given, of this person if `openid` or `unionid` is.
 *
 * `encryptedData` and `iv` are strict base64 of at most 8 KiB and exactly 16 bytes.
 * Percent-encoding and a line end behind are taken off; spaces count as `+`, which is what they
 * were before somebody forgot to URL-encode them. Scheme and checks follow WeChat's page on
 * signatures and decryption of open data.
 *
 * @throws WechatDecryptError for every failure alike, arguments of the wrong type included.
 */
export function decryptUserData(input: DecryptUserDataInput): WechatMiniProgramUser {
  let user: WechatMiniProgramUser | undefined;
  try {
    user = tryEveryKey(input);
  } catch {
    // The cause is dropped on purpose: it would tell failures apart, and a SyntaxError quotes the
    // decrypted text.
  }
  if (!user) throw new WechatDecryptError();
  return user;
}

function tryEveryKey(input: DecryptUserDataInput): WechatMiniProgramUser | undefined {
  const iv = bytesOf(input.iv);
  const ciphertext = bytesOf(input.encryptedData);
  const wellFormed =
    typeof input.appId === 'string' &&
    isTextOrAbsent(input.openid) &&
    isTextOrAbsent(input.unionid) &&
    iv.length === BLOCK &&
    ciphertext.length > 0 &&
    ciphertext.length % BLOCK === 0;
  if (!wellFormed) return undefined;

  for (const secret of input.sessionKeys) {
    try {
      const user = openWith(bytesOf(secret.reveal()), iv, ciphertext, input);
      if (user) return user;
    } catch {
      // Not this key: the next one gets its turn.
    }
  }
  return undefined;
}

/**
 * Padding does not decide anything alone: of random wrong keys 1 in 240 pads correctly, and a wrong
 * IV always does. So the content is read either way, and all checks are judged together.
 */
function openWith(
  key: Buffer,
  iv: Buffer,
  ciphertext: Buffer,
  expected: DecryptUserDataInput,
): WechatMiniProgramUser | undefined {
  const decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  const padding = padded.readUInt8(padded.length - 1);
  // Neither this nor the decoding stops early for wrong padding, so that the time taken says as
  // little as the error does.
  const difference = padded
    .subarray(-BLOCK)
    .reduce((all, byte, index) => all | (index < BLOCK - padding ? 0 : byte ^ padding), 0);
  const wellPadded = padding >= 1 && padding <= BLOCK && difference === 0;

  const text = utf8.decode(padded);
  const content = wellPadded ? text.slice(0, -padding) : text;
  const user = parseJson(content, withoutEmpty) as WechatMiniProgramUser;
  const { appid, timestamp } = user.watermark;
  const genuine = [
    wellPadded,
    appid === expected.appId,
    Number.isFinite(timestamp),
    isFresh(timestamp, expected),
    isSamePerson(user.openId, expected.openid),
    isSamePerson(user.unionId, expected.unionid),
  ].every(Boolean);
  return genuine ? { ...user, watermark: { appid, timestamp } } : undefined;
}

/** Percent-encoded, a line end behind, spaces for `+`: all are the same base64. */
function plain(text: string): string {
  return (text.includes('%') ? decodeURIComponent(text) : text).replace(/[\r\n]+$/, '').replaceAll(' ', '+');
}

/**
 * Nothing of what is not canonical base64 in the standard alphabet: the length checks then refuse
 * it.
 */
function bytesOf(text: unknown): Buffer {
  if (typeof text !== 'string' || text.length > 3 * MAX_BASE64) return Buffer.alloc(0);
  const base64 = plain(text);
  const bytes = base64.length > MAX_BASE64 ? Buffer.alloc(0) : Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : Buffer.alloc(0);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isFresh(timestamp: number, { now, maxAge }: DecryptUserDataInput): boolean {
  if (maxAge === undefined) return true;
  const age = now / 1000 - timestamp;
  return age <= maxAge && age >= -CLOCK_SKEW;
}

function isSamePerson(found: unknown, expected: string | undefined): boolean {
  if (found === undefined) return true;
  return typeof found === 'string' && (expected === undefined || found === expected);
}

/**
 * As in WeChat's other answers null is absent, and so is an empty id. Keys through which a later
 * merge of this object could reach `Object.prototype` go too; WeChat uses none of them.
 */
function withoutEmpty(key: string, value: unknown): unknown {
  const empty = value === null || (value === '' && (key === 'openId' || key === 'unionId'));
  return empty || key === '__proto__' || key === 'constructor' || key === 'prototype' ? undefined : value;
}
