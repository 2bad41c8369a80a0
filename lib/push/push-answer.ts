// The reply to a push on its way out: always encrypted, by the key that opened the push.
import type { Runtime } from '../common/runtime.js';
import { encrypt, signatureOf } from './wire/push-crypto.js';
import type { OpenedPush, PushApp, PushStamp } from './wire/push-envelope.js';
import type { PushOutcome } from './push-once.js';
import type { WechatPush } from './wechat-push.js';
import { writeReply } from './write-reply.js';

/** What is sent back. An empty text where there is no word for the sender. */
export interface PushAnswer {
  readonly status: number;
  readonly text: string;
  readonly type: 'text/plain' | 'application/xml' | 'application/json';
}

/**
 * A reply that is sent again is the same message; only random bytes, time and nonce of its envelope
 * belong to the delivery.
 * @see https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.md
 */
export function encryptReply(
  { app, push: { token } }: PushApp,
  { format, key }: OpenedPush,
  { nonce }: PushStamp,
  { reply, createTime }: Required<PushOutcome>,
  { openid, raw }: WechatPush,
  { now, randomBytes }: Pick<Runtime, 'now' | 'randomBytes'>,
): PushAnswer {
  const from = typeof raw['ToUserName'] === 'string' ? raw['ToUserName'] : '';
  const message = writeReply({ to: openid, from, createTime }, reply, format);
  const encrypted = encrypt(key, message, app.appId, randomBytes(16));
  const timestamp = Math.floor(now() / 1000);
  const signature = signatureOf(token, String(timestamp), nonce, encrypted);
  if (format === 'json') {
    const fields = { Encrypt: encrypted, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce };
    return { status: 200, text: JSON.stringify(fields), type: 'application/json' };
  }
  // None of these values can hold the end of a CDATA.
  const text =
    `<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature>` +
    `<TimeStamp>${timestamp}</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`;
  return { status: 200, text, type: 'application/xml' };
}
