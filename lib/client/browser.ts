// Requests of a page to an application that guards its routes with `WechatAuthGuard`: whoever has
// to sign in is sent there and comes back to the same address. One file that imports nothing when
// it runs, in syntax of ES2020: a copy of it works in <script type="module">.
import type {
  BrowserClient,
  BrowserClientOptions,
  BrowserLoginOptions,
  BrowserUser,
  GlobalFetch,
  ResponseLike,
  WindowLike,
} from './browser.types.js';

/** How long one trip keeps the next from beginning by itself. Longer than a login takes. */
const REST = 10 * 60 * 1000;
/** Not even where a request succeeds after each: it may be the one of two servers that does. */
const MAX_TRIPS = 3;
/** Leaving may have been cancelled, and nobody says so. */
const LEAVING = 30 * 1000;
/** A refusal is small, and comes at once or not at all. */
const BODY = 10 * 1000;

const LOGIN_REQUIRED = 'WECHAT_LOGIN_REQUIRED';
const SCOPE_REQUIRED = 'WECHAT_SCOPE_REQUIRED';

/** What an answer said besides its message. */
interface Said {
  statusCode?: number | undefined;
  code?: string | undefined;
  ref?: string | undefined;
}

/** The application answered `me` or `logout` with an error, or nobody can sign in here. */
export class WechatClientError extends Error {
  /** What the application answered; undefined where no answer came. */
  declare readonly statusCode?: number;
  /** E.g. `LOGOUT_INCOMPLETE`. */
  declare readonly code?: string;
  /** Stands in the log of the server. */
  declare readonly ref?: string;

  /** @param said what the application answered */
  constructor(message: string, said: Said = {}) {
    super(message);
    this.name = 'WechatClientError';
    Object.assign(this, said);
  }
}

/** The page left to sign in and was shown again: the person came back without signing in. */
export class WechatLoginAbandoned extends WechatClientError {
  /** @param said what the application answered to the request that had to wait */
  constructor(message = 'The page left to sign in and was shown again.', said: Said = {}) {
    super(message, said);
    this.name = 'WechatLoginAbandoned';
  }
}

/** A page on its way out. */
interface Departure {
  /** Never settles, but where the page is shown again. */
  wait(error: unknown): Promise<never>;
}

/** By window: several clients of one page make one trip. */
const departures = new WeakMap<object, Departure>();

/** Why a request was refused, and where signing in would change that. */
interface Refusal {
  readonly url: URL;
  readonly said: Said & { readonly message?: string | undefined };
}

/** What `sessionStorage` keeps of trips. */
interface Mark {
  /** When the last began; undefined once it has led to something. */
  readonly at?: number | undefined;
  /** Method and address of the request that caused it. */
  readonly request?: string | undefined;
  /** What was missing. */
  readonly code?: string | undefined;
  /** When those began that nobody asked for. */
  readonly trips: readonly number[];
}

/**
 * Requests that lead to signing in by themselves.
 * @example
 * import { createBrowserClient } from 'nestjs-wechat-oauth/client';
 *
 * const client = createBrowserClient({ baseUrl: 'https://api.example.com' });
 * const orders = await (await client.fetch('/orders')).json();
 * @throws TypeError where an option is no address or path
 */
