// Requests of a mini program to an application that guards its routes with `WechatAuthGuard`: signs
// in by `wx.login` when it is needed, once for all who wait.

/** What is used of `wx`, of `uni` or of `Taro`: each of them fits without a cast. */
export interface WxLike {
  /** `wx.login` */
  login(options: { success(result: { code: string }): void; fail(error: unknown): void }): unknown;
  /** `wx.request` */
  request(options: {
    url: string;
    method?: 'OPTIONS' | 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'TRACE' | 'CONNECT';
    /** The body, or for GET the query. */
    data?: string | Record<string, unknown> | ArrayBuffer;
    header?: Record<string, string>;
    /** In ms. */
    timeout?: number;
    success(answer: { statusCode: number; data: unknown; header?: unknown }): void;
    fail(error: unknown): void;
  }): unknown;
  /** `wx.getStorageSync` */
  getStorageSync(key: string): unknown;
  /** `wx.setStorageSync` */
  setStorageSync(key: string, value: unknown): void;
  /** `wx.removeStorageSync` */
  removeStorageSync(key: string): void;
}

/** What `createMiniProgramClient` has to know. */
export interface MiniProgramClientOptions {
  /** The global of the mini program: `wx`, or `uni` or `Taro`, which do the same. */
  wx: WxLike;
  /**
   * Where the application is, e.g. `https://shop.example.com`: the host that is registered as
   * request domain.
   */
  baseUrl: string;
  /**
   * Name of the app in the options of the module; may be left out where it has one mini program or
   * native app.
   */
  app?: string;
  /**
   * Path of `POST session` of `WechatAuthController`.
   * @default '/wechat/session', where the controller is mounted without a prefix
   */
  sessionPath?: string;
  /** Under which the token is kept on the phone. @default 'wechat-session' */
  storageKey?: string;
  /**
   * How long a login may take, in ms, from `wx.login` to the token. A request takes as long as
   * `wx.request` lets it: 60 s, or what its own `timeout` says.
   * @default 15_000
   */
  timeout?: number;
}

/**
 * As `wx.request` takes it, e.g. `method`, `data`, `timeout`; `header` may not hold
 * `Authorization`.
 */
export interface MiniProgramRequest {
  /**
   * The method of HTTP.
   * @default `GET`
   */
  method?: string;
  /** The body, or for GET the query. */
  data?: unknown;
  /** Without `Authorization`. */
  header?: Record<string, string>;
  [option: string]: unknown;
}

/** What the application answered, whatever its status. */
export interface MiniProgramAnswer<T = unknown> {
  /** Status of HTTP. */
  statusCode: number;
  /** The body, parsed where it is JSON. */
  data: T;
  /** As `wx.request` gives it. */
  header?: unknown;
}

/** Requests of one mini program to one application. */
export interface MiniProgramClient {
  /**
   * A request with the token of whoever uses the phone; signs in before it where there is none, and
   * once more where the answer is 401.
   * @param path of the application, with a slash in front: the token goes to no other host
   * @throws WechatLoginFailed when nobody could be signed in, Error when the request itself fails;
   * an answer with a status of 400 or more is an answer
   */
  request<T = unknown>(path: string, options?: MiniProgramRequest): Promise<MiniProgramAnswer<T>>;
  /** Signs in anew. Callers at the same time share one `wx.login`. @throws WechatLoginFailed */
  login(): Promise<void>;
  /** Forgets the token. Where sessions are revocable, send `POST /wechat/logout` before. */
  logout(): void;
}

/** Nobody could be signed in. */
export class WechatLoginFailed extends Error {
  /** What the application answered; undefined where no answer came. */
  declare readonly statusCode?: number;
  /** E.g. `LOGIN_REFUSED`; `WECHAT_LOGIN_REQUIRED` where WeChat did not take the code. */
  declare readonly code?: string;
  /** Stands in the log of the server. */
  declare readonly ref?: string;

  /**
   * @param statusCode what the application answered; undefined where no answer came
   * @param code e.g. `LOGIN_REFUSED`
   * @param ref stands in the log of the server
   */
  constructor(message: string, statusCode?: number, code?: string, ref?: string) {
    super(message);
    this.name = 'WechatLoginFailed';
    Object.assign(this, { statusCode, code, ref });
  }
}

/**
 * Requests that sign in by themselves.
 * @example
 * import { createMiniProgramClient } from 'nestjs-wechat-oauth/client';
 *
 * const api = createMiniProgramClient({ wx, baseUrl: 'https://shop.example.com', app: 'mini' });
 * const { data } = await api.request('/orders');
 * @throws TypeError where an option is not what it should be
 */
