// WechatMockServer: a WeChat to run against. This file is what tests talk to; the socket side is
// listener.ts, the rest is one file per subject.
import { CallLog } from './http/call-log.js';
import { driveAuthorize } from './drive-authorize.js';
import { Faults } from './faults/faults.js';
import { Listener } from './http/listener.js';
import type { MockClock } from './mock-clock.js';
import { listenAddress } from './http/listen-address.js';
import { givesLoginCodes, issueLoginCode, issuePhoneCode } from './login-codes.js';
import { judgeJsConfig } from './js-sdk/js-config.js';
import { MockServerError } from './mock-server-error.js';
import type * as types from './mock-server.types.js';
import { openidOf, unionidOf } from './mock-users.js';
import { WX_LOGIN_SCRIPT } from './pages/wx-login-script.js';
import { MockWorld } from './mock-world.js';
import type { MockPushOptions, MockPushResult, MockPushSettings } from './push/push.types.js';
import { pushIntoChat, scan } from './scan/phone.js';
import type { MockChatMessage, MockScanOptions } from './scan/scan.types.js';
import { WECHAT_PATHS } from './http/router.js';
import { sealForMiniProgram } from './grants/session-keys.js';
import { avatarUrl } from './endpoints/sns-endpoints.js';

/**
 * Plays open.weixin.qq.com and api.weixin.qq.com over a real socket, as strict as the real ones
 * where WeChat's documentation says so.
 *
 * ```ts
 * const wechat = await WechatMockServer.start({
 *   autoConsent: 'ming',
 *   apps: [{ type: 'website', appId: 'wx1', secret: 's' }],
 * });
 * WechatOAuthModule.forRoot({ endpoints: wechat.endpoints, … });
 * ```
 */
export class WechatMockServer {
  readonly #world: MockWorld;
  readonly #log = new CallLog();
  readonly #faults = new Faults(WECHAT_PATHS);
  readonly #listener: Listener;

  private constructor(options: types.WechatMockServerOptions) {
    this.#world = new MockWorld(options);
    this.#listener = new Listener(this.#world, this.#log, this.#faults);
  }

  /**
   * Starts a WeChat to test against.
   * @throws MockServerError when an option is wrong (the message names it and the fix), when
   * `NODE_ENV` is `production`, or when `host` is not of this machine alone and `allowRemote` is
   * not set: this server lets anybody in as anybody. A port that is taken rejects with Node's own
   * error (`code: 'EADDRINUSE'`).
   */
  static async start(options: types.WechatMockServerOptions = {}): Promise<WechatMockServer> {
    if (process.env['NODE_ENV'] === 'production') {
      throw new MockServerError(
        'start()',
        'was called with NODE_ENV=production',
        'It lets anybody sign in as anybody; use it in development and tests only.',
      );
    }
    const { port = 0, allowRemote = false } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new MockServerError('port', `is ${port}`, 'Use 0 (any free port) to 65535.');
    }
    const server = new WechatMockServer(options);
    const address = await listenAddress(server.#world.host, allowRemote === true);
    server.#world.origin = await server.#listener.listen(port, address);
    return server;
  }

