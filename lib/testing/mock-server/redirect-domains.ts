// Where WeChat sends a browser back to: the hosts registered for an app, compared as WeChat
// compares them.
import { MockServerError } from './mock-server-error.js';

/**
 * Whether WeChat would send a browser back to this address: exact host, port 80 or 443 (any port on
 * loopback hosts, or else nobody could develop), and below the path that was entered with it.
 * @param redirectUri as it was decoded from the link; anything that is not an absolute http(s) URL
 * is refused
 */
export function domainAllows(
  app: {
    readonly domains: readonly string[];
    readonly domainPath?: string | undefined;
    readonly anyPort: boolean;
  },
  redirectUri: string,
): boolean {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  if (!app.domains.includes(url.hostname)) return false;
  const { domainPath } = app;
  const isUnder = url.pathname === domainPath || url.pathname.startsWith(`${domainPath}/`);
  if (domainPath !== undefined && !isUnder) return false;
  return app.anyPort || isLoopback(url.hostname) || ['', '80', '443'].includes(url.port);
}

/**
 * @returns the host as it stands in a URL
 * @throws MockServerError for anything that is more than a host; `at` is the option
 */
export function checkDomain(domain: string, at: string): string {
  // An IPv6 address is written without brackets on consoles and with them in URLs.
  const host = /^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(domain) ? `[${domain}]` : String(domain);
  const bare = typeof domain === 'string' && /^(\[[\da-f:.]+\]|[^\s/\\?#@:[\]]+)$/i.test(host);
  if (!bare || !URL.canParse(`http://${host}`)) {
    throw new MockServerError(
      at,
      `is ${JSON.stringify(domain)}`,
      'Give the bare host, as on WeChat’s console: no scheme, port or path.',
    );
  }
  return new URL(`http://${host}`).hostname;
}

/**
 * @returns the path as it stands in a URL, undefined where a whole host is registered
 * @throws MockServerError for anything but a path without a slash at its end; `at` is the option
 */
export function checkDomainPath(path: unknown, at: string): string | undefined {
  if (path === undefined) return undefined;
  const isPath = typeof path === 'string' && /^(?:\/[\w.~-]+)+$/.test(path);
  if (!isPath || new URL(path, 'http://host').pathname !== path) {
    throw new MockServerError(at, `is ${JSON.stringify(path)}`, 'Give a path such as "/wechat".');
  }
  return path;
}

/** Whether a host, as it stands in a URL, is this machine. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  );
}
