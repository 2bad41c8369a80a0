// What an application can ask of one WeChat app: the methods of wechat-oauth, promised and typed.
import { optionName } from './config/option-name.js';
import {
  type WechatAuthorizeUrlOptions,
  buildAuthorizeUrl,
  buildWebsiteAuthorizeUrl,
  stateOf,
  type WechatWebsiteAuthorizeUrlOptions,
} from './api/authorize-url.js';
import type { WechatCallOptions } from './api/app-call.js';
import { WechatConfigError, WechatInputError } from './errors/errors.js';
import type { SnsApi, WechatUserProfile } from './api/sns-api.js';
import type { CodeLogin } from './auth/login/code-login.js';
import type { WechatIssuedSession } from './auth/session/wechat-session.service.js';
import type { AppConfig, WechatConfig } from './config/wechat-config.js';
import type { JsSdk, WechatJsSdkConfig } from './js-sdk/js-sdk.js';
import {
  decryptUserData,
  type WechatEncryptedUserData,
  type WechatMiniProgramUser,
} from './mini-program/decrypt.js';
import type { FailedDecryptions } from './mini-program/failed-decryptions.js';
import {
  type MiniProgramCalls,
  readPhoneCode,
  type WechatPhoneNumber,
} from './mini-program/mini-program-calls.js';
import type { WechatMiniProgramSession, SessionKeys } from './mini-program/session-keys.js';
import { verifyUserDataSignature } from './mini-program/signature.js';
import type { Runtime } from './common/runtime.js';
import { WechatSecret } from './sealing/secret.js';
import type { AppCalls } from './tokens/app-calls.js';
import type { AppToken, AppTokens } from './tokens/app-tokens.js';
import type { UserTokens } from './tokens/user-tokens.js';
import type { WechatToken } from './tokens/wechat-token.js';
import type { WechatLang, WechatScope } from './wechat-oauth.options.js';

/**
 * Whose session key: that of a person who called `getSessionKey` or `login` before, or one that the
 * caller holds.
 */
export type WechatSessionKeyHolder =
  | {
      /** Who called `getSessionKey` or `login` before. */
      openid: string;
      /** Left out: it is in the token store. */
      sessionKey?: undefined;
    }
  | {
      /** The key itself. */
      sessionKey: WechatSecret | string;
      /** Whose data it has to be, if that is known. */
      openid?: string;
    };

/** How old encrypted data may be, in seconds. */
const FRESH_S = 300;

/** What the objects of all apps share. */
export class ClientParts {
  constructor(
    readonly config: WechatConfig,
    readonly api: SnsApi,
    readonly tokens: UserTokens,
    readonly sessionKeys: SessionKeys,
    readonly codeLogin: CodeLogin,
    readonly runtime: Runtime,
    readonly appTokens: AppTokens,
    readonly appCalls: AppCalls,
    readonly miniProgram: MiniProgramCalls,
    readonly decryptions: FailedDecryptions,
    readonly jsSdk: JsSdk,
  ) {}
}

/**
 * One app and everything the service can do for it. `WechatOAuthService` is one, for the default
 * app; `service.app(name)` gives another.
 */
export class WechatApp {
  // Hard-private: whoever logs or inspects a client must not find the module's container, and the
  // options in it, behind it.
  readonly #app: AppConfig | undefined;
  readonly #parts: ClientParts;

  /** @internal */
  constructor(app: AppConfig | undefined, parts: ClientParts) {
    this.#app = app;
    this.#parts = parts;
  }

  /**
   * Where to send a person inside WeChat. `WechatAuthGuard` does this by itself.
   * @param redirectUri absolute, without fragment, on a host that is registered with WeChat
   * @param state at most 128 letters and digits; `createState()` makes one. Compare it when the
   * person comes back.
   * @throws WechatInputError for what WeChat would answer with an error page
   */
  getAuthorizeURL(
    redirectUri: string,
    state: string | number | null = '',
    scope: WechatScope | '' | WechatAuthorizeUrlOptions | null = 'snsapi_base',
  ): string {
    const options = typeof scope === 'string' ? { scope: scope || undefined } : scope;
    return buildAuthorizeUrl(
      this.#parts.config.endpoints.open,
      this.#target.appId,
      redirectUri,
      stateOf(state),
      { ...options, scope: options?.scope || 'snsapi_base' },
    );
  }

