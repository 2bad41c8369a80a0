// A person in front of an authorize page, without a browser: opens the link over HTTP and says at
// once who is there and what is pressed.
import { request } from 'node:http';
import { MockServerError } from './mock-server-error.js';
import type { MockAuthorizeOptions, MockAuthorizeResult } from './mock-server.types.js';
import type { MockWorld } from './mock-world.js';

const WECHAT_ON_A_PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN';
const CHROME_ON_A_DESKTOP =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

/**
 * @throws MockServerError for an unknown user or something that is no authorize link; rejects with
 * Node's error when a fault cuts the connection
 */
export function driveAuthorize(
  world: MockWorld,
  authorizeUrl: string,
  options: MockAuthorizeOptions,
): Promise<MockAuthorizeResult> {
  // By hand, because `new URL` would rewrite the query. The fragment stays behind, as in a browser.
  const match =
    /^(?:https?:\/\/[^/?#]+)?(\/connect\/(oauth2\/authorize|qrconnect)(?:\?[^#]*)?)(?:#.*)?$/i.exec(
      authorizeUrl,
    );
  if (!match) {
    throw new MockServerError(
      'authorize()',
      `got ${JSON.stringify(authorizeUrl)}`,
      'Give the link that starts a login: /connect/oauth2/authorize?… or /connect/qrconnect?….',
    );
  }
  // What a browser would encode by itself.
  const path = match[1]!.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
  const userId = options.user ?? world.autoConsent?.user ?? world.users.list()[0]!.id;
  const allow = options.allow ?? world.autoConsent?.allow ?? true;
  const headers = {
    'user-agent': options.userAgent ?? (match[2] === 'qrconnect' ? CHROME_ON_A_DESKTOP : WECHAT_ON_A_PHONE),
    accept: 'text/html',
    'x-wechat-mock-user': world.users.get(userId, 'authorize()').id,
    'x-wechat-mock-answer': allow ? 'allow' : 'refuse',
    'x-wechat-mock-from': options.fromChat ? 'chat' : 'link',
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(world.origin, { path, headers, agent: false }, (response) => {
      const status = response.statusCode!;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (status >= 300 && status < 400) return resolve({ redirectTo: response.headers.location });
        const errcode = response.headers['x-wechat-mock-errcode'];
        const html = Buffer.concat(chunks).toString('utf8');
        resolve({ page: { status, html, ...(errcode === undefined ? {} : { errcode: Number(errcode) }) } });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
