// Pages that use WeChat's JS-SDK: gets a signature from the application, hands it to `wx.config`,
// and knows which address WeChat looks at. One file that imports nothing, in syntax of ES2020.

/** What is used of `wx`, of the script `jweixin` or the package `weixin-js-sdk`. */
export interface JsSdkWx {
  /** `wx.config` */
  config(options: {
    debug?: boolean;
    appId: string;
    timestamp: number;
    nonceStr: string;
    signature: string;
    jsApiList?: string[];
    openTagList?: string[];
  }): unknown;
  /** `wx.ready` */
  ready(act: () => void): unknown;
  /** `wx.error` */
  error(act: (problem: { errMsg: string }) => void): unknown;
}

/** What `getJsSdkConfig(url)` of the module gives. */
export interface JsSdkPageConfig {
  /** Of the official account. */
  appId: string;
  /** Seconds since 1970. */
  timestamp: number;
  /** Random letters and digits. */
  nonceStr: string;
  /** For one address. */
  signature: string;
}

/** What `configureJsSdk` has to know: `jsApiList`, and either `url` or `getConfig`. */
export interface JsSdkOptions {
  /**
   * Where the application answers `GET …?url=<address of the page>` with what `getJsSdkConfig`
   * gives, e.g. `/js-sdk`.
   */
  url?: string;
  /** Gets the signature in another way, e.g. by a client that adds headers. */
  getConfig?: (url: string) => Promise<JsSdkPageConfig> | JsSdkPageConfig;
  /** The APIs that the page uses, e.g. `updateAppMessageShareData`. */
  jsApiList: readonly string[];
  /** Open tags of the page, e.g. `wx-open-launch-weapp`. */
  openTagList?: readonly string[];
  /**
   * Lets WeChat show what it is called with.
   * @default false
   */
  debug?: boolean;
  /**
   * The address that the page was loaded with, before a router changed it: what WeChat on iOS looks
   * at.
   * @default the address at the time when this module was loaded
   */
  entryUrl?: string;
  /**
   * How long all of it may take, in ms.
   * @default 15_000
   */
  timeout?: number;
  /** @internal For tests. */
  window?: JsSdkWindow;
}

/** What is used of a page. */
export interface JsSdkWindow {
  /** Its address. */
  readonly location: { readonly href: string };
  /** Which system it is on. */
  readonly navigator: { readonly userAgent: string; readonly maxTouchPoints?: number };
  /** Asks the application. */
  fetch(url: string, init?: object): Promise<{ ok: boolean; status: number; json(): Promise<unknown> }>;
  /** Limits waiting. */
  setTimeout(act: () => void, ms: number): unknown;
  /** Ends a limit. */
  clearTimeout(timer: unknown): void;
}

/**
 * Why the JS-SDK cannot be used here: `endpoint` the application gave no signature · `signature`
 * WeChat took none of those it gave · `refused` WeChat said something else, such as
 * `config:invalid url domain` · `timeout` nothing came in time, as outside of WeChat.
 */
export type JsSdkFailure = 'endpoint' | 'signature' | 'refused' | 'timeout';

/** The JS-SDK cannot be used on this page. */
export class WechatJsSdkError extends Error {
  /** Stable; may be matched on. */
  declare readonly reason: JsSdkFailure;
  /** What WeChat said, e.g. `config:invalid signature`. */
  declare readonly errMsg?: string;
  /** What the application answered, where it answered without a signature. */
  declare readonly statusCode?: number;

  /**
   * @param reason stable; may be matched on
   * @param said what WeChat or the application answered
   */
  constructor(reason: JsSdkFailure, message: string, said: { errMsg?: string; statusCode?: number } = {}) {
    super(message);
    this.name = 'WechatJsSdkError';
    Object.assign(this, { reason }, said);
  }
}

/** The page's own first address: routers have not begun yet. Undefined on a server. */
const ENTRY = (globalThis as { location?: { href?: string } }).location?.href;

/**
 * Once configured, WeChat's script says "ready" to everybody at once and tells nobody when another
 * `wx.config` succeeds: it does when no error has come for this long, in ms.
 */