  /**
   * The module's option of the same name. Both are this server. Opened in a browser, the address is
   * a page: who and what is here, the last calls, and faults to inject.
   */
  get endpoints(): { open: string; api: string } {
    return { open: this.#world.origin, api: this.#world.origin };
  }

  /**
   * Address of a wxLogin.js that shows this server's QR code: for the page that has WeChat's in
   * production.
   * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
   */
  get wxLoginScript(): string {
    return this.#world.origin + WX_LOGIN_SCRIPT;
  }

  /** The only time that counts here: `now()`, and `advance(ms)` to let codes and tokens age. */
  get clock(): MockClock {
    return this.#world.clock;
  }

  /** The unsure things, which may be turned the other way at any time. */
  get unsure(): types.MockUnsure {
    return this.#world.unsure;
  }

  /**
   * Answers pages at once: a user id, or a user who allows or not. `undefined` shows pages again.
   * @throws MockServerError for an unknown user
   */
  get autoConsent(): types.MockAutoConsent | undefined {
    return this.#world.autoConsent;
  }

  set autoConsent(consent: types.MockAutoConsent | undefined) {
    this.#world.autoConsent = this.#world.resolveConsent(consent);
  }

  /** The requests to WeChat's addresses so far, newest last; the last 10,000 are kept. A copy. */
  get calls(): readonly types.MockCall[] {
    return this.#log.all();
  }

  /** The calls to a path so far, oldest first. */
  callsTo(path: string): readonly types.MockCall[] {
    return this.#log.to(path);
  }

  /** Forgets the calls so far. */
  clearCalls(): void {
    this.#log.clear();
  }

  /**
   * Resolves with the calls to a path as soon as there are `count` (from their arrival on, answered
   * or not). Rejects when the server closes.
   */
  waitForCalls(path: string, count = 1): Promise<readonly types.MockCall[]> {
    const calls = this.#log.waitFor(path, count);
    // A test that failed before it came to await must not fail a second time by an unhandled
    // rejection.
    calls.catch(() => undefined);
    return calls;
  }

  /**
   * Makes the next request to a path (or `times` of them) go wrong. Several are played in the order
   * they were injected.
   * @param path one of WeChat's, or `*` for all of them
   * @throws MockServerError for an unknown path or a fault that makes no sense
   */
  inject(path: string, fault: types.MockFault): types.MockFaultHandle {
    return this.#faults.inject(path, fault);
  }

  /** Takes back every fault. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /**
   * Opens an authorize or QR link as a person would, and answers it. No browser, but real requests,
   * which are among `calls`.
   * @param authorizeUrl with WeChat's host or this server's: only path and query count
   * @returns `redirectTo` where WeChat sends the browser, or the `page` that stays (an error, or
   * after a refusal)
   */
  async authorize(
    authorizeUrl: string,
    options: types.MockAuthorizeOptions = {},
  ): Promise<types.MockAuthorizeResult> {
    return driveAuthorize(this.#world, authorizeUrl, options);
  }

  /**
   * What `wx.login` (mini program) or the app SDK (mobile) hands out. For a mini program a new
   * session_key comes into being and kills the old one. Over HTTP: `GET /mock/wx-login?app=&user=`.
   * @throws MockServerError for other kinds of app: theirs come by `authorize()`
   */
  loginCode(login: { appId: string; user: string }): string {
    const app = this.#world.apps.get(login.appId, 'loginCode()');
    const userId = this.#world.users.get(login.user, 'loginCode()').id;
    if (!givesLoginCodes(app)) {
      throw new MockServerError(
        'loginCode()',
        `got a ${app.type}`,
        'Use authorize() with the link of this app.',
      );
    }
    return issueLoginCode(this.#world, app, userId);
  }

  /**
   * What the phone button (`open-type="getPhoneNumber"`) hands out. Not a code of `wx.login`: only
   * `getuserphonenumber` takes it, once, for 5 minutes. Over HTTP: `GET
   * /mock/phone-code?app=&user=`.
   */
  phoneCode(press: { appId: string; user: string }): string {
    const app = this.#world.apps.get(press.appId, 'phoneCode()');
    if (app.type !== 'mini-program') {
      throw new MockServerError('phoneCode()', `got a ${app.type}`, 'Only mini programs have this button.');
    }
    const userId = this.#world.users.get(press.user, 'phoneCode()').id;
    return issuePhoneCode(this.#world, app, userId);
  }

  /**
   * What a mini program gets from `wx.getUserInfo({ withCredentials: true })`, sealed with the
   * person's current session_key.
   * @throws MockServerError when there is no such key yet: `wx.login` comes first
   */
  encrypted(options: types.MockEncryptedOptions): types.MockEncryptedData {
    const app = this.#world.apps.get(options.appId, 'encrypted()');
    const user = this.#world.users.get(options.user, 'encrypted()');
    const which = options.sessionKey ?? 'current';
    const key = this.#world.sessionKeys.of(app.appId, user.id)?.[which];
    if (key === undefined) {
      throw new MockServerError('encrypted()', `finds no ${which} session_key`, 'Call loginCode() first.');
    }
    const profile = {
      openId: openidOf(app, user.id),
      nickName: user.nickname,
      gender: 0,
      language: 'zh_CN',
      city: '',
      province: '',
      country: '',
      avatarUrl: user.avatarUrl ?? avatarUrl(this.#world, user.id),
      unionId: unionidOf(app, user.id),
    };
    const timestamp = Math.floor(this.clock.now() / 1000);
    return sealForMiniProgram(
      options.data ?? profile,
      { timestamp, appid: app.appId, ...options.watermark },
      key,
    );
  }

  /**
   * What WeChat says to `wx.config` on a page: `config:ok`, `config:invalid signature`,
   * `config:invalid url domain` (`domains` are the JS接口安全域名 too) or `config:invalid appid`. In
   * browsers the script `/mock/jweixin.js` of this server asks the same.
   */
  jsConfigResult(config: types.MockJsConfig): string {
    return judgeJsConfig(this.#world, config);
  }

  /**
   * Fills in the page "message push" of the console, which asks the address once before it saves.
   * @throws MockServerError for what the console would not take, and when the application does not
   * answer the address check
   */
  async setPush(settings: MockPushSettings): Promise<void> {
    await this.#world.pushes.set(this.#world.apps.get(settings.appId, 'setPush()'), settings);
  }

  /**
   * Sends a message or an event to the application, as `setPush()` says. Without an answer within 5
   * s it is sent again, three times in all.
   * @returns every delivery, and what the person sees in the chat
   * @throws MockServerError for an unknown app or user, and before `setPush()`
   */
  async push(options: MockPushOptions): Promise<MockPushResult> {
    const app = this.#world.apps.get(options.appId, 'push()');
    const { id } = this.#world.users.get(options.user, 'push()');
    return pushIntoChat(this.#world, app, { ...options, user: id });
  }

  /**
   * Somebody scans a code of `cgi-bin/qrcode/create`: who is no follower yet follows (the event
   * `subscribe`), a follower comes to the chat (`SCAN`).
   * @returns as `push()`; with `follows: false`, of who is no follower, no deliveries
   * @throws MockServerError for a code that is unknown or has expired, for an unknown user, and
   * before `setPush()`
   */
  async scan(options: MockScanOptions): Promise<MockPushResult> {
    return scan(this.#world, options);
  }

  /**
   * What an official account or mini program said to a person in answer to pushes, newest last, the
   * last 100. A copy.
   * @throws MockServerError for other types of app
   */
  chat(appId: string, user: string): readonly MockChatMessage[] {
    const app = this.#world.apps.get(appId, 'chat()');
    const { id } = this.#world.users.get(user, 'chat()');
    if (app.type !== 'official-account' && app.type !== 'mini-program')
      throw new MockServerError('chat()', `got a ${app.type}`, 'It has no chat.');
    return this.#world.chats.of(app.appId, id).lines.map(({ message }) => message);
  }

  /** Everybody who has a phone here. */
  get users(): readonly types.MockUser[] {
    return this.#world.users.list();
  }

  /** The apps that are registered here. */
  get apps(): readonly { type: types.MockAppType; appId: string; name: string }[] {
    return this.#world.apps.list().map(({ type, appId, name }) => ({ type, appId, name }));
  }

  /**
   * One person.
   * @throws MockServerError for an unknown user, as everything below
   */
  user(id: string): types.MockUser {
    return this.#world.users.get(id, 'user()');
  }

  /** One person more. */
  addUser(user: types.MockUserOptions): types.MockUser {
    return this.#world.users.add(user);
  }

  /**
   * Changes a user; what is not named stays. Tokens already handed out show the change at the next
   * call.
   */
  setUser(id: string, change: Partial<Omit<types.MockUserOptions, 'id'>>): types.MockUser {
    return this.#world.users.set(id, change);
  }

  /** The openid of a person at an app. */
  openidOf(appId: string, userId: string, options: { virtual?: boolean } = {}): string {
    const user = this.#world.users.get(userId, 'openidOf()');
    return openidOf(this.#world.apps.get(appId, 'openidOf()'), user.id, options.virtual);
  }

  /** Undefined for an app that is bound to no open-platform account. */
  unionidOf(appId: string, userId: string, options: { virtual?: boolean } = {}): string | undefined {
    const user = this.#world.users.get(userId, 'unionidOf()');
    return unionidOf(this.#world.apps.get(appId, 'unionidOf()'), user.id, options.virtual);
  }

  /** Ends a person's access_tokens (42001), and with `refreshTokens` those too (42002). */
  expireTokens(userId: string, options: { appId?: string; refreshTokens?: boolean } = {}): void {
    const user = this.#world.users.get(userId, 'expireTokens()');
    this.#world.tokens.expire(user.id, options.appId, options.refreshTokens ?? false);
  }

  /** The person changed the password: all tokens answer 42007 (or the `errcode` given). */
  revokeTokens(userId: string, options: { appId?: string; errcode?: number } = {}): void {
    const user = this.#world.users.get(userId, 'revokeTokens()');
    this.#world.tokens.revoke(user.id, options.appId, options.errcode ?? 42007);
  }

  /**
   * Ends an app's own token early: every call with it answers 40001 (or the `errcode` given). The
   * next `stable_token` gives another one, as after a forced refresh by somebody else; with `stuck`
   * it goes on giving the dead one, until it is forced itself.
   */
  expireAppToken(appId: string, options: { errcode?: number; stuck?: boolean } = {}): void {
    const { errcode = 40001, stuck = false } = options;
    const app = this.#world.apps.get(appId, 'expireAppToken()');
    this.#world.appTokens.end(app.appId, errcode, !stuck);
  }

  /** Stops listening and cuts every connection, hanging and slow ones too. May be called twice. */
  async close(): Promise<void> {
    this.#log.giveUp(
      new MockServerError('waitForCalls()', 'waited until the server closed', 'Call it earlier.'),
    );
    await this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