  /**
   * Where to send a person in a desktop browser: WeChat's page with the QR code.
   * @param state any text
   * @throws WechatInputError as `getAuthorizeURL`
   */
  getAuthorizeURLForWebsite(
    redirectUri: string,
    state: string | number | null = '',
    scope: WechatScope | '' | WechatWebsiteAuthorizeUrlOptions | null = 'snsapi_login',
  ): string {
    const options = typeof scope === 'string' ? { scope: scope || undefined } : scope;
    return buildWebsiteAuthorizeUrl(
      this.#parts.config.endpoints.open,
      this.#target.appId,
      redirectUri,
      stateOf(state),
      { ...options, scope: options?.scope || 'snsapi_login' },
    );
  }

  /** 32 random hex characters. */
  createState(): string {
    return this.#parts.runtime.randomBytes(16).toString('hex');
  }

  /**
   * Exchanges the code that WeChat appended to the redirect address, and keeps the token. Calls in
   * flight for one code share one request, which is never repeated.
   * @throws WechatApiError (kind `code`: send the person through the login again),
   * WechatNetworkError, WechatResponseError, WechatInputError
   */
  async getAccessToken(code: string): Promise<WechatToken> {
    return this.#parts.tokens.exchange(this.#target, code);
  }

  /**
   * Gets a new access token for a refresh token, and keeps it.
   * @throws WechatApiError (kind `token`: the person has to sign in again), WechatNetworkError,
   * WechatResponseError, WechatInputError
   */
  async refreshAccessToken(refreshToken: string): Promise<WechatToken> {
    return this.#parts.tokens.refresh(this.#target, refreshToken);
  }

  /**
   * What is kept of a person who signed in before, refreshed where it is over: one refresh, however
   * many ask. Undefined where nothing is kept.
   * @example
   * const token = await wechat.getStoredToken(openid);
   * if (token?.scope.includes('snsapi_userinfo')) await wechat.getUser(openid);
   * @throws WechatApiError (kind `token`: the person has to sign in again), WechatStoreError,
   * WechatNetworkError, WechatResponseError, WechatInputError
   */
  async getStoredToken(openid: string): Promise<WechatToken | undefined> {
    return this.#parts.tokens.stored(this.#target, openid);
  }

  /**
   * Whether WeChat still takes the token. False only when WeChat says so.
   * @throws WechatNetworkError, WechatResponseError, WechatApiError when nobody could tell
   */
  async verifyToken(openid: string, accessToken: string): Promise<boolean> {
    return this.#parts.api.verify(openid, accessToken);
  }

