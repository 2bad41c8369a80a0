// Safe mode from WeChat's side: signs, encrypts and opens. Written for itself, so that it does not
// share a mistake with the module it tests.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** SHA-1 of the token and the values, sorted by their bytes and joined. */
export function sign(token: string, ...values: string[]): string {
  const joined = [token, ...values].sort().join('');
  return createHash('sha1').update(joined).digest('hex');
}

/** A message under the EncodingAESKey, in base64. */
export function seal(encodingAesKey: string, message: string, appId: string): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const text = Buffer.from(message);
  const size = Buffer.from([text.length >>> 24, text.length >>> 16, text.length >>> 8, text.length]);
  const plain = Buffer.concat([randomBytes(16), size, text, Buffer.from(appId)]);
  const pad = 32 - (plain.length % 32);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([plain, Buffer.alloc(pad, pad)]);
  return cipher.update(padded, undefined, 'base64') + cipher.final('base64');
}

/** @throws Error for what WeChat could not open */
export function unseal(encodingAesKey: string, encrypted: string, appId: string): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64');
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
  const pad = padded.at(-1) ?? 0;
  if (pad < 1 || pad > 32 || padded.length % 32 !== 0) throw new Error('its padding is wrong');
  const plain = padded.subarray(0, -pad);
  const end = 20 + plain.readUInt32BE(16);
  if (plain.subarray(end).toString() !== appId) throw new Error('it is for another app');
  return plain.subarray(20, end).toString();
}
