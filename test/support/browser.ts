// A browser for tests: real HTTP, a real cookie jar, the headers a navigation has, and a name
// server of its own, so that `https://shop.example.com` can be an application on a loopback port.
import http from 'node:http';
import { CookieJar } from 'tough-cookie';

export const AGENTS = {
  wechat:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/zh_CN',
  wechatAndroid:
    'Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/122.0.0.0 Mobile Safari/537.36 XWEB/1220133 MMWEBSDK/20240404 MicroMessenger/8.0.49 WeChat/arm64',
  desktop: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
  phone: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36',
};

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  setCookies: string[];
  body: string;
  /** What was asked for. Fragments are not sent. */
  url: string;
  /**
   * The address with the fragment that it has, or inherited from the address that redirected to it.
   */
  addressBar: string;
  json<T = Record<string, unknown>>(): T;
}

export interface RequestOptions {
  method?: string;
  headers?: http.OutgoingHttpHeaders;
  body?: string;
  /** Sent on the request line instead of path and query. */
  target?: string;
  /** Leaves the answer's cookies unread, as a connection that breaks off does. */
  dropCookies?: boolean;
}

export class Browser {
  readonly jar = new CookieJar();
  private readonly hosts = new Map<string, number>();

  constructor(
    public userAgent: string = AGENTS.wechat,
    /** Refuses every cookie. */
    private readonly noCookies = false,
  ) {}

  /** Sends requests for an origin to a port of this machine. */
  route(origin: string, port: number): this {
    this.hosts.set(new URL(origin).origin, port);
    return this;
  }

  /** A second browser that knows the same hosts. */
  another(userAgent = this.userAgent): Browser {
    const browser = new Browser(userAgent);
    for (const [origin, port] of this.hosts) browser.route(origin, port);
    return browser;
  }

  /**
   * Asks for a page, as typing the address or following a link does. Redirects are not followed.
   */
  async visit(url: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request(url, {
      ...options,
      headers: {
        accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
        'accept-language': 'en',
        ...options.headers,
      },
    });
  }

  /** Asks for data, as fetch does. */
  async fetch(url: string, options: RequestOptions = {}): Promise<Answer> {
    return this.request(url, {
      ...options,
      headers: {
        accept: 'application/json',
        'accept-language': 'en',
        'sec-fetch-mode': 'cors',
        'sec-fetch-dest': 'empty',
        ...options.headers,
      },
    });
  }

  /** Follows redirects to the end; the answers on the way, the last one last. */
  async follow(url: string, options: RequestOptions = {}, most = 12): Promise<Answer[]> {
    const answers: Answer[] = [];
    let next: string | undefined = url;
    while (next !== undefined) {
      if (answers.length === most) throw new Error(`still redirected after ${most} requests: ${next}`);
      const answer: Answer = await this.visit(next, options);
      answers.push(answer);
      const { location } = answer.headers;
      next = location === undefined ? undefined : redirected(next, location);
    }
    return answers;
  }

  async cookieNames(url: string): Promise<string[]> {
    return (await this.jar.getCookies(url)).map(({ key }) => key);
  }

  private async request(url: string, options: RequestOptions): Promise<Answer> {
    const target = new URL(url);
    const port = this.hosts.get(target.origin) ?? Number(target.port);
    const cookie = this.noCookies ? '' : await this.jar.getCookieString(url);
    const answer = await send(
      {
        host: '127.0.0.1',
        port,
        method: options.method ?? 'GET',
        path: options.target ?? target.pathname + target.search,
        headers: {
          host: target.host,
          'user-agent': this.userAgent,
          ...(cookie ? { cookie } : {}),
          ...options.headers,
        },
        agent: false,
      },
      options.body,
    );
    if (!this.noCookies && !options.dropCookies) {
      for (const line of answer.setCookies) await this.jar.setCookie(line, url);
    }
    return { ...answer, url: url.split('#', 1)[0]!, addressBar: url };
  }
}

/** Where a redirect leads. An address without a fragment inherits that of the one before. */
function redirected(from: string, location: string): string {
  const to = new URL(location, from);
  if (!to.href.includes('#')) to.hash = new URL(from).hash;
  return to.href;
}

function send(
  options: http.RequestOptions,
  body: string | undefined,
): Promise<Omit<Answer, 'url' | 'addressBar'>> {
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          setCookies: response.headers['set-cookie'] ?? [],
          body: text,
          json: <T>() => JSON.parse(text) as T,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}