  /**
   * Name and picture of a person who signed in before with a scope that gives them. Refreshes the
   * stored token when it is over.
   * @throws WechatTokenNotFoundError, WechatStoreError, WechatApiError, WechatNetworkError,
   * WechatResponseError, WechatInputError
   */
  async getUser(user: string | { openid: string; lang?: WechatLang }): Promise<WechatUserProfile> {
    const { openid, lang = this.#parts.config.lang } =
      typeof user === 'object' && user ? user : { openid: user };
    return this.#parts.tokens.profile(this.#target, openid, lang);
  }

  /**
   * `getAccessToken` and `getUser` in one; at a mini program `getSessionKey` and, where data is
   * given, `decryptMiniProgramUser`.
   */
  async getUserByCode(code: string | { code: string; lang?: WechatLang }): Promise<WechatUserProfile>;
  async getUserByCode(login: { code: string } & WechatEncryptedUserData): Promise<WechatMiniProgramUser>;
  async getUserByCode(
    login: string | ({ code: string; lang?: WechatLang } & Partial<WechatEncryptedUserData>),
  ): Promise<WechatUserProfile | WechatMiniProgramUser> {
    const {
      code,
      lang = this.#parts.config.lang,
      encryptedData,
      iv,
    } = typeof login === 'object' && login ? login : { code: login };
    if (this.#target.type !== 'mini-program') {
      return this.#parts.tokens.profileFor(await this.getAccessToken(code), lang);
    }
    if (encryptedData === undefined || iv === undefined) {
      throw new WechatInputError(
        'decrypt',
        'encryptedData or iv',
        'is missing',
        'A mini program has no profile but the one it encrypts; for the openid alone call getSessionKey(code).',
      );
    }
    const { openid, sessionKey } = await this.getSessionKey(code);
    return this.decryptMiniProgramUser({ openid, sessionKey, encryptedData, iv });
  }

  /**
   * Exchanges a code of `wx.login`, and keeps the session key for `decryptMiniProgramUser` and
   * `verifySignature`.
   * @throws WechatApiError (40226: WeChat takes the person for a risk), WechatNetworkError,
   * WechatResponseError, WechatInputError
   */
  async getSessionKey(code: string): Promise<WechatMiniProgramSession> {
    return this.#parts.sessionKeys.exchange(this.#target, code);
  }

  /**
   * Opens what a mini program's API returned as `encryptedData` and `iv`. Checks the app in the
   * watermark and, where the openid is known, the openid. After ten failures of one person in ten
   * minutes nothing is tried for a while, and the error is the same.
   * @param input `maxAge`: how old the data may be, in seconds; default 300, `Infinity` for any age
   * @throws WechatDecryptError for whatever is wrong with key or data, WechatTokenNotFoundError,
   * WechatStoreError
   */
  async decryptMiniProgramUser(
    input: WechatSessionKeyHolder & WechatEncryptedUserData & { maxAge?: number },
  ): Promise<WechatMiniProgramUser> {
    const { encryptedData, iv, openid, sessionKey, maxAge = FRESH_S } = input;
    const app = this.#target;
    const { decryptions } = this.#parts;
    const key = sessionKey instanceof WechatSecret ? sessionKey.reveal() : sessionKey;
    const subject = decryptions.subject(app, openid, key);
    decryptions.check(subject);
    const sessionKeys = await this.#keysOf(input);
    return decryptions.run(app, subject, () =>
      decryptUserData({
        appId: app.appId,
        sessionKeys,
        encryptedData,
        iv,
        now: this.#parts.runtime.now(),
        maxAge: maxAge === Infinity ? undefined : maxAge,
        openid,
      }),
    );
  }

  /**
   * Whether `rawData` is what WeChat gave to the mini program.
   * @throws WechatTokenNotFoundError, WechatStoreError
   */
  async verifySignature(
    input: WechatSessionKeyHolder & { rawData: string; signature: string },
  ): Promise<boolean> {
    const { rawData, signature } = input;
    return verifyUserDataSignature({ rawData, signature, sessionKeys: await this.#keysOf(input) });
  }

  /**
   * The phone number of a person who tapped the phone button (`open-type="getPhoneNumber"`) of a
   * mini program. Its code works once, for five minutes, and is not the one of `wx.login`: given
   * that one, the error says so.
   * @example
   * const { purePhoneNumber } = await wechat.app('mini').getPhoneNumber({ code, openid });
   * @param given the code; with `openid` WeChat also compares whose it is
   * @see
   * https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/getPhoneNumber.html
   * @throws WechatApiError (kind `code`: let the person tap again; 45011: too many in this minute),
   * WechatConfigError, WechatInputError, WechatAppTokenError, WechatNetworkError,
   * WechatResponseError
   */
  async getPhoneNumber(given: string | { code: string; openid?: string }): Promise<WechatPhoneNumber> {
    const { code, openid } = readPhoneCode(given);
    return this.#parts.miniProgram.phoneNumber(this.#target, code, openid);
  }

  /**
   * Whether the stored session key of a person is still the current one. False only when WeChat
   * says so (87009): then the mini program has to call `wx.login`.
   * @example
   * if (!(await wechat.app('mini').checkSessionKey(openid))) return { login: true };
   * @see
   * https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_checksessionkey.html
   * @throws WechatTokenNotFoundError where no key is stored, WechatStoreError, WechatApiError,
   * WechatConfigError, WechatInputError, WechatAppTokenError, WechatNetworkError,
   * WechatResponseError
   */
  async checkSessionKey(openid: string): Promise<boolean> {
    return this.#parts.miniProgram.checkSessionKey(this.#target, openid);
  }

  /**
   * Has WeChat make a new session key for a person, and stores it in front of the old one, which
   * opens what was sealed before.
   * @example
   * await wechat.app('mini').resetSessionKey(openid);
   * @see
   * https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html
   * @throws WechatApiError (87009: the stored key was over already), and as `checkSessionKey`
   */
  async resetSessionKey(openid: string): Promise<WechatMiniProgramSession> {
    return this.#parts.miniProgram.resetSessionKey(this.#target, openid);
  }

  /**
   * Signs in with a code of `wx.login` or of a native app. The client sends `token` back as
   * `Authorization: Bearer`.
   * @param login the code, or with the language in which a refusal speaks; default: the module's
   * `lang`
   * @throws WechatError, ForbiddenException when the login handler refuses, whatever the handler
   * throws
   */
  async login(login: string | { code: string; lang?: WechatLang }): Promise<WechatIssuedSession> {
    if (this.#target.type !== 'mini-program' && this.#target.type !== 'mobile') {
      throw new WechatConfigError(
        optionName(this.#target, 'type'),
        `is "${this.#target.type}", whose codes belong to a browser`,
        'Put WechatAuthGuard on a page: its flow ties the code to the browser, which login() cannot.',
      );
    }
    const { code, lang = this.#parts.config.lang } =
      typeof login === 'object' && login ? login : { code: login };
    return this.#parts.codeLogin.run(this.#target, code, lang === 'en' ? 'en' : 'zh');
  }

  /**
   * The app's own token, for programs that call WeChat by themselves; `call` needs none. Kept in
   * the token store until its end, `expiresAt` (ms since 1970), so ask for it each time. Of an
   * official account or a mini program.
   * @example
   * const { accessToken } = await wechat.getStableToken();
   * client.call(accessToken.reveal());
   * @see https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
   * @throws WechatApiError (40164: this server is not on the IP white list, and the hint names the
   * address), WechatAppTokenError, WechatNetworkError, WechatResponseError, WechatConfigError
   */
  async getStableToken(): Promise<AppToken> {
    const { accessToken, expiresAt } = await this.#parts.appTokens.get(this.#target);
    return { accessToken, expiresAt };
  }

  /**
   * Any other API of WeChat, with the app's own token, and once more with another one after WeChat
   * has refused it. Whoever chooses the path has power over the whole account: write it in your
   * code, never take it from a request.
   * @example
   * const { ip_list } = await wechat.call<{ ip_list: string[] }>('/cgi-bin/getcallbackip');
   * @param path as in WeChat's documentation, without host and query
   * @returns what WeChat's JSON says, of the type that you say it has; a `Buffer` where it answers
   * with a file. 1 MiB at most
   * @see https://developers.weixin.qq.com/doc/service/api/
   * @throws WechatApiError, WechatAppTokenError, WechatNetworkError, WechatResponseError,
   * WechatInputError, WechatConfigError
   */
  async call<T = unknown>(path: string, options?: WechatCallOptions): Promise<T> {
    return (await this.#parts.appCalls.call(this.#target, path, options)) as T;
  }

  /**
   * What `wx.config` of a page inside WeChat needs, besides the list of APIs: the JS-SDK of an
   * official account. Only for pages on the host of `publicUrl` or of `returnTo.origins`, because
   * whoever has a signature may use the account's rights there. Send it with `Cache-Control:
   * no-store`.
   * @example
   * const { appId, timestamp, nonceStr, signature } = await wechat.getJsSdkConfig(url);
   * @param url the page's `location.href` as the browser shows it; the part from `#` on is left
   * out, and what was encoded as a whole is decoded once
   * @returns `timestamp` in seconds
   * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html
   * @throws WechatInputError for any other address; WechatConfigError for another kind of app;
   * WechatApiError, WechatAppTokenError, WechatNetworkError, WechatResponseError
   */
  async getJsSdkConfig(url: string): Promise<WechatJsSdkConfig> {
    return this.#parts.jsSdk.sign(this.#target, url);
  }

  async #keysOf({ sessionKey, openid }: WechatSessionKeyHolder): Promise<WechatSecret[]> {
    // null too, which a database may well give: as text it would be a key that everybody knows.
    if (sessionKey === undefined || sessionKey === null)
      return this.#parts.sessionKeys.of(this.#target, openid);
    return [sessionKey instanceof WechatSecret ? sessionKey : new WechatSecret(sessionKey)];
  }

  get #target(): AppConfig {
    if (this.#app) return this.#app;
    throw new WechatConfigError(
      'defaultApp',
      'is not set, and there are several apps',
      'Set it, or call app(name) for the one you mean.',
    );
  }
}
