// What the browser client takes and gives. Applications compile without the types of a browser, so
// the few shapes that are used of one stand here.

/**
 * The type of the global `fetch`, where the project that compiles knows one: of the browser or of
 * Node.
 */
export type GlobalFetch = typeof globalThis extends {
  /** The global one. */
  fetch: infer F;
}
  ? F
  : FetchLike;

/** `fetch` where neither the types of the browser nor those of Node are at hand. */
export type FetchLike = (input: string, init?: object) => Promise<ResponseLike>;

/** What is used of an answer to `fetch`. */
export interface ResponseLike {
  /** Status of HTTP. */
  readonly status: number;
  /** Whether it is a status of success. */
  readonly ok: boolean;
  /** Of the last redirect; empty where nobody knows. */
  readonly url: string;
  /** Only the type of the body is looked at. */
  readonly headers: { get(name: string): string | null };
  /** Read in place of the answer, whose body stays unread for the caller. */
  clone(): ResponseLike;
  /** The body. */
  json(): Promise<unknown>;
}

/** What `createBrowserClient` may be told. */
export interface BrowserClientOptions {
  /**
   * Where the application is: `https://api.example.com`, or a path of the page's own origin such
   * as `/api`. Paths are put behind it.
   * @default the origin of the page
   */
  baseUrl?: string;
  /**
   * Where `WechatAuthController` is mounted, below `baseUrl`.
   * @default '/wechat'
   */
  loginPath?: string;
  /**
   * Origin of the module's `publicUrl` where it is neither the page's nor that of `baseUrl`, e.g.
   * behind the proxy of a development server: `http://localhost:3000`. A login elsewhere is not
   * followed.
   */
  loginOrigin?: string;
  /**
   * Makes the requests.
   * @default the global `fetch`, as it is at the time of the request
   */
  fetch?: GlobalFetch;
  /**
   * Begins the name under which `sessionStorage` keeps that somebody has just been sent to sign in.
   * @default 'wechat-login'
   */
  storageKey?: string;
  /** @internal The seam of the tests. */
  window?: WindowLike;
}

/** How to sign in. */
export interface BrowserLoginOptions {
  /** Name of the app in the options of the module, where more than one could be asked. */
  app?: string;
  /** What to ask for, e.g. `snsapi_userinfo` for name and picture. */
  scope?: string;
  /**
   * Where to come back to; a path is one of the page's origin.
   * @default where the page is now, query and hash included
   */
  returnTo?: string;
}

/** Who is signed in: what the guard of the application knows. */
export interface BrowserUser<Claims = Readonly<Record<string, unknown>>> {
  /** Name of the app in the options of the module. */
  readonly app: string;
  /** The app id at WeChat. */
  readonly appId: string;
  /** The person, to this app. */
  readonly openid: string;
  /** The person, to all apps of one Open Platform account. */
  readonly unionid?: string;
  /** What was granted. */
  readonly scope: readonly string[];
  /** Only with a scope that gives it. */
  readonly nickname?: string;
  /** Only with a scope that gives it. */
  readonly avatarUrl?: string;
  /** A visitor whom WeChat made up for a look at the page. */
  readonly isSnapshotUser: boolean;
  /** What the login handler added. */
  readonly claims?: Claims;
}

/** Requests of one page to one application. */
export interface BrowserClient {
  /**
   * As the global `fetch`. Cookies go along to an application on another origin, and whoever has to
   * sign in is sent there, once for all requests that are refused, and comes back to where the page
   * is now. While the page is leaving, the promise of a refused request does not settle; where the
   * page is shown again, by Back or because nothing came of leaving for half a minute, it rejects
   * with `WechatLoginAbandoned`.
   *
   * The answer itself is handed over, unread, where signing in would not help or may not happen by
   * itself: the person has just been sent and is refused again, has signed out, the page is in a
   * frame, or `sessionStorage` keeps nothing. Show a button that calls `login()` then.
   *
   * Requests to other origins are the global `fetch`'s.
   */
  fetch: GlobalFetch;
  /**
   * Goes to sign in, whatever was tried before. Never resolves: the page leaves.
   * @throws WechatLoginAbandoned when the page is shown again, `WechatClientError` in a frame,
   * where WeChat shows nothing
   */
  login(options?: BrowserLoginOptions): Promise<never>;
  /**
   * Signs out. Nobody is sent to sign in by a request for some minutes after it.
   * @throws WechatClientError when the application answers with an error
   */
  logout(): Promise<void>;
  /**
   * Who is signed in. Sends nobody anywhere.
   * @throws WechatClientError when the application answers with an error
   */
  me<Claims = Readonly<Record<string, unknown>>>(): Promise<{ user: BrowserUser<Claims> | null }>;
}

/** What is used of the window. On a server most of it is missing. */
export interface WindowLike {
  /** Where developers look. */
  readonly console?: { warn(text: string): void };
  readonly location?: { readonly href: string; readonly origin: string; assign(url: string): void };
  readonly top?: unknown;
  readonly document?: {
    readonly baseURI: string;
    readonly prerendering?: boolean;
    addEventListener(type: 'prerenderingchange', listener: () => void, options: { once: true }): void;
  };
  readonly sessionStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly Date: { now(): number };
  readonly fetch?: (input: unknown, init?: object) => Promise<ResponseLike>;
  addEventListener(type: 'pageshow', listener: (event: { persisted: boolean }) => void): void;
  removeEventListener(type: 'pageshow', listener: (event: { persisted: boolean }) => void): void;
  setTimeout(act: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}
