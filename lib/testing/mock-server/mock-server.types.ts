// The shapes one meets when using WechatMockServer: its options, its users and apps, the calls it
// got, the faults it can be told to play.

/** The four kinds of app this package signs in with. */
export type MockAppType = 'official-account' | 'website' | 'mobile' | 'mini-program';

/** An app as it would be registered with WeChat. */
export interface MockAppOptions {
  /** What kind of app it is. */
  type: MockAppType;
  /** Letters, digits, `_` and `-`. WeChat's own look like `wx` and 16 hex digits. */
  appId: string;
  /**
   * One secret, or several that are all valid (WeChat itself keeps one; several help to rehearse a
   * change of secret).
   */
  secret: string | string[];
  /**
   * The name on the consent page.
   * @default a name by type
   */
  name?: string;
  /**
   * Bare hosts a `redirect_uri` may point at: no scheme, port or path, compared exactly
   * (`www.qq.com` covers neither `pay.qq.com` nor `qq.com`). Loopback hosts match at any port, all
   * others only at 80 and 443.
   * @default `['127.0.0.1', 'localhost']`
   */
  domains?: string[];
  /**
   * What was entered behind the domains, where a console took more than a host: `/wechat`, and
   * every redirect has to lie under it.
   * @default none: a whole host is registered
   */
  domainPath?: string;
  /**
   * Lets `domains` be reached at any port, for containers and phones in the same network. WeChat
   * does not.
   * @default false
   */
  anyPort?: boolean;
  /**
   * The scopes the app has the right to. A subscription account would have `[]`.
   * @default all that its type can have
   */
  scopes?: string[];
  /**
   * The open-platform account the app is bound to: apps that name the same one share unionids.
   * @default none, so no unionid
   */
  openPlatform?: string;
}

/** A person with a phone. */
export interface MockUserOptions {
  /** Letters, digits, `_` and `-`, at most 64. What tests and pages call the person. */
  id: string;
  /** What `nickname` says. */
  nickname: string;
  /**
   * What `headimgurl` says.
   * @default a picture drawn by the server; `''`: no picture at all
   */
  avatarUrl?: string;
  /**
   * Follows the official accounts. Together with "comes from the chat", `snsapi_userinfo` is then
   * silent too.
   * @default false
   */
  follower?: boolean;
  /**
   * Opens official-account links in a snapshot page, i.e. appears as a virtual user when asked for
   * `snsapi_userinfo`.
   * @default false
   */
  snapshot?: boolean;
  /**
   * A high-risk user: a mini program's `jscode2session` answers 40226.
   * @default false
   */
  blocked?: boolean;
  /**
   * What a mini program gets for this person's phone button.
   * @default a number made from the id
   */
  phoneNumber?: string;
}

/** A user with every default filled in. */
export type MockUser = Readonly<
  Required<Omit<MockUserOptions, 'avatarUrl'>> & Pick<MockUserOptions, 'avatarUrl'>
>;

/**
 * Answers every authorize page at once, without showing it. A user id alone means that this user
 * allows.
 */
export type MockAutoConsent =
  | string
  | {
      /** Who answers. */
      user: string;
      /**
       * Whether they allow it.
       * @default true
       */
      allow?: boolean;
    };

/**
 * What nobody outside WeChat knows for sure, because its documentation is silent or contradicts
 * itself or reports differ. Run your tests both ways. May be changed while the server runs
 * (`wechat.unsure.rotateRefreshToken = true`).
 */
