// Codes, tokens and keys in the shapes WeChat gives them.
import { randomBytes, randomInt } from 'node:crypto';

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 32 letters and digits, as in `?code=`. Case matters. */
export function randomCode(): string {
  return Array.from({ length: 32 }, () => LETTERS_AND_DIGITS[randomInt(62)]).join('');
}

/** 64 hex digits: what the phone button's codes look like in WeChat's samples. */
export function randomPhoneCode(): string {
  return randomBytes(32).toString('hex');
}

/** A token: two digits, an underscore, 86 of `A-Za-z0-9_-`. */
export function randomToken(): string {
  return `${randomInt(10, 100)}_${randomBytes(64).toString('base64url')}`;
}

/** A session_key: 16 bytes in base64, with its padding. */
export function randomSessionKey(): string {
  return randomBytes(16).toString('base64');
}