export function createMiniProgramClient({
  wx,
  baseUrl,
  app,
  sessionPath = '/wechat/session',
  storageKey = 'wechat-session',
  timeout = 15 * 1000,
}: MiniProgramClientOptions): MiniProgramClient {
  if (!/^https?:\/\/[^/\\?#@\s]+(?:\/[^?#\\\s]*)?$/i.test(baseUrl))
    throw new TypeError('baseUrl must be an address such as "https://shop.example.com".');
  if (!isPath(sessionPath)) throw new TypeError('sessionPath must be a path such as "/wechat/session".');
  if (typeof timeout !== 'number' || !(timeout > 0 && timeout <= 600 * 1000))
    throw new TypeError('timeout must be a number of ms, at most ten minutes.');
  const base = baseUrl.replace(/\/+$/, '');
  let token = stored();
  let signingIn: Promise<string> | undefined;

  function stored(): string | undefined {
    try {
      return textOf(wx.getStorageSync(storageKey));
    } catch {
      return undefined;
    }
  }

  /** A phone without room keeps it until the program ends. */
  function keep(next: string | undefined): void {
    token = next;
    try {
      if (next === undefined) wx.removeStorageSync(storageKey);
      else wx.setStorageSync(storageKey, next);
    } catch {
      // Nothing is lost but a login the next time.
    }
  }

  async function send(path: string, options: MiniProgramRequest): Promise<MiniProgramAnswer> {
    const answer = await called<MiniProgramAnswer>((success, fail) =>
      // What a program passes on is up to it; `WxLike` is what `wx`, `uni` and `Taro` share.
      wx.request({ ...(options as object), url: base + path, success, fail }),
    );
    if (typeof answer?.statusCode !== 'number') throw new Error('The request ended without an answer.');
    return answer;
  }

  async function signIn(): Promise<string> {
    const result = await called<{ code?: unknown }>((success, fail) => wx.login({ success, fail }));
    const code = textOf(result?.code);
    if (code === undefined) throw new WechatLoginFailed('wx.login gave no code.');
    const data = app === undefined ? { code } : { app, code };
    const answer = await send(sessionPath, { method: 'POST', data, timeout });
    const body = (answer.data ?? {}) as Partial<Record<'token' | 'message' | 'code' | 'ref', unknown>>;
    const own = textOf(body.token);
    if (answer.statusCode === 200 && own !== undefined) return own;
    const [message, reason, ref] = [body.message, body.code, body.ref].map(textOf);
    const otherwise = `${sessionPath} answered with ${answer.statusCode} and no token.`;
    throw new WechatLoginFailed(message ?? otherwise, answer.statusCode, reason, ref);
  }

  /** One `wx.login` for all who wait; one that failed or took too long is nobody's any more. */
  function signInOnce(): Promise<string> {
    if (signingIn) return signingIn;
    const mine = within(timeout, signIn()).then(
      (own) => {
        // Whoever has signed out meanwhile stays signed out.
        if (signingIn === mine) keep(own);
        return own;
      },
      (error: unknown) => {
        throw error instanceof WechatLoginFailed ? error : new WechatLoginFailed(messageOf(error));
      },
    );
    signingIn = mine;
    mine
      .finally(() => {
        if (signingIn === mine) signingIn = undefined;
      })
      .catch(() => undefined);
    return mine;
  }

  function sendWith(own: string, path: string, options: MiniProgramRequest): Promise<MiniProgramAnswer> {
    const header: Record<string, string> = { Authorization: `Bearer ${own}` };
    for (const [name, value] of Object.entries(options.header ?? {}))
      if (name.toLowerCase() !== 'authorization') header[name] = value;
    return send(path, { ...options, header });
  }

  return {
    async request<T>(path: string, options: MiniProgramRequest = {}) {
      if (!isPath(path)) throw new Error('The path must be one of the application, such as "/orders".');
      const own = token ?? (await signInOnce());
      const answer = await sendWith(own, path, options);
      if (answer.statusCode !== 401) return answer as MiniProgramAnswer<T>;
      // Late, and somebody has signed in meanwhile: theirs is the newer token.
      const newer = token !== undefined && token !== own ? token : await signInOnce();
      return (await sendWith(newer, path, options)) as MiniProgramAnswer<T>;
    },
    async login() {
      await signInOnce();
    },
    logout() {
      signingIn = undefined;
      keep(undefined);
    },
  };
}

/**
 * Waits for one of two callbacks. Whatever throws instead, or returns a promise that fails as those
 * of Taro do, has failed as well.
 */
function called<T>(
  call: (success: (result: T) => void, fail: (error: unknown) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(new Error(messageOf(error)));
    try {
      const returned = call(resolve, fail) as { then?: unknown } | null | undefined;
      if (typeof returned?.then === 'function') (returned as PromiseLike<unknown>).then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new WechatLoginFailed(`Signing in took more than ${ms} ms.`));
    const timer = setTimeout(late, ms);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

/** Of the application: the token goes to no other host. */
function isPath(path: string): boolean {
  return /^\/(?![/\\])/.test(path);
}

/** `wx` says what went wrong in `errMsg`, and whatever throws in `message`. */
function messageOf(error: unknown): string {
  const { errMsg, message } = (error ?? {}) as { errMsg?: unknown; message?: unknown };
  return textOf(errMsg) ?? textOf(message) ?? 'The request failed.';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
