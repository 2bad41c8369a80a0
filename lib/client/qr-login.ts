// WeChat's QR code in a page: gets the parameters from the application, hands them to WeChat's
// script, renews them, and hears how the login ended. One file that imports nothing: a copy of it
// works in <script type="module">.

/** Renewed this long before a code is over, in ms. */
const EARLY = 2 * 60 * 1000;
/** How soon after a renewal that failed, or a login that came to nothing, the next one comes. */
const AGAIN = 10 * 1000;
/** Whatever a clock says: a code lives for half an hour. */
const LONGEST = 30 * 60 * 1000;
/** An answer is small, and comes at once or not at all. */
const PATIENCE = 15 * 1000;

/** What WeChat's script is called with, besides what the application gives. */
export interface WxLoginOptions {
  /** Colour of the words around the code. */
  style?: 'black' | 'white';
  /** Address of a style sheet, percent-encoded; of no effect with `stylelite: 1`. */
  href?: string;
  /** The language of the frame: Chinese, but for `en`. */
  lang?: string;
  /** The newer look, which needs 220 × 220 pixels. */
  stylelite?: 1;
  /** Without the login of a WeChat that runs on the same computer. */
  fast_login?: 0;
  /** How it follows the dark mode. */
  color_scheme?: 'auto' | 'dark' | 'light';
  /** Called when the frame is there. */
  onReady?: (isReady: boolean) => void;
  /** Called when the code is there. */
  onQRcodeReady?: () => void;
}

/** The constructor of WeChat's script, `window.WxLogin`. */
export type WxLoginConstructor = new (options: WxLoginOptions & Record<string, unknown>) => unknown;

/** What is used of the element that the code is put into. */
export interface QrElement {
  /** The script finds it by this; one is given where it is empty. */
  id: string;
  /** The frame in it. */
  querySelector(selectors: 'iframe'): { readonly contentWindow: unknown } | null;
  /** Empties it. */
  replaceChildren(): void;
}

/** What `showQrLogin` may be told. */
export interface QrLoginOptions {
  /** What the code is put into. The script empties it first. */
  element: QrElement;
  /**
   * Where the application is: an address or a path of the page's own origin, as of
   * `createBrowserClient`.
   * @default the origin of the page
   */
  baseUrl?: string;
  /**
   * Where `WechatAuthController` is mounted, below `baseUrl`.
   * @default '/wechat'
   */
  loginPath?: string;
  /** Name of the website app, where there are several. */
  app?: string;
  /**
   * Where the login ends; a path is one of the page's origin.
   * @default where the page is now
   */
  returnTo?: string;
  /**
   * Whether the page stays while WeChat leads the frame back. Only on pages of the same site as
   * the application; elsewhere the window leaves all the same.
   * @default false
   */
  selfRedirect?: boolean;
  /**
   * Whether the page stays when the login has ended in the frame, and `signedIn` is all that
   * happens.
   * @default false: it goes to `returnTo`
   */
  stay?: boolean;
  /** More for WeChat's script: colours, language, looks. */
  wx?: WxLoginOptions;
  /** Hears why no code could be shown, or that a login came to nothing; the next one comes soon. */
  onProblem?: (problem: WechatQrLoginError) => void;
  /**
   * WeChat's script.
   * @default the global that
   * `https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js` makes
   */
  WxLogin?: WxLoginConstructor;
  /** @internal The seam of the tests. */
  window?: QrWindow;
}

/** A code in a page. */
export interface QrLogin {
  /** Resolves when somebody has signed in in the frame; never in the window, which leaves. */
  readonly signedIn: Promise<void>;
  /** Takes the code away, and everything that waits for it. */
  close(): void;
}

/** No code can be shown, or a login came to nothing. */
export class WechatQrLoginError extends Error {
  /** What the application answered; undefined where no answer came. */
  declare readonly statusCode?: number;
  /** `BAD_LOGIN_REQUEST`, or `LOGIN_OVER` for a login that came to nothing in the frame. */
  declare readonly code?: string;
  /** `ORIGIN_NOT_ALLOWED` where the page is of no listed origin. */
  declare readonly reason?: string;
  /** Stands in the log of the server. */
  declare readonly ref?: string;

  /** @param said what the application answered */
  constructor(message: string, said: object = {}) {
    super(message);
    this.name = 'WechatQrLoginError';
    Object.assign(this, said);
  }
}

/** What is used of a message. */
interface QrMessage {
  readonly data: unknown;
  readonly origin: string;
  readonly source: unknown;
}