export function createBrowserClient(options: BrowserClientOptions = {}): BrowserClient {
  const win = options.window ?? (globalThis as unknown as WindowLike);
  const loginPath = readLoginPath(options.loginPath ?? '/wechat');
  const { baseUrl, loginOrigin, storageKey = 'wechat-login' } = options;
  if (loginOrigin !== undefined && parse(loginOrigin)?.origin !== loginOrigin)
    throw new TypeError('loginOrigin must be an origin such as "http://localhost:3000".');
  if (baseUrl !== undefined) readBase(baseUrl, 'http://page.invalid');

  const send = ((...args) => (options.fetch ?? win.fetch!)(...(args as [never]))) as NonNullable<
    WindowLike['fetch']
  >;

  /** Undefined on a server, where `baseUrl` has no host either. */
  function api(): URL | undefined {
    const page = pageOrigin(win);
    if (baseUrl === undefined) return page === undefined ? undefined : new URL(page);
    return page === undefined && baseUrl.startsWith('/') ? undefined : readBase(baseUrl, page);
  }

  function requireApi(): URL {
    const base = api();
    if (!base) throw new WechatClientError('There is no page here: set baseUrl to an address.');
    return base;
  }

  /** The page's own rules hold where no `baseUrl` is set. Undefined for what is no address. */
  function addressOf(input: unknown, base: URL): URL | undefined {
    const text = String((input as { url?: unknown } | null)?.url ?? input);
    if (baseUrl === undefined) return parse(text, win.document?.baseURI ?? base.href);
    if (/^(?:[\\/]{2}|[a-z][a-z\d+.-]*:)/i.test(text)) return parse(text, base.href);
    // Behind a dot, so that "/https://…" is a path and nothing else.
    return parse(`./${text.replace(/^[\\/]/, '')}`, withSlash(base));
  }

  /** What fails while the page is leaving fails because of it. */
  async function sendOwn(input: unknown, init: FetchInit): Promise<ResponseLike> {
    try {
      return await send(input, init);
    } catch (error) {
      const signal = init.signal ?? (input as FetchInit | null)?.signal;
      const departure = departures.get(win);
      if (!departure || signal?.aborted) throw error;
      return departure.wait(error);
    }
  }

  async function request(input: unknown, asked?: FetchInit | null): Promise<ResponseLike> {
    const init = asked ?? {};
    const base = api();
    const url = base && addressOf(input, base);
    if (!base || url?.origin !== base.origin || !isWeb(url)) return send(input, asked ?? undefined);
    const isRequest = typeof (input as FetchInit | null)?.credentials === 'string';
    const given = init.credentials ?? (isRequest ? (input as FetchInit).credentials : undefined);
    const answer = await sendOwn(isRequest ? input : url.href, {
      ...init,
      ...credentialsFor(given, base),
    });
    // Nobody is signed in to a request that takes no cookies.
    if (given === 'omit') return answer;
    const method = String((init.method ?? (isRequest && (input as FetchInit).method)) || 'GET');
    const name = `${method.toUpperCase()} ${url.origin}${url.pathname}`;
    const refusal = await refusalOf(answer, base);
    if (refusal) return signIn(answer, refusal, name);
    if (answer.ok && !departures.has(win)) arrived((mark) => mark.request === name);
    return answer;
  }

  /** The default of `fetch` leaves cookies of another origin at home. */
  function credentialsFor(given: unknown, base: URL): FetchInit {
    const isLeft = given === undefined || given === 'same-origin';
    return isLeft && base.origin !== pageOrigin(win) ? { credentials: 'include' } : {};
  }

  async function refusalOf(answer: ResponseLike, base: URL): Promise<Refusal | undefined> {
    if (answer.status !== 401 && answer.status !== 403) return undefined;
    // Redirected to somebody else, who has no say in where people sign in.
    if (answer.url && parse(answer.url)?.origin !== base.origin) return undefined;
    if (!/\bjson\b/i.test(answer.headers.get('content-type') ?? '')) return undefined;
    const { code, loginUrl, reason, app, scope, message, ref } = await bodyOf(answer);
    if (code !== (answer.status === 401 ? LOGIN_REQUIRED : SCOPE_REQUIRED)) return undefined;
    // Signing in does not change a reason, such as ORIGIN_NOT_ALLOWED.
    const address = textOf(loginUrl);
    if (reason != null || address === undefined) return undefined;
    const url = parse(address, base.href);
    if (!url || !isWeb(url)) return undefined;
    // Nobody is sent to a host that the page does not know of.
    if (![base.origin, pageOrigin(win), loginOrigin].includes(url.origin)) {
      sayOnce(url.origin);
      return undefined;
    }
    if (typeof app === 'string') url.searchParams.set('app', app);
    if (typeof scope === 'string') url.searchParams.set('scope', scope);
    const said = {
      statusCode: answer.status,
      code: textOf(code),
      message: textOf(message),
      ref: textOf(ref),
    };
    return { url, said };
  }

  let warned = false;
  /** To the developer: the person sees a page that only says they are signed out. */
  function sayOnce(origin: string): void {
    if (!warned)
      win.console?.warn(
        `Not signed in, and ${origin} is neither this page's origin nor that of baseUrl. Set loginOrigin: "${origin}" if the login is there.`,
      );
    warned = true;
  }

  /** Of a copy: the caller may read the answer still. */
  async function bodyOf(answer: ResponseLike): Promise<Record<string, unknown>> {
    let timer: unknown;
    const late = new Promise<unknown>((resolve) => {
      timer = win.setTimeout(() => resolve(undefined), BODY);
    });
    try {
      const body = await Promise.race([answer.clone().json(), late]);
      return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    } catch {
      return {};
    } finally {
      win.clearTimeout(timer);
    }
  }

  /** Leaves, or hands the answer over where nobody may be sent away by itself. */
  async function signIn(answer: ResponseLike, { url, said }: Refusal, name: string): Promise<ResponseLike> {
    const { message, ...rest } = said;
    const abandoned = new WechatLoginAbandoned(message, rest);
    // WeChat shows nothing in a frame; a worker has no page to come back to.
    if (win.top !== win) return answer;
    await isShown();
    const departure =
      departures.get(win) ?? (mayGo(name, rest.code) ? depart(win, returning(url)) : undefined);
    return departure ? departure.wait(abandoned) : answer;
  }

  /** A page that is made ahead of its time may never be looked at. */
  async function isShown(): Promise<void> {
    const { document } = win;
    if (!document?.prerendering) return;
    await new Promise<void>((resolve) => {
      document.addEventListener('prerenderingchange', resolve, { once: true });
    });
  }

  function returning(login: URL, returnTo?: string): string {
    const { href } = win.location!;
    const target = parse(returnTo ?? href, href);
    if (!target || !isWeb(target)) throw new TypeError('returnTo must be an address of http or https.');
    // The login route takes no backslash, as parsers do not agree about it.
    login.searchParams.set('returnTo', target.href.replace(/\\/g, '%5C'));
    return login.href;
  }

  const markKey = () => `${storageKey}:${requireApi().origin}`;

  /** Undefined where nothing can be kept. Whatever else stands there counts for nothing. */
  function readMark(): Mark | undefined {
    let text: string | null;
    try {
      text = win.sessionStorage!.getItem(markKey());
    } catch {
      return undefined;
    }
    const isRecent = (at: unknown): at is number =>
      typeof at === 'number' && Math.abs(win.Date.now() - at) < REST;
    try {
      const { at, request: name, code, trips } = JSON.parse(text ?? '{}') as Record<string, unknown>;
      const recent = Array.isArray(trips) ? trips.filter(isRecent).slice(-MAX_TRIPS) : [];
      return isRecent(at)
        ? { at, request: textOf(name), code: textOf(code), trips: recent }
        : { trips: recent };
    } catch {
      return { trips: [] };
    }
  }

  /** Whether it is kept: a browser may refuse, or forget at once. */
  function keep(mark: Mark): boolean {
    try {
      const text = mark.at === undefined && mark.trips.length === 0 ? null : JSON.stringify(mark);
      if (text === null) win.sessionStorage!.removeItem(markKey());
      else win.sessionStorage!.setItem(markKey(), text);
      return win.sessionStorage!.getItem(markKey()) === text;
    } catch {
      return false;
    }
  }

  /**
   * Never twice without an end to the first. Where nothing can be kept nobody goes by itself: the
   * next page would not know of it and go again, and a browser that keeps nothing keeps no login.
   */
  function mayGo(name: string, code: string | undefined): boolean {
    const mark = readMark();
    if (!mark || mark.at !== undefined || mark.trips.length >= MAX_TRIPS) return false;
    const now = win.Date.now();
    return keep({ at: now, request: name, code, trips: [...mark.trips, now] });
  }

  /** Something has succeeded that shows what the last trip was good for. */
  function arrived(isEnd: (mark: Mark) => boolean): void {
    const mark = readMark();
    if (mark?.at !== undefined && isEnd(mark)) keep({ trips: mark.trips });
  }

  /** From now on nobody goes by itself, until the login is known to have worked. */
  function hold(code: string): void {
    keep({ at: win.Date.now(), code, trips: readMark()?.trips ?? [] });
  }

  async function ask(path: string, init: FetchInit): Promise<ResponseLike> {
    const base = requireApi();
    const answer = await sendOwn(withSlash(base) + loginPath + path, {
      ...init,
      credentials: 'same-origin',
      ...credentialsFor(undefined, base),
      headers: { Accept: 'application/json' },
    });
    if (answer.ok) return answer;
    const { message, code, ref } = await bodyOf(answer);
    const otherwise = `/${loginPath}${path} answered with ${answer.status}.`;
    const said = { statusCode: answer.status, code: textOf(code), ref: textOf(ref) };
    throw new WechatClientError(textOf(message) ?? otherwise, said);
  }

  return {
    fetch: request as unknown as GlobalFetch,

    async login({ app, scope, returnTo }: BrowserLoginOptions = {}) {
      const login = new URL(`${withSlash(requireApi())}${loginPath}/login`);
      if (win.top !== win || !win.location) {
        throw new WechatClientError('WeChat shows nothing in a frame: open the page in a window of its own.');
      }
      if (app !== undefined) login.searchParams.set('app', app);
      if (scope !== undefined) login.searchParams.set('scope', scope);
      const address = returning(login, returnTo);
      await isShown();
      hold(scope === undefined ? LOGIN_REQUIRED : SCOPE_REQUIRED);
      const departure = departures.get(win) ?? depart(win, address);
      if (!departure) throw new WechatClientError('The browser did not let the page leave.');
      return departure.wait(new WechatLoginAbandoned());
    },

    async logout() {
      await ask('/logout', { method: 'POST' });
      hold(LOGIN_REQUIRED);
    },

    async me<Claims>() {
      const answer = await ask('/me', {});
      const { user } = await bodyOf(answer);
      if (user === undefined || (typeof user !== 'object' && user !== null)) {
        const text = `/${loginPath}/me answered without a user: is loginPath where WechatAuthController is?`;
        throw new WechatClientError(text, { statusCode: answer.status });
      }
      // Who was sent to grant more may be signed in all the same.
      if (user !== null) arrived((mark) => mark.code !== SCOPE_REQUIRED);
      return { user: user as BrowserUser<Claims> | null };
    },
  };
}

