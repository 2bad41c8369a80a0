// A browser tab for the browser client: pages that come and go, one session storage, and an
// application that answers what the test says.
import { createBrowserClient, type BrowserClientOptions } from '../../../lib/client/index.js';
import type { WindowLike } from '../../../lib/client/browser.types.js';

export const API = 'https://api.example.com';
export const PAGE = 'https://www.example.com/teas/longjing?cups=2#notes';

type Seen = { url: string; init: Record<string, unknown> };
type Answering = (seen: Seen) => Response | Promise<Response>;

/** An answer as `fetch` gives it: with the address it came from. */
export function answer(url: string, status: number, body?: unknown, type = 'application/json'): Response {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const made = new Response(status === 204 ? null : text, { status, headers: { 'content-type': type } });
  return Object.defineProperty(made, 'url', { value: url });
}

export const REFUSED = {
  statusCode: 401,
  code: 'WECHAT_LOGIN_REQUIRED',
  message: '请先使用微信登录。',
  loginUrl: `${API}/wechat/login`,
  ref: 'AB12CD34',
};
export const SCOPE_MISSING = {
  ...REFUSED,
  statusCode: 403,
  code: 'WECHAT_SCOPE_REQUIRED',
  app: 'official',
  scope: 'snsapi_userinfo',
};

export class Tab {
  readonly seen: Seen[] = [];
  /** Where pages went. */
  readonly trips: string[] = [];
  readonly kept = new Map<string, string>();
  now = 1_800_000_000_000;
  /** What the application answers: 401 until the test says otherwise. */
  answers: Answering = ({ url }) => answer(url, 401, REFUSED);
  storage: WindowLike['sessionStorage'] | 'blocked' = {
    getItem: (key) => this.kept.get(key) ?? null,
    setItem: (key, value) => void this.kept.set(key, value),
    removeItem: (key) => void this.kept.delete(key),
  };

  /** A page in this tab, at this address, and its client. */
  open(href = PAGE, options: BrowserClientOptions = {}, baseUrl: string | null = API) {
    const page = new PageWindow(this, href);
    return { page, client: this.clientOf(page, options, baseUrl) };
  }

  clientOf(page: PageWindow, options: BrowserClientOptions = {}, baseUrl: string | null = API) {
    return createBrowserClient({
      ...(baseUrl === null ? {} : { baseUrl }),
      window: page as unknown as WindowLike,
      ...options,
    });
  }
}

export class PageWindow {
  top: unknown = this;
  readonly timers = new Map<number, { act: () => void; at: number }>();
  private readonly listeners = new Set<(event: { persisted: boolean }) => void>();
  private activated: (() => void)[] = [];
  private count = 0;
  readonly Date = { now: () => this.tab.now };
  readonly location;
  readonly document;

  constructor(
    readonly tab: Tab,
    href: string,
  ) {
    this.location = {
      href,
      origin: new URL(href).origin,
      assign: (url: string) => void tab.trips.push(url),
    };
    this.document = {
      baseURI: href,
      prerendering: false,
      addEventListener: (_type: string, listener: () => void) => void this.activated.push(listener),
    };
  }

  get sessionStorage() {
    if (this.tab.storage === 'blocked') throw new DOMException('blocked', 'SecurityError');
    return this.tab.storage;
  }

  fetch = async (input: unknown, init: Record<string, unknown> = {}) => {
    const seen = { url: String((input as Request).url ?? input), init };
    this.tab.seen.push(seen);
    return this.tab.answers(seen);
  };

  addEventListener = (_type: string, listener: (event: { persisted: boolean }) => void) =>
    void this.listeners.add(listener);
  removeEventListener = (_type: string, listener: (event: { persisted: boolean }) => void) =>
    void this.listeners.delete(listener);

  setTimeout = (act: () => void, ms: number) => {
    this.timers.set(++this.count, { act, at: this.tab.now + ms });
    return this.count;
  };
  clearTimeout = (timer: number) => void this.timers.delete(timer);

  /** Lets the time go on, and what waited for it happen. */
  pass(ms: number): void {
    this.tab.now += ms;
    for (const [id, { act, at }] of this.timers) {
      if (at > this.tab.now) continue;
      this.timers.delete(id);
      act();
    }
  }

  show(persisted: boolean): void {
    for (const listener of this.listeners) listener({ persisted });
  }

  activate(): void {
    this.document.prerendering = false;
    for (const act of this.activated.splice(0)) act();
  }

  get listening(): number {
    return this.listeners.size;
  }
}

/** `'waiting'` where it has not settled once everything that can happen has happened. */
export async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    (value) => value,
    (error: unknown) => error,
  );
  const turn = new Promise((resolve) => void setImmediate(() => setImmediate(() => resolve('waiting'))));
  return Promise.race([settled, turn]);
}
