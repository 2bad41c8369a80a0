// What the login looks at in a request, the same on Express and Fastify. Everything comes from the
// raw request line and headers, never from a parser that the application may have configured.
import type { IncomingHttpHeaders } from 'node:http';
import { readCookies, type ReceivedCookie } from './cookies.js';

interface PlatformRequest {
  method?: string;
  url?: string;
  originalUrl?: string;
  headers?: IncomingHttpHeaders;
}

/** A request, whatever platform it came through. Most facts are read when they are asked for. */
export class HttpRequest {
  readonly method: string;
  private readonly headers: IncomingHttpHeaders;
  private target: readonly [path: string, query: string] | undefined;
  private parsedQuery: URLSearchParams | undefined;
  private parsedCookies: ReceivedCookie[] | undefined;

  /**
   * The handshake of a WebSocket: a GET that opens a way to write, and that a page of any origin
   * can make with our cookies.
   */
  static ofSocket(raw: object): HttpRequest {
    return new HttpRequest(raw, 'WEBSOCKET');
  }

  /**
   * A request that came some other way than through a route of HTTP. What opens a socket, or has no
   * method at all like a handshake of socket.io, counts as a write, for the guard and for
   * `authenticate` alike: a page of any origin can make one with our cookies, and WebSockets know
   * no CORS.
   */
  static outsideHttp(raw: object): HttpRequest {
    const { method, headers = {} } = raw as PlatformRequest;
    const opensSocket =
      /(^|[\t ,])websocket($|[\t ,/])/i.test(String(headers.upgrade)) ||
      headers['sec-websocket-key'] !== undefined;
    return method === undefined || opensSocket ? HttpRequest.ofSocket(raw) : new HttpRequest(raw);
  }

  constructor(
    readonly raw: object,
    method = (raw as PlatformRequest).method ?? 'GET',
  ) {
    this.method = method === 'GET' ? method : method.toUpperCase();
    this.headers = (raw as PlatformRequest).headers ?? {};
  }

  /** Always starts with "/". */
  get path(): string {
    return this.parts[0];
  }

  /** As it was sent, with its "?", or empty. */
  get search(): string {
    const [, query] = this.parts;
    return query === '' ? '' : `?${query}`;
  }

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.parts[1]));
  }

  get cookies(): readonly ReceivedCookie[] {
    // Every field as it came: joined with anything but "; ", they would be other cookies.
    return (this.parsedCookies ??= readCookies(this.headers.cookie as string | string[] | undefined));
  }

  private get parts(): readonly [path: string, query: string] {
    // Express keeps the address before sub-applications and prefixes in `originalUrl`.
    const { url, originalUrl } = this.raw as PlatformRequest;
    return (this.target ??= splitTarget(originalUrl ?? url ?? '/'));
  }

  header(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** The host that the client asked for; HTTP/2 has a field of its own for it. */
  get host(): string | undefined {
    return this.header('host') ?? this.header(':authority');
  }

  /**
   * Whether a person is looking at a page that may be sent to WeChat and back. Everything else gets
   * a status code, because fetch and XHR would follow a redirect into an answer they cannot use.
   */
  get isPageNavigation(): boolean {
    return this.method === 'GET' && this.opensPage;
  }

  /**
   * Whether the browser will show the answer as a page: a link was followed, or a form was sent. A
   * wrong answer costs comfort and nobody's identity: a start costs the browser a flow of its own,
   * and an end takes the sealed cookie of that flow.
   */
  get opensPage(): boolean {
    if (this.saysWhatItFetches) {
      // A field that came twice is joined with a comma, and is none of these.
      // `empty` is what a service worker makes of a navigation that it passes on.
      const destination = this.header('sec-fetch-dest') ?? 'document';
      const isTop = destination === 'document' || destination === 'empty';
      return this.header('sec-fetch-mode') === 'navigate' && isTop;
    }
    // WeChat on Android sends its package name in this header, on pages too; only scripts send the
    // other value.
    if (this.header('x-requested-with')?.toLowerCase() === 'xmlhttprequest') return false;
    return /text\/html|application\/xhtml\+xml/i.test(this.header('accept') ?? '');
  }

  /** Whether the answer will be shown in a frame of another page. */
  get opensFrame(): boolean {
    const destination = this.header('sec-fetch-dest');
    const isFrame = destination === 'iframe' || destination === 'frame';
    return this.method === 'GET' && isFrame && this.header('sec-fetch-mode') === 'navigate';
  }

  private get saysWhatItFetches(): boolean {
    for (const name in this.headers) if (name.startsWith('sec-fetch-')) return true;
    return false;
  }

  /**
   * Whether a browser fetches ahead, for a page that nobody may ever look at: then no login begins,
   * no code is spent and no attempt is used up.
   */
  get isPrefetch(): boolean {
    return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
      /prefetch|prerender|preview/i.test(this.header(name) ?? ''),
    );
  }

  get prefersChinese(): boolean {
    return prefersChinese(this.header('accept-language'));
  }

  /** The language to answer in. */
  get lang(): 'zh' | 'en' {
    return this.prefersChinese ? 'zh' : 'en';
  }
}

/**
 * A request line may be absolute (`GET http://evil/p`): its host is nobody's business, only the
 * path counts.
 */
export function splitTarget(target: string): readonly [path: string, query: string] {
  if (/^\/[^?#]*$/.test(target)) return [target, ''];
  let rest = target;
  if (!rest.startsWith('/')) {
    if (!URL.canParse(rest)) return ['/', ''];
    const url = new URL(rest);
    rest = `${url.pathname.startsWith('/') ? '' : '/'}${url.pathname}${url.search}`;
  }
  const [withoutFragment = '/'] = rest.split('#', 1);
  const mark = withoutFragment.indexOf('?');
  return mark < 0 ? [withoutFragment, ''] : [withoutFragment.slice(0, mark), withoutFragment.slice(mark + 1)];
}

/**
 * Whether the first language of the list that we speak is Chinese. People in WeChat that send no
 * header most likely read Chinese.
 */
function prefersChinese(acceptLanguage: string | undefined): boolean {
  if (acceptLanguage === undefined) return true;
  // What browsers send: the first entry is the one that they like best.
  const first = /^(zh|en)(?:-\w+)?(?:,|$)/i.exec(acceptLanguage)?.[1];
  if (first !== undefined) return first.toLowerCase() === 'zh';
  const ranked = acceptLanguage
    .slice(0, 512)
    .split(',')
    .map((entry, index) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';');
      const quality = Number(/^\s*q=([\d.]+)/.exec(parameters.join(';'))?.[1] ?? 1);
      return { tag: tag.trim(), quality: Number.isFinite(quality) ? Math.min(quality, 1) : 0, index };
    })
    .filter(({ tag, quality }) => quality > 0 && /^(zh|en)\b/.test(tag))
    .toSorted((a, b) => b.quality - a.quality || a.index - b.index);
  return ranked[0]?.tag.startsWith('zh') ?? false;
}