/** What is used of the window. */
export interface QrWindow {
  readonly WxLogin?: WxLoginConstructor;
  readonly location: {
    readonly href: string;
    readonly origin: string;
    assign(url: string): void;
    reload(): void;
  };
  readonly Date: { now(): number };
  readonly AbortController?: new () => { readonly signal: unknown; abort(): void };
  fetch(
    url: string,
    init: object,
  ): Promise<{ readonly ok: boolean; readonly status: number; json(): Promise<unknown> }>;
  addEventListener(type: 'message', listener: (event: QrMessage) => void): void;
  removeEventListener(type: 'message', listener: (event: QrMessage) => void): void;
  setTimeout(act: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** What the application gives. */
interface Parameters extends Record<string, unknown> {
  readonly redirect_uri: string;
  readonly expiresAt: number;
}

let elements = 0;

/**
 * Shows WeChat's QR code in an element of the page, and keeps it good for as long as it is shown.
 * @example
 * import { showQrLogin } from 'nestjs-wechat-oauth/client';
 *
 * const code = showQrLogin({ element: document.querySelector('#code')!, selfRedirect: true });
 * await code.signedIn;
 * @throws TypeError where an option is no address or path, `WechatQrLoginError` where WeChat's
 * script is missing
 * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
 */
export function showQrLogin(options: QrLoginOptions): QrLogin {
  const { element, wx = {}, stay = false, onProblem } = options;
  const win = options.window ?? (globalThis as unknown as QrWindow);
  const WxLogin = options.WxLogin ?? win.WxLogin;
  if (!WxLogin)
    throw new WechatQrLoginError(
      'WeChat\'s script is missing: put <script src="https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js"> in front of this one.',
    );
  const returnTo = new URL(options.returnTo ?? win.location.href, win.location.href);
  const question = addressOf(options, win, returnTo);
  if (!element.id) element.id = `wechat-qr-${++elements}`;

  let isOver = false;
  let isClosed = false;
  let timer: unknown;
  /** Of the login route, where the frame is led back to. */
  let origin: string | undefined;
  /** As the script wrote on it: how to take its listener away. */
  let shown: Record<string, unknown> | undefined;
  let resolve!: () => void;
  const signedIn = new Promise<void>((done) => (resolve = done));

  const next = (ms: number) => {
    win.clearTimeout(timer);
    if (!isOver) timer = win.setTimeout(() => void show(), ms);
  };
  const clear = () => {
    const cleanUp = shown?.['onCleanup'];
    if (typeof cleanUp === 'function') cleanUp();
    shown = undefined;
  };

  async function show(): Promise<void> {
    try {
      const { expiresAt, ...given } = await ask(win, question);
      if (isOver) return;
      clear();
      origin = new URL(decodeURIComponent(given.redirect_uri)).origin;
      const all: Record<string, unknown> = { ...wx, ...given, id: element.id };
      shown = all;
      Reflect.construct(WxLogin!, [all]);
      // A clock that is wrong must neither ask all the time nor never.
      const left = expiresAt - win.Date.now() - EARLY;
      next(left > 0 && left < LONGEST ? left : LONGEST - EARLY);
    } catch (error) {
      if (isOver) return;
      next(AGAIN);
      onProblem?.(
        error instanceof WechatQrLoginError
          ? error
          : new WechatQrLoginError('No answer came.', { cause: error }),
      );
    }
  }

  function hear({ data, origin: from, source }: QrMessage): void {
    // Only the frame of the code, and only while it is at the login route.
    if (from !== origin || !source || source !== element.querySelector('iframe')?.contentWindow) return;
    const { type, ok } = (data ?? {}) as { type?: unknown; ok?: unknown };
    if (type !== 'wechat-login' || typeof ok !== 'boolean') return;
    // Without an answer it would lead the whole window on.
    (source as { postMessage(message: object, target: string): void }).postMessage(
      { type: 'wechat-login-received' },
      from,
    );
    if (!ok) {
      // What went wrong stands in the frame: time to read it.
      next(AGAIN);
      onProblem?.(new WechatQrLoginError('The login came to nothing.', { code: 'LOGIN_OVER' }));
      return;
    }
    stop();
    resolve();
    if (!stay) leave(win, returnTo);
  }

  function stop(): void {
    isOver = true;
    win.clearTimeout(timer);
    win.removeEventListener('message', hear);
    clear();
  }

  win.addEventListener('message', hear);
  void show();
  return {
    signedIn,
    close() {
      // Once: the element may hold another code by then.
      if (isClosed) return;
      isClosed = true;
      if (!isOver) stop();
      element.replaceChildren();
    },
  };
}

function addressOf(
  { baseUrl = '', loginPath = '/wechat', app, selfRedirect = false }: QrLoginOptions,
  win: QrWindow,
  returnTo: URL,
): string {
  const isBase = baseUrl === '' || /^(?:https?:\/\/(?![^/]*@)|\/(?![/\\]))[^?#\\]*$/i.test(baseUrl);
  if (!isBase)
    throw new TypeError('baseUrl must be an address or a path: "https://api.example.com" or "/api".');
  if (!/^\/(?![/\\])[^?#\\]+$/.test(loginPath))
    throw new TypeError('loginPath must be a path such as "/wechat".');
  if (!/^https?:$/.test(returnTo.protocol))
    throw new TypeError('returnTo must be an address of http or https.');
  const url = new URL(
    `${baseUrl.replace(/\/+$/, '')}${loginPath.replace(/\/+$/, '')}/login/qr`,
    win.location.origin,
  );
  // The login route takes no backslash, as parsers do not agree about it.
  url.searchParams.set('returnTo', returnTo.href.replace(/\\/g, '%5C'));
  url.searchParams.set('self_redirect', String(selfRedirect));
  if (app !== undefined) url.searchParams.set('app', app);
  return url.href;
}

async function ask(win: QrWindow, url: string): Promise<Parameters> {
  const patience = win.AbortController && new win.AbortController();
  const timer = win.setTimeout(() => patience?.abort(), PATIENCE);
  try {
    const answer = await win.fetch(url, {
      credentials: 'include',
      headers: { Accept: 'application/json' },
      ...(patience ? { signal: patience.signal } : {}),
    });
    const body = ((await answer.json().catch(() => undefined)) ?? {}) as Record<string, unknown>;
    const { redirect_uri, expiresAt, message, code, reason, ref } = body;
    if (answer.ok && typeof redirect_uri === 'string' && typeof expiresAt === 'number') {
      return body as Parameters;
    }
    const text = typeof message === 'string' ? message : `login/qr answered with ${answer.status}.`;
    throw new WechatQrLoginError(text, { statusCode: answer.status, code, reason, ref });
  } finally {
    win.clearTimeout(timer);
  }
}

/** To the address, also where only its fragment differs and a browser would stay. */
function leave({ location }: QrWindow, to: URL): void {
  const isHere = to.href.split('#', 1)[0] === location.href.split('#', 1)[0];
  location.assign(to.href);
  if (isHere) location.reload();
}
