// Judges whether a request is a push of WeChat's: what stands in its address, and the one field of
// its body that counts.
import type { AppConfig } from '../../config/wechat-config.js';
import { decrypt, isSame, type PushKey, pushKey, signatureOf } from './push-crypto.js';
import { countKey, readJson } from './push-json.js';
import { readXml, type WechatPushFields } from './push-xml.js';

/** An app whose pushes are received, with its keys decoded. */
export interface PushApp {
  readonly app: AppConfig;
  readonly push: NonNullable<AppConfig['push']>;
  readonly keys: readonly PushKey[];
}

/** The app with its keys, or undefined where it has no push. */
export function pushAppOf(app: AppConfig): PushApp | undefined {
  return app.push && { app, push: app.push, keys: app.push.keys.map(pushKey) };
}

/** What the address of a push says, in shape and in time. Nothing of it is proven yet. */
export interface PushStamp {
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
}

/** An opened push. */
export interface OpenedPush {
  readonly fields: WechatPushFields;
  readonly format: 'xml' | 'json';
  /** The key that opened it, which is the one that WeChat uses just now. */
  readonly key: PushKey;
}

/** How far the time in the address may be from ours, either way, in ms. */
export const WINDOW_MS = 5 * 60_000;

/**
 * Undefined for what is not in the shape of WeChat's. The signature joins its values without
 * separators, so each is held to a shape in which no byte can move from one to the next; twice is
 * not once.
 */
export function readStamp(
  query: URLSearchParams,
  signatureName: 'signature' | 'msg_signature',
  now: number,
): PushStamp | undefined {
  const timestamp = only(query, 'timestamp', /^\d{10}$/);
  const nonce = only(query, 'nonce', /^[0-9A-Za-z]{1,32}$/);
  const signature = only(query, signatureName, /^[0-9a-f]{40}$/);
  if (timestamp === undefined || nonce === undefined || signature === undefined) return undefined;
  // Security decision: nothing else in the protocol stops a replay.
  if (Math.abs(now - Number(timestamp) * 1000) > WINDOW_MS) return undefined;
  return { timestamp, nonce, signature };
}

/** The one value of that name in that shape. */
export function only(query: URLSearchParams, name: string, shape: RegExp): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 && shape.test(values[0]!) ? values[0] : undefined;
}

/**
 * Opens the body, or says in a few words of ours why not. `signature` of the address is not looked
 * at: it does not cover the body.
 */
export function openEnvelope(
  { app, push, keys }: PushApp,
  stamp: PushStamp,
  body: unknown,
): OpenedPush | string {
  const envelope = encryptedOf(body);
  if (envelope === undefined) return 'no single Encrypt in its body';
  const { encrypted, format } = envelope;
  const expected = signatureOf(push.token, stamp.timestamp, stamp.nonce, encrypted);
  // Security decision: this signature over this text is all that makes a push one of WeChat's.
  if (!isSame(expected, stamp.signature)) return 'its msg_signature does not fit';
  for (const key of keys) {
    const message = decrypt(key, encrypted, app.appId);
    if (message === undefined) continue;
    const fields = readMessage(message);
    return fields ? { fields, format, key } : 'its message cannot be read';
  }
  return 'no key opens it for this app';
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `Encrypt` of the root, if there is exactly one; nothing else of the body is read. */
function encryptedOf(body: unknown): { encrypted: string; format: 'xml' | 'json' } | undefined {
  const format = typeof body === 'string' && !/^\s*\{/.test(body) ? 'xml' : 'json';
  const fields = typeof body !== 'string' ? body : format === 'xml' ? readXml(body) : readJson(body);
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, 'Encrypt')) return undefined;
  // Two elements are an array; of two keys JSON keeps the last.
  if (typeof body === 'string' && format === 'json' && countKey(body, 'Encrypt') !== 1) return undefined;
  const { Encrypt: encrypted } = fields as { Encrypt: unknown };
  if (typeof encrypted !== 'string' || encrypted === '' || !BASE64.test(encrypted)) return undefined;
  return { encrypted, format };
}

function readMessage(message: Buffer): WechatPushFields | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(message);
  } catch {
    return undefined;
  }
  if (/^\s*\{/.test(text)) return readJson(text);
  // People's texts hold control characters, which XML does not allow and WeChat does not take out.
  return readXml(text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd'));
}
