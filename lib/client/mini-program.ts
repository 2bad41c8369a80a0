// Requests of a mini program to an application that guards its routes with `WechatAuthGuard`: signs
// in by `wx.login` when it is needed, once for all who wait.

/** What is used of `wx`. */
export interface WxLike {
  /** `wx.login` */
  login(options: { success(result: { code: string }): void; fail(error: unknown): void }): void;
  /** `wx.request` */
  request(options: {
    url: string;
    method?: string | undefined;
    /** The body, or for GET the query. */
    data?: unknown;
    header?: Record<string, string> | undefined;
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
  /** The global of the mini program. */
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
  /** `WechatLoginFailed` */
  override readonly name: string = 'WechatLoginFailed';

  /**
   * @param statusCode what the application answered; undefined where no answer came
   * @param code e.g. `LOGIN_REFUSED`
   * @param ref stands in the log of the server
   */
  constructor(
    message: string,
    readonly statusCode?: number,
    readonly code?: string,
    readonly ref?: string,
  ) {
    super(message);
  }
}

/**
 * Requests that sign in by themselves.
 * @example
 * import { createMiniProgramClient } from 'nestjs-wechat-oauth/client';
 *
 * const api = createMiniProgramClient({ wx, baseUrl: 'https://shop.example.com', app: 'mini' });
 * const { data } = await api.request('/orders');
 */
export function createMiniProgramClient({
  wx,
  baseUrl,
  app,
  sessionPath = '/wechat/session',
  storageKey = 'wechat-session',
}: MiniProgramClientOptions): MiniProgramClient {
  let token = stored();
  let signingIn: Promise<string> | undefined;

  function stored(): string | undefined {
    try {
      const kept = wx.getStorageSync(storageKey);
      return typeof kept === 'string' && kept !== '' ? kept : undefined;
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

  function send(path: string, options: MiniProgramRequest): Promise<MiniProgramAnswer> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(new Error(messageOf(error)));
      wx.request({ ...options, url: baseUrl.replace(/\/$/, '') + path, success: resolve, fail });
    });
  }

  async function signIn(): Promise<string> {
    const code = await new Promise<string>((resolve, reject) => {
      const fail = (error: unknown) => reject(new WechatLoginFailed(messageOf(error)));
      wx.login({ success: (result) => resolve(result.code), fail });
    });
    const data = { ...(app === undefined ? {} : { app }), code };
    const answer = await send(sessionPath, { method: 'POST', data }).catch((error: Error) => {
      throw new WechatLoginFailed(error.message);
    });
    const body = (answer.data ?? {}) as Partial<Record<'token' | 'message' | 'code' | 'ref', unknown>>;
    if (answer.statusCode !== 200 || typeof body.token !== 'string') {
      const [message, reason, ref] = [body.message, body.code, body.ref].map(textOf);
      const otherwise = `${sessionPath} answered with ${answer.statusCode} and no token.`;
      throw new WechatLoginFailed(message ?? otherwise, answer.statusCode, reason, ref);
    }
    keep(body.token);
    return body.token;
  }

  /** One `wx.login` for all who wait; one that failed is nobody's any more. */
  function signInOnce(): Promise<string> {
    signingIn ??= signIn().finally(() => {
      signingIn = undefined;
    });
    return signingIn;
  }

  function sendWith(own: string, path: string, options: MiniProgramRequest): Promise<MiniProgramAnswer> {
    return send(path, { ...options, header: { ...options.header, Authorization: `Bearer ${own}` } });
  }

  return {
    async request<T>(path: string, options: MiniProgramRequest = {}) {
      if (!/^\/(?![/\\])/.test(path))
        throw new Error('The path must be one of the application, such as "/orders".');
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
      keep(undefined);
    },
  };
}

/** `wx` says what went wrong in `errMsg`. */
function messageOf(error: unknown): string {
  return textOf((error as { errMsg?: unknown } | null | undefined)?.errMsg) ?? 'The request failed.';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
