// The addresses of the sample: an API, a page on another origin, and a mock of WeChat. All of them
// on this machine.
import { randomBytes } from 'node:crypto';

/** Where browsers reach the API. */
export const API_URL = process.env['API_URL'] || 'http://127.0.0.1:3000';

/**
 * Where browsers reach the page. Another port is another origin, but the same site: that is what
 * cookies go by.
 */
export const WEB_URL = process.env['WEB_URL'] || 'http://127.0.0.1:3002';

export const MOCK_PORT = Number(process.env['MOCK_PORT'] || 3001);

/**
 * A new one with every start: whoever was signed in signs in again, which is fine here and nowhere
 * else.
 */
export const SESSION_SECRET = process.env['SESSION_SECRET'] || randomBytes(32).toString('base64');