const QUIET = 2 * 1000;

/** What `wx.error` is told. */
type Problem = { errMsg?: unknown; realAuthUrl?: unknown } | null | undefined;

/** `wx` has one place for who hears of errors, so one page configures one at a time. */
const turns = new WeakMap<object, Promise<unknown>>();

/**
 * Gets `wx` ready for this page. WeChat on iOS looks at the address that the page was loaded with,
 * elsewhere at the current one; where it names another (`realAuthUrl`) that one is signed, once.
 * Call it again after each change of route: it is not needed on iOS and does no harm there.
 * @example
 * import { configureJsSdk } from 'nestjs-wechat-oauth/client';
 * import wx from 'weixin-js-sdk';
 *
 * await configureJsSdk(wx, { url: '/js-sdk', jsApiList: ['updateAppMessageShareData'] });
 * wx.updateAppMessageShareData({ title: 'Tea', desc: 'Longjing', link: location.href, imgUrl: ''
 * });
 * @returns resolves on `wx.ready`
 * @throws WechatJsSdkError when the JS-SDK cannot be used, TypeError where an option is not what it
 * should be
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html
 */
export async function configureJsSdk(wx: JsSdkWx, options: JsSdkOptions): Promise<void> {
  check(wx, options);
  const before = turns.get(wx);
  const mine = (before ?? Promise.resolve()).then(() => configure(wx, options));
  turns.set(
    wx,
    mine.catch(() => undefined),
  );
  return mine;
}

async function configure(wx: JsSdkWx, options: JsSdkOptions): Promise<void> {
  const { window: win = globalThis as unknown as JsSdkWindow, timeout = 15 * 1000 } = options;
  let isOver = false;
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = win.setTimeout(() => {
      isOver = true;
      reject(
        new WechatJsSdkError(
          'timeout',
          `The JS-SDK was not ready within ${timeout} ms: is the page open inside WeChat?`,
        ),
      );
    }, timeout);
  });
  const attempt = async (address: string): Promise<Problem> => {
    const config = await signed(win, options, address);
    // Nobody waits for it any more, and the next may have begun.
    return isOver ? undefined : hand(wx, win, options, config, () => isOver);
  };
  const tryBoth = async (): Promise<void> => {
    const first = addresses(win, options)[0]!;
    let problem = await attempt(first);
    // Looked at again: a router may have moved on meanwhile.
    const second = isSignature(problem)
      ? [...named(problem, win), ...addresses(win, options)].find((address) => address !== first)
      : undefined;
    if (second !== undefined) problem = await attempt(second);
    if (problem !== undefined) throw refusal(problem);
  };
  try {
    await Promise.race([tryBoth(), late]);
  } finally {
    isOver = true;
    win.clearTimeout(timer);
  }
}

function check(wx: JsSdkWx, { url, getConfig, jsApiList, timeout }: JsSdkOptions): void {
  // A server gets no wx from the package.
  if (typeof wx?.config !== 'function' || typeof wx.ready !== 'function' || typeof wx.error !== 'function')
    throw new TypeError('wx must be that of the JS-SDK, which there is in browsers only.');
  if (typeof getConfig !== 'function' && (typeof url !== 'string' || url === ''))
    throw new TypeError('Either url or getConfig must say where signatures come from.');
  if (!Array.isArray(jsApiList)) throw new TypeError('jsApiList must be an array of names.');
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout > 0 && timeout <= 600 * 1000))
    throw new TypeError('timeout must be a number of ms, at most ten minutes.');
}

/** Which address WeChat looks at, the likeliest first. */
function addresses(win: JsSdkWindow, { entryUrl = ENTRY }: JsSdkOptions): string[] {
  const current = bare(win.location.href);
  const entry = bare(entryUrl ?? current);
  const { userAgent, maxTouchPoints = 0 } = win.navigator;
  // An iPad may call itself a Macintosh.
  const isApple = /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
  return isApple ? [entry, current] : [current, entry];
}

/** What is signed has no fragment, so a hash router changes nothing. */
function bare(address: string): string {
  return address.split('#', 1)[0]!;
}

