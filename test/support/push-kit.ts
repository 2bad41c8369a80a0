// An application with a message push, and requests to it as anybody could send them.
import { createHash } from 'node:crypto';
import http from 'node:http';
import { pushKey, encrypt, signatureOf } from '../../lib/push/wire/push-crypto.js';
import { WechatSecret } from '../../lib/index.js';
import type { MockPushSettings } from '../../lib/testing/index.js';
import { MOCK_APPS } from './application.js';

export const PUSH_TOKEN = 'PushTokenCanary01';
export const PUSH_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
export const FORMER_KEY = 'FormerPushKeyCanary0123456789abcdefghijklmn';
export const PUSH = { token: PUSH_TOKEN, encodingAesKey: PUSH_KEY };
export const [{ appId: PUSH_APP_ID }] = MOCK_APPS;

export const settingsFor = (port: number, more: Partial<MockPushSettings> = {}): MockPushSettings => ({
  appId: PUSH_APP_ID,
  url: `http://127.0.0.1:${port}/wechat/push`,
  token: PUSH_TOKEN,
  encodingAesKey: PUSH_KEY,
  ...more,
});

export const sha1 = (...values: string[]) => createHash('sha1').update(values.sort().join('')).digest('hex');

export interface Forged {
  /** The message, before it is encrypted. */
  message: string;
  key?: string;
  receiver?: string;
  token?: string;
  /** Seconds. */
  timestamp?: string;
  nonce?: string;
  /** Makes the body of what was encrypted. */
  wrap?: (encrypted: string) => string;
}

export const textXml = (content = 'hi', more = '') =>
  '<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[openid-1]]></FromUserName>' +
  `<CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[${content}]]></Content>` +
  `<MsgId>1234567890123456</MsgId>${more}</xml>`;

/** A push as WeChat would send it, or bent in one place. */
export function forge(forged: Forged): { query: Record<string, string>; body: string; encrypted: string } {
  const {
    message,
    key = PUSH_KEY,
    receiver = PUSH_APP_ID,
    token = PUSH_TOKEN,
    timestamp = String(Math.floor(Date.now() / 1000)),
    nonce = '415670741',
    wrap = (encrypted) =>
      `<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  } = forged;
  const encrypted = encrypt(pushKey(new WechatSecret(key)), message, receiver, Buffer.alloc(16, 'r'));
  const signature = sha1(token, timestamp, nonce);
  const msg_signature = signatureOf(new WechatSecret(token), timestamp, nonce, encrypted);
  const query = { signature, timestamp, nonce, openid: 'openid-1', encrypt_type: 'aes', msg_signature };
  return { query, body: wrap(encrypted), encrypted };
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** One request, byte for byte. `send` writes the body by itself. */
export function request(
  port: number,
  target: string,
  options: http.RequestOptions & {
    body?: string | Buffer;
    send?: (request: http.ClientRequest) => void;
  } = {},
): Promise<Answer> {
  const { body, send, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      { host: '127.0.0.1', port, path: target, agent: false, ...rest },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode!,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    if (send) send(outgoing);
    else outgoing.end(body);
  });
}

export function post(
  port: number,
  { query, body }: { query: Record<string, string>; body: string | Buffer },
  {
    path = '/wechat/push',
    headers = { 'content-type': 'text/xml' },
  }: { path?: string; headers?: object } = {},
): Promise<Answer> {
  const target = `${path}?${new URLSearchParams(query).toString()}`;
  return request(port, target, { method: 'POST', body, headers: headers as http.OutgoingHttpHeaders });
}
