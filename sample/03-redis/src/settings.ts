// What the environment says. Read by the first process and by those it starts.
import { randomBytes } from 'node:crypto';

export const PORT = Number(process.env['PORT'] || 3000);
export const MOCK_PORT = Number(process.env['MOCK_PORT'] || 3001);

/** Where browsers reach the application, whichever process answers. */
export const PUBLIC_URL = `http://127.0.0.1:${PORT}`;

/** `redis`, or `file`: the store of one's own in file-token-store.ts. */
export const STORE = process.env['STORE'] === 'file' ? 'file' : 'redis';

/** A directory of files is for one process. */
export const PROCESSES = STORE === 'file' ? 1 : 2;

export const REDIS_URL = process.env['REDIS_URL'] || 'redis://127.0.0.1:6379';

/** Put before every key, so that nobody else's are touched. */
export const REDIS_PREFIX = process.env['REDIS_PREFIX'] || 'sample-03:';

/**
 * One for all processes: the first makes it and hands it on. With every start a new one, which is
 * fine here and nowhere else.
 */
export const SESSION_SECRET = process.env['SESSION_SECRET'] || randomBytes(32).toString('base64');
