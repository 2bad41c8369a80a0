// The page's own server: static files, and one of the two documents for every other path, because
// the routes live in the browser.
import { createServer, type Server } from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';

const PUBLIC = new URL('../public/', import.meta.url);

/** The client imports nothing, so a page without a bundler takes its file as it is. */
const CLIENT = new URL('browser.js', import.meta.resolve('nestjs-wechat-oauth/client'));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export async function createWebServer(apiUrl: string): Promise<Server> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(PUBLIC)) files.set(`/${name}`, await readFile(new URL(name, PUBLIC)));
  files.set('/wechat-client.js', await readFile(CLIENT));
  files.set('/config.js', Buffer.from(`export const API = ${JSON.stringify(apiUrl)};\n`));
  const headers = {
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': `default-src 'self'; connect-src ${apiUrl}; base-uri 'none'; frame-ancestors 'none'`,
  };
  return createServer(({ url = '/' }, response) => {
    const path = url.split('?', 1)[0]!;
    const name = files.has(path) ? path : path === '/hash' ? '/hash.html' : '/index.html';
    const missing = name !== path && extname(path) !== '';
    response.writeHead(missing ? 404 : 200, { ...headers, 'Content-Type': TYPES[extname(name)] });
    response.end(missing ? undefined : files.get(name));
  });
}
