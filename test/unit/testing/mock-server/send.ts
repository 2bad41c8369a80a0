// Requests as browsers and attackers send them, to the pages that look at who asks.
import { request } from 'node:http';
import type { WechatMockServer } from '../../../../lib/testing/index.js';

/** The type of forms. */
export const FORM = 'application/x-www-form-urlencoded';

/** What came back. */
export interface Sent {
  status: number;
  location?: string;
  body: string;
  headers: NodeJS.Dict<string | string[]>;
}

/** A request by hand, so that Host and Origin may be anything. */
export function send(
  wechat: WechatMockServer,
  method: string,
  headers: Record<string, string> = {},
  body?: string,
  path = '/',
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const outgoing = request(wechat.endpoints.open + path, { method, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += String(chunk)));
      answer.on('end', () => {
        const { statusCode: status = 0, headers: got } = answer;
        resolve({ status, location: got.location, body: text.replace(/\s+/g, ' '), headers: got });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