async function signed(
  win: JsSdkWindow,
  { url, getConfig }: JsSdkOptions,
  address: string,
): Promise<JsSdkPageConfig> {
  let given: unknown;
  let statusCode: number | undefined;
  try {
    if (getConfig) given = await getConfig(address);
    else {
      const query = `${url!.includes('?') ? '&' : '?'}url=${encodeURIComponent(address)}`;
      const answer = await win.fetch(url! + query, {
        headers: { Accept: 'application/json' },
        cache: 'no-store',
      });
      if (!answer.ok) statusCode = answer.status;
      given = answer.ok ? await answer.json() : undefined;
    }
  } catch (error) {
    throw new WechatJsSdkError('endpoint', `No signature: ${messageOf(error)}`);
  }
  const { appId, timestamp, nonceStr, signature } = (given ?? {}) as Partial<JsSdkPageConfig>;
  const areTexts = [appId, nonceStr, signature].every((value) => typeof value === 'string' && value !== '');
  if (areTexts && typeof timestamp === 'number')
    return { appId, timestamp, nonceStr, signature } as JsSdkPageConfig;
  const said = statusCode === undefined ? 'with no signature in it' : `with ${statusCode}`;
  throw new WechatJsSdkError(
    'endpoint',
    `The application answered ${said}.`,
    statusCode === undefined ? {} : { statusCode },
  );
}

/** Gives what WeChat says against it; undefined: nothing. */
function hand(
  wx: JsSdkWx,
  win: JsSdkWindow,
  { jsApiList, openTagList, debug }: JsSdkOptions,
  config: JsSdkPageConfig,
  isOver: () => boolean,
): Promise<Problem> {
  return new Promise((resolve) => {
    /** What comes while somebody registers is about an earlier `wx.config`. */
    let isEarlier = true;
    let wasReady = false;
    let former: Problem;
    const failed = (problem: Problem): void => {
      if (isEarlier) former = problem;
      else resolve(problem ?? {});
    };
    wx.error(failed);
    wx.ready(() => {
      if (isEarlier) wasReady = true;
      // After an error too, and nobody promises which of the two comes first.
      else win.setTimeout(() => resolve(undefined), 0);
    });
    isEarlier = false;
    try {
      wx.config({
        ...config,
        jsApiList: [...jsApiList],
        ...(openTagList ? { openTagList: [...openTagList] } : {}),
        ...(debug === undefined ? {} : { debug }),
      });
    } catch (error) {
      resolve({ errMsg: messageOf(error) });
    }
    /** Where an earlier one failed unheard, errors are only told to who asks. */
    const look = (): void => {
      let known: Problem;
      let isAsking = true;
      wx.error((problem) => {
        if (isAsking) known = problem;
        else failed(problem);
      });
      isAsking = false;
      if (known === undefined || known !== former) resolve(known);
      else if (!isOver()) win.setTimeout(look, QUIET);
    };
    if (wasReady) win.setTimeout(look, QUIET);
  });
}

function isSignature(problem: Problem): boolean {
  return /invalid signature/i.test(String(problem?.errMsg));
}

/**
 * The address that WeChat says it looks at. Of this page's origin only: no other page's is ours to
 * have signed.
 */
function named(problem: Problem, win: JsSdkWindow): string[] {
  const given: unknown = problem?.realAuthUrl;
  const origin = originOf(win.location.href);
  return (Array.isArray(given) ? (given as unknown[]) : [given])
    .filter((value): value is string => typeof value === 'string' && originOf(value) === origin)
    .map(bare);
}

/** Undefined for what is no address, or is one with a user in front of the host. */
function originOf(address: string): string | undefined {
  try {
    const { origin, username, password } = new URL(address);
    return username === '' && password === '' ? origin : undefined;
  } catch {
    return undefined;
  }
}

function refusal(problem: Problem): WechatJsSdkError {
  const errMsg = typeof problem?.errMsg === 'string' ? problem.errMsg : 'config:fail';
  const reason = isSignature(problem) ? 'signature' : 'refused';
  return new WechatJsSdkError(reason, `WeChat refused wx.config: ${errMsg}`, { errMsg });
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'the request failed';
}