export interface MockUnsure {
  /**
   * Does a refresh hand out a new refresh_token? The page on `sns/oauth2/refresh_token` shows one
   * in the answer and never says whether it changed. `true`: new, the old one dies (40030);
   * `'old-lives'`: new, and the old one still works.
   * @default false
   */
  rotateRefreshToken: boolean | 'old-lives';
  /**
   * Life of a refresh_token. 公众号 and 网站应用 pages: 30 days; the 移动应用 UnionID page: 180.
   * @default 30
   */
  refreshTokenDays: number;
  /**
   * Does a refresh start the refresh_token's life anew? The current 网站应用 page says "无法续期"; texts
   * from about 2016 say it can be renewed.
   * @default false
   */
  refreshTokenRenews: boolean;
  /**
   * Does refreshing a live access_token return the same token, extended? The 开放平台 pages say so, the
   * 公众号 page does not say. false: a new one, the old is 40001.
   * @default true
   */
  refreshKeepsLiveToken: boolean;
  /**
   * Reported once: a later login of the same person makes older refresh_tokens invalid (40030).
   * @default false
   */
  newLoginKillsRefreshToken: boolean;
  /**
   * Is `scope` in the answer of `sns/oauth2/access_token`? The current field table lacks it, older
   * samples have it.
   * @default true
   */
  scopeInTokenAnswer: boolean;
  /**
   * Is `unionid` in the token answer for `snsapi_base`? No by the current page; it was so before
   * 2018.
   * @default false
   */
  unionidOnBase: boolean;
  /**
   * Does a refusal come back as `redirect_uri?state=` without a code? Current text: no redirect at
   * all; older text and the 第三方平台 page: yes.
   * @default false
   */
  refusalRedirects: boolean;
  /** Content-Type of the JSON answers. `text/plain` in every trace seen, the newest from 2023. */
  contentType: string;
  /**
   * Is errcode a string (`"40029"`)? Some of WeChat's own samples show that.
   * @default false
   */
  errcodeAsString: boolean;
  /**
   * Do good answers carry `errcode: 0, errmsg: "ok"`? The sample of `jscode2session` does, its text
   * says "only on failure".
   * @default false
   */
  errcodeZeroOnSuccess: boolean;
  /**
   * What follows an errmsg: `, rid: 6…-…-…` (default), `, hints: [ req_id: … ]`, ` hint: […]`, or
   * nothing. All were seen.
   */
  errmsgSuffix: 'rid' | 'hints' | 'hint' | 'none';
  /**
   * Is the order of parameters on the official-account link enforced? 网页授权 says so ("正则强匹配校验"), and
   * a phone was seen not to.
   * @default true
   */
  strictOrder: boolean;
  /**
   * May the official-account link lack `state`? Its table says "not required", and yet error 10013
   * "state 不能为空" exists.
   * @default false
   */
  stateOptional: boolean;
  /**
   * Are only `a-zA-Z0-9` allowed in that state? 网页授权 says so, yet `_` was seen to pass. Default:
   * true.
   */
  stateCharset: boolean;
  /**
   * May scope be the list `snsapi_base,snsapi_userinfo`? Only the 第三方平台 page says so. Default:
   * false.
   */
  scopeList: boolean;
  /** The answer to a code used before: 40163 (default), or 40029 as some reports have it. */
  usedCode: 40163 | 40029;
  /**
   * The answer to a code that is too old.
   * @default 42003
   */
  expiredCode: 42003 | 40029;
  /**
   * The answer to another app's code: 40029 (default), or 40242, which a table lists and no page
   * explains.
   */
  foreignCode: 40029 | 40242;
  /**
   * The answer to an access_token WeChat does not know.
   * @default 40001
   */
  invalidToken: 40001 | 40014;
  /**
   * Is the openid of a snapshot user virtual? The snapshot notice says so; some logs show the real
   * one.
   * @default true
   */
  snapshotVirtualOpenid: boolean;
  /**
   * Does `is_snapshotuser: 1` come with a snapshot user's token? Reported missing on first visits.
   * @default true
   */
  snapshotFlag: boolean;
  /**
   * Does `sns/userinfo` serve a snapshot token? In August 2022 it answered 48001.
   * @default true
   */
  snapshotUserinfo: boolean;
  /**
   * Is `snsapi_userinfo` silent for somebody who allowed this app before ("近期登录过免授权逻辑")?
   * `forcePopup=true` asks again.
   * @default false
   */
  silentAfterConsent: boolean;
  /**
   * Is `countryCode` of a phone number a number? The table of `getuserphonenumber` says text, its
   * sample shows `86`.
   * @default false
   */
  countryCodeAsNumber: boolean;
  /**
   * How often `cgi-bin/ticket/getticket` may be called a day before it answers 45009. The page only
   * says that it is "very limited".
   * @default 1_000
   */
  jsTicketsPerDay: number;
  /**
   * How often `cgi-bin/qrcode/create` may be called a day before it answers 45009. Test accounts
   * have 10,000, larger accounts more.
   * @default 100_000
   */
  qrCodesPerDay: number;
  /**
   * Is a push sent again that was answered by anything but 200? Documented is only that no answer
   * within 5 s is.
   * @default true
   */
  pushAgainAfterError: boolean;
  /**
   * Is the event of a scan called `scan`? Documented is `SCAN`; the other was reported once.
   * @default false
   */
  scanInSmallLetters: boolean;
  /**
   * Does every push come twice at the same time? Reported by many.
   * @default false
   */
  pushTwice: boolean;
}

/** What `WechatMockServer.start` takes; nothing at all is enough. */
export interface WechatMockServerOptions {
  /**
   * Where to listen.
   * @default 0, any free port
   */
  port?: number;
  /**
   * What other machines reach (`0.0.0.0`, an address of the network) needs `allowRemote`.
   * @default `127.0.0.1`
   */
  host?: string;
  /**
   * Lets other machines in, to whom this server gives everybody's sign-in: for a container or a
   * phone in your own network.
   * @default false
   */
  allowRemote?: boolean;
  /**
   * The apps that are registered.
   * @default one of each type, all bound to one open-platform account (`DEFAULT_MOCK_APPS`)
   */
  apps?: MockAppOptions[];
  /**
   * Who has a phone.
   * @default 小明 `ming`, 小红🌸 `hong`, 阿强 `qiang` (a follower) and 快照访客 `visitor` (a snapshot user)
   */
  users?: MockUserOptions[];
  /**
   * Also a property of the running server.
   * @default none, pages are shown
   */
  autoConsent?: MockAutoConsent;
  /**
   * Shows "请在微信客户端打开链接" to browsers that are not WeChat, as WeChat does.
   * @default false, because people develop in desktop browsers
   */
  requireWechatUserAgent?: boolean;
  /** How it behaves where nobody knows for sure. */
  unsure?: Partial<MockUnsure>;
  /**
   * The base of the server's clock, in milliseconds.
   * @default `Date.now`
   */
  now?: () => number;
}

