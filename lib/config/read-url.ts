// Reads the addresses among the options. What WeChat would refuse later, at a user's expense, is
// refused here.
import { check, readPath } from './read-value.js';

/** Stands for an address that was complained about, so that it does not count as missing too. */
export const UNREAD_URL = new URL('https://unread.invalid');

const LOOPBACK = /^(localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether an address is of this machine alone. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

/** Where browsers reach the application, without a trailing slash in its path. */
export function readPublicUrl(option: string, value: unknown, allowHttp: boolean): URL {
  const url = parse(option, value, 'Write the address browsers use, e.g. "https://shop.example.com".');
  requireScheme(option, url, allowHttp);
  requireBare(option, url, value, 'Write scheme and host, and a path if the proxy strips one.');
  const mayHavePort = isLoopback(url) || allowHttp;
  const fix = 'WeChat sends people to ports 80 and 443 only; leave the port out.';
  check(url.port === '' || mayHavePort, option, 'has a port', fix);
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** A bare origin, as in the `Origin` header. */
export function readOrigin(option: string, value: unknown, allowHttp: boolean): string {
  const url = parse(option, value, 'Write an origin, e.g. "https://app.example.com".');
  requireScheme(option, url, allowHttp);
  check(value === url.origin, option, 'is more than an origin', `Write "${url.origin}".`);
  return url.origin;
}

/**
 * Base address of one of WeChat's hosts, without a trailing slash. To that of the API goes the app
 * secret: only where it is encrypted, or never leaves the machine.
 */
export function readEndpoint(option: string, value: unknown, allowHttp: boolean): string {
  const url = parse(option, value, 'Write an address such as "https://api.weixin.qq.com".');
  requireScheme(option, url, allowHttp);
  requireBare(option, url, value, 'Write scheme, host and perhaps a path.');
  return url.href.replace(/\/+$/, '');
}

/** Where browsers find a picture: an address, or a path of the application. */
export function readLogo(option: string, value: unknown, allowHttp: boolean): string {
  if (typeof value === 'string' && value.startsWith('/')) return readPath(option, value);
  const fix = 'Write an address such as "https://cdn.example.com/logo.png", or a path of the application.';
  const url = parse(option, value, fix);
  requireScheme(option, url, allowHttp);
  check(url.username === '' && url.password === '', option, 'has a user', fix);
  return url.href;
}

function parse(option: string, value: unknown, fix: string): URL {
  check(typeof value === 'string' && URL.canParse(value), option, 'is not a URL', fix);
  const url = new URL(value);
  // Hosts are compared letter by letter; a pattern would be taken for a name that nobody has.
  check(!url.hostname.includes('*'), option, 'has a wildcard', 'Write every host out.');
  return url;
}

/** An empty query counts as one: it would be part of every address made of this one. */
function requireBare(option: string, url: URL, value: unknown, fix: string): void {
  const isBare = url.username === '' && url.password === '' && !/[?#]/.test(value as string);
  check(isBare, option, 'has a user, a query or a fragment', fix);
}

function requireScheme(option: string, url: URL, allowHttp: boolean): void {
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && (allowHttp || isLoopback(url)));
  check(
    isSafe,
    option,
    `has the scheme "${url.protocol}"`,
    'Use https; http is for loopback hosts, and while you develop for others with dev: { allowHttp: true }.',
  );
}