/** What is used of the second argument of `fetch`, and of a `Request`. */
interface FetchInit {
  readonly method?: unknown;
  readonly credentials?: unknown;
  readonly headers?: unknown;
  readonly signal?: { readonly aborted: boolean } | null;
}

/** Undefined where the browser does not let the page go. */
function depart(win: WindowLike, url: string): Departure | undefined {
  const waiting: (() => void)[] = [];
  const stay = () => {
    win.clearTimeout(timer);
    win.removeEventListener('pageshow', onShow);
    departures.delete(win);
    for (const reject of waiting) reject();
  };
  // Without `persisted` it is the page that is only just loading.
  const onShow = ({ persisted }: { persisted: boolean }) => void (persisted && stay());
  const timer = win.setTimeout(stay, LEAVING);
  win.addEventListener('pageshow', onShow);
  const departure: Departure = {
    wait: (error) => new Promise((_resolve, reject) => waiting.push(() => reject(error))),
  };
  departures.set(win, departure);
  try {
    win.location!.assign(url);
    return departure;
  } catch {
    stay();
    return undefined;
  }
}

/** Undefined on a server, and for a page of a file or without an address. */
function pageOrigin({ location }: WindowLike): string | undefined {
  return location && isWeb(location) ? location.origin : undefined;
}

function isWeb({ href }: { readonly href: string }): boolean {
  return /^https?:\/\/[^@/]+(?:\/|$)/.test(href);
}

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

function withSlash(base: URL): string {
  return base.href.replace(/\/?$/, '/');
}

function readBase(baseUrl: string, page: string | undefined): URL {
  const isPath = /^\/(?![/\\])/.test(baseUrl);
  const url = isPath || /^https?:\/\//i.test(baseUrl) ? parse(baseUrl, page) : undefined;
  if (url && isWeb(url) && !/[?#]/.test(baseUrl)) return url;
  throw new TypeError('baseUrl must be an address or a path: "https://api.example.com" or "/api".');
}

/** Without slashes around it. */
function readLoginPath(path: string): string {
  const plain = /^\/(?![/\\])([^?#\\]*?)\/*$/.exec(path)?.[1];
  if (plain === undefined || plain === '') throw new TypeError('loginPath must be a path such as "/wechat".');
  return plain;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
