// What the environment says. Nothing in it is needed.
import { randomBytes } from 'node:crypto';

export const PORT = Number(process.env['PORT'] || 3000);
export const MOCK_PORT = Number(process.env['MOCK_PORT'] || 3001);

/** Where browsers reach the application. */
export const PUBLIC_URL = `http://127.0.0.1:${PORT}`;

/** How the person says yes: six digits into the page, or with `tap` a button on the phone. */
export const CONFIRM = process.env['CONFIRM'] === 'tap' ? 'tap' : 'code';

/** Of the message push; the console of the account has the same two. In earnest both are secrets. */
export const PUSH = {
  token: process.env['WECHAT_PUSH_TOKEN'] || randomBytes(16).toString('hex'),
  encodingAesKey: process.env['WECHAT_PUSH_KEY'] || randomBytes(22).toString('hex').slice(0, 43),
};

/**
 * A new one with every start: whoever was signed in signs in again, which is fine here and nowhere
 * else.
 */
export const SESSION_SECRET = process.env['SESSION_SECRET'] || randomBytes(32).toString('base64');
