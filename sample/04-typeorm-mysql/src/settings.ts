// What the environment says.
import { randomBytes } from 'node:crypto';

export const PORT = Number(process.env['PORT'] || 3000);
export const MOCK_PORT = Number(process.env['MOCK_PORT'] || 3001);
export const PUBLIC_URL = `http://127.0.0.1:${PORT}`;

/** MySQL or MariaDB. The database is made when it is missing. */
export const MYSQL_URL = process.env['MYSQL_URL'] || 'mysql://root@127.0.0.1:3306/wechat_sample_04';

/**
 * A new one with every start: whoever was signed in signs in again, and tokens kept before cannot
 * be opened. Fine here and nowhere else.
 */
export const SESSION_SECRET = process.env['SESSION_SECRET'] || randomBytes(32).toString('base64');