/** One request the server got. */
export interface MockCall {
  /** When, by the server's clock, in ms. */
  readonly at: number;
  /** The method of HTTP. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The parameters of the query; of several with one name the last. */
  readonly query: Readonly<Record<string, string>>;
  /** The body as text; empty for GET. */
  readonly body: string;
  /** Empty where none was sent. */
  readonly userAgent: string;
  /** The appid that was sent, known or not. */
  readonly appId?: string;
  /**
   * `status: 0` as long as, or because, no answer was sent (hang, reset). Pages have an errcode too
   * when they show one.
   */
  readonly answered: { readonly status: number; readonly errcode?: number };
}

/**
 * What goes wrong. Give one of `errcode`, `body`, `empty`, `brokenJson`, `reset`, `hang`,
 * `redirectTo`, `answer`, or only `status` (a gateway's error page) or only `delayMs` (a slow but
 * good answer).
 */
export interface MockFault {
  /**
   * WeChat's error answer in HTTP 200 (or `status`); on a page path, the error page with this code.
   */
  errcode?: number;
  /**
   * Goes with `errcode`. The rid is added.
   * @default WeChat's text for it
   */
  errmsg?: string;
  /** The HTTP status to go with whatever is answered. */
  status?: number;
  /** Sent as it is. */
  body?: string | Buffer;
  /**
   * The Content-Type of whatever is answered.
   * @default `text/plain`
   */
  contentType?: string;
  /** No body at all, as WeChat was seen to answer bad credentials. */
  empty?: true;
  /** JSON cut off in the middle. */
  brokenJson?: true;
  /** Closes the connection with RST instead of an answer. */
  reset?: true;
  /** Never answers. The connection stays open until the client gives up or the server closes. */
  hang?: true;
  /** Answers 302 to this address. */
  redirectTo?: string;
  /**
   * Merged over the good answer; `undefined` removes a field. The real work is done; an error
   * answer stays an error.
   */
  answer?: Record<string, unknown>;
  /**
   * Waits this long, in real ms, before the answer or the reset. The real work, where it is done at
   * all, is done on arrival.
   */
  delayMs?: number;
  /**
   * How many requests it strikes. `Infinity`: all until `clearFaults()`.
   * @default 1
   */
  times?: number;
  /**
   * Does the real work first (spends the code, mints the token), then fails: the answer that got
   * lost.
   * @default false
   */
  afterEffect?: boolean;
}

/** A fault that was injected. */
export interface MockFaultHandle {
  /** How many requests it has struck. */
  readonly hits: number;
  /** Takes it back. */
  remove(): void;
}

/** How a person answers an authorize page. */
export interface MockAuthorizeOptions {
  /**
   * Who holds the phone.
   * @default the user of `autoConsent`, else the first user
   */
  user?: string;
  /**
   * What is silent cannot be refused.
   * @default `allow` of `autoConsent`, else true
   */
  allow?: boolean;
  /**
   * Comes from the official account's chat or menu.
   * @default false
   */
  fromChat?: boolean;
  /**
   * What the browser calls itself.
   * @default WeChat on an iPhone for `/connect/oauth2/authorize`, a desktop Chrome for
   * `/connect/qrconnect`
   */
  userAgent?: string;
}

/** Where the browser is sent (`redirectTo`), or the page that stays. */
export interface MockAuthorizeResult {
  /** Where the browser is sent: the callback, or an error of the application. */
  redirectTo?: string;
  /** The page that stays: consent, QR code or error. */
  page?: { status: number; html: string; errcode?: number };
}

/** What is encrypted, for whom, and with which key. */
export interface MockEncryptedOptions {
  /** A mini program. */
  appId: string;
  /** Who holds the phone. */
  user: string;
  /** What is sealed instead of the profile; the watermark is added. */
  data?: Record<string, unknown>;
  /**
   * `previous`: sealed with the session_key that the last `wx.login` killed.
   * @default `current`
   */
  sessionKey?: 'current' | 'previous';
  /**
   * Whose data it says it is, and of when.
   * @default the app's own appid and the server's time in seconds
   */
  watermark?: { appid?: string; timestamp?: number };
}

/** What a page hands to `wx.config`, and the address that WeChat sees it at. */
export interface MockJsConfig {
  /** An official account. */
  appId: string;
  /** Seconds since 1970. */
  timestamp: number;
  /** Random letters and digits. */
  nonceStr: string;
  /** 40 hex characters. */
  signature: string;
  /** Up to the `#`. */
  url: string;
}

/** What `wx.getUserInfo({ withCredentials: true })` hands to a mini program. */
export interface MockEncryptedData {
  /** The data, as base64. */
  encryptedData: string;
  /** The initial vector, as base64. */
  iv: string;
  /** What the signature is made of. */
  rawData: string;
  /** For `verifySignature`. */
  signature: string;
}
