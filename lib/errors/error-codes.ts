// The catalogue of WeChat's return codes: how each has to be treated, and what to do about it, for
// the developer who reads the log.
//
// Meanings follow WeChat's global table of return codes and the pages of the single endpoints. What
// to do about them is derived, except where WeChat itself says "try again later" (-1, 10009,
// 45011): only those are `retryable`. Enterprise WeChat (企业微信) gives the same numbers other
// meanings and is not covered.
import type { WechatErrorKind } from './error-kind.js';

/** What a return code of WeChat means for an application. */
export interface WechatErrcodeAdvice {
  /** How it has to be treated. */
  readonly kind: WechatErrorKind;
  /**
   * The same call may succeed if it is repeated unchanged, after a pause. A call that carries a
   * code must not be repeated all the same.
   */
  readonly retryable: boolean;
  /** What to do, one or two sentences of Chinese. */
  readonly zh: string;
  /** What to do, one or two sentences of English. */
  readonly en: string;
}

type Row = readonly [errcode: number, kind: WechatErrorKind, retry: 'retry' | 'no', zh: string, en: string];

// prettier-ignore
const ROWS: readonly Row[] = [
  [-1, 'upstream', 'retry', '微信系统繁忙，稍等片刻再试。若当时正在用 code 换取凭证，code 可能已被消耗，请让用户重新登录。', 'WeChat is busy: wait a moment and repeat. If a code was being exchanged it may be spent, so start the login again.'],

  // Shown by the authorize page to the person, never sent to a server: here so that a developer can
  // look up what a screenshot says.
  [10003, 'config', 'no', 'redirect_uri 的域名与后台配置不一致：请在公众平台把 publicUrl 的完整主机名（不带协议和端口）填入“网页授权域名”。', 'The host of redirect_uri is not registered: enter the exact host of publicUrl, without scheme or port, as the web authorization domain in the console.'],
  [10004, 'blocked', 'no', '此公众号已被封禁，请登录公众平台查看通知并申诉。', 'This official account is banned: read the notices in the console and appeal there.'],
  [10005, 'config', 'no', '此账号没有该 scope 的权限：网页授权只对已认证的服务号开放，扫码登录请改用网站应用的 AppID。', 'This account may not use that scope: web authorization needs a verified service account, and QR login the app id of a website app.'],
  [10006, 'blocked', 'no', '测试号只接受已关注它的用户，请先扫码关注该测试号。', 'A test account serves its followers only: let the person follow it first.'],
  [10009, 'quota', 'retry', '操作太频繁，请稍后再试；若反复出现，请检查是否存在授权重定向循环。', 'Too many attempts: wait, then try again. If it keeps coming, look for a redirect loop.'],
  [10010, 'config', 'no', '授权链接缺少 scope，请使用 getAuthorizeURL 生成链接。', 'The authorize URL has no scope: build it with getAuthorizeURL.'],
  [10011, 'config', 'no', '授权链接缺少 redirect_uri，请使用 getAuthorizeURL 生成链接。', 'The authorize URL has no redirect_uri: build it with getAuthorizeURL.'],
  [10012, 'config', 'no', '授权链接缺少 appid，请检查 appId 配置项。', 'The authorize URL has no appid: check the option appId.'],
  [10013, 'config', 'no', '授权链接的 state 为空，请用 createState() 生成一个再传入。', 'The authorize URL has an empty state: make one with createState() and pass it.'],
  [10015, 'config', 'no', '此公众号尚未授权给该第三方平台，请先完成授权或去掉 component_appid。', 'The official account has not authorized this third-party platform: authorize it, or leave component_appid out.'],
  [10016, 'config', 'no', '公众号网页授权不支持开放平台的 AppID：请使用服务号的 AppID，或把应用的 type 改为 website。', 'An open-platform app id cannot be used for web authorization: use the service account\'s, or set the type of this app to website.'],

  [40001, 'token', 'no', '换取凭证时：AppSecret 错误，请核对 secret 配置项是否属于此 AppID。获取用户信息时：access_token 已失效或种类不对，请刷新或让用户重新授权。', 'On a token call the app secret is wrong: check that the option secret belongs to this app id. On userinfo the access token is stale or of the wrong kind: refresh it, or let the person authorize again.'],
  [40002, 'config', 'no', 'grant_type 不合法，请检查是否有代理或拦截器改写了请求参数。', 'grant_type is not accepted: look for a proxy or interceptor that rewrites the parameters.'],
  [40003, 'token', 'no', 'openid 不合法，或与 access_token 不是同一用户、同一应用：请成对保存并使用两者，必要时让用户重新授权。', 'The openid is invalid, or belongs to another person or app than the access token: keep the two together, or let the person authorize again.'],
  [40013, 'config', 'no', 'AppID 不合法，或 code 来自另一个应用：请检查 appId 的大小写与空格，并确认前后端使用同一个 AppID。', 'The app id is invalid, or the code comes from another app: check case and spaces of appId, and that front end and back end use the same one.'],
  [40014, 'token', 'no', 'access_token 不合法：请刷新或让用户重新授权，并确认没有误用 cgi-bin/token 的全局凭证。', 'The access token is invalid: refresh it or let the person authorize again, and make sure it is not the global one of cgi-bin/token.'],
  [40029, 'code', 'no', 'code 无效：可能已被使用或已过期，也可能前后端 AppID 不一致。请重新登录取得新的 code，并保持其大小写原样。', 'The code is invalid: used, expired, or issued to another app id. Start the login again for a fresh one, and pass it on with its case unchanged.'],
  [40030, 'token', 'no', 'refresh_token 无效：请删除已保存的凭证，让用户重新授权。', 'The refresh token is invalid: drop the stored tokens and let the person authorize again.'],
  [40066, 'config', 'no', 'URL 不合法，请检查接口地址配置（endpoints）。', 'The URL is not accepted: check the option endpoints.'],
  [40097, 'config', 'no', '参数错误，请对照接口文档检查所传参数。', 'A parameter is wrong: compare what was passed with the page of this endpoint.'],
  [40125, 'config', 'no', 'AppSecret 不正确（官方中文说明误写为 AppID）：请核对 secret 配置项；若刚重置过，请更新为新的 AppSecret。', 'The app secret is wrong: check the option secret; if it was reset recently, deploy the new one.'],
  [40163, 'code', 'no', 'code 已被使用（重复回调、刷新或后退所致）：若首次换取已成功，请使用其结果，否则让用户重新登录。', 'The code was used already (doubled callback, reload or back button): use the result of the first exchange if there is one, else start the login again.'],
  [40164, 'config', 'no', '服务器出口 IP 不在白名单中：请把 errmsg 中的 IP 加入公众平台的 IP 白名单。', 'The outgoing address of this server is not on the IP white list: add the address that errmsg names in the console.'],
  [40188, 'config', 'no', 'scope 不合法：服务号用 snsapi_base 或 snsapi_userinfo，网站应用用 snsapi_login。', 'The scope is invalid: snsapi_base or snsapi_userinfo for a service account, snsapi_login for a website app.'],
  [40226, 'blocked', 'no', '微信判定该用户为高风险并拦截了登录：请勿重试，向用户婉拒即可。', 'WeChat rates this person as high-risk and blocks the login: do not retry, refuse politely.'],
  [40242, 'code', 'no', 'code 属于另一个 AppID：请确认前后端使用同一个 AppID，然后重新登录。', 'The code belongs to another app id: use the same one in front end and back end, then start the login again.'],
  [40243, 'config', 'no', 'AppSecret 已被冻结：请在公众平台解冻，约 10 分钟后生效。', 'The app secret is frozen: unfreeze it in the console, which takes about ten minutes to work.'],

  [41001, 'token', 'no', '缺少 access_token：请先让用户授权，再调用此接口。', 'The access token is missing: let the person authorize before this call.'],
  [41002, 'config', 'no', '缺少 appid：请检查 appId 配置项；stable_token 接口的参数须放在 JSON 请求体中。', 'The app id is missing: check the option appId; stable_token wants its parameters in a JSON body.'],
  [41003, 'token', 'no', '缺少 refresh_token：小程序会话没有此凭证，请让用户重新登录。', 'The refresh token is missing, as in a mini program\'s session, which has none: let the person sign in again.'],
  [41004, 'config', 'no', '缺少 AppSecret，请检查 secret 配置项。', 'The app secret is missing: check the option secret.'],
  [41008, 'code', 'no', '缺少 code：用户可能拒绝了授权，或前端没有把 code 传来。请重新登录。', 'The code is missing: the person may have refused, or the front end did not send it. Start the login again.'],
  [41009, 'config', 'no', '缺少 openid：请把 openid 与 access_token 一起保存并传入。', 'The openid is missing: keep it with the access token and pass both.'],

  [42001, 'token', 'no', 'access_token 已过期：请用 refresh_token 刷新，失败则让用户重新授权。', 'The access token has expired: refresh it; if that fails, let the person authorize again.'],
  [42002, 'token', 'no', 'refresh_token 已过期：请删除已保存的凭证，让用户重新授权。', 'The refresh token has expired: drop the stored tokens and let the person authorize again.'],
  [42003, 'code', 'no', 'code 已过期（有效期数分钟）：请重新登录，并在收到 code 后立即使用。', 'The code has expired, it lives a few minutes: start the login again and use the code as soon as it arrives.'],
  [42005, 'config', 'no', '接口使用权限已到期，请登录公众平台查看并续期。', 'The right to use this API has expired: look in the console and renew it.'],
  [42007, 'token', 'no', '用户修改了微信密码，access_token 和 refresh_token 均已失效：请一并删除，让用户重新授权。', 'The person changed the WeChat password, so both tokens are dead: drop them and let the person authorize again.'],
  [42009, 'token', 'no', '客户端临时凭证已过期，请重新获取后再调用。', 'The client\'s temporary token has expired: fetch a new one, then call again.'],

  [43001, 'config', 'no', '此接口要求 GET 请求，请检查是否有代理改写了请求方法。', 'This endpoint wants GET: look for a proxy that changes the method.'],
  [43002, 'config', 'no', '此接口要求 POST 请求，请检查是否有代理改写了请求方法。', 'This endpoint wants POST: look for a proxy that changes the method.'],
  [43003, 'config', 'no', '此接口要求 HTTPS，请检查接口地址配置（endpoints）。', 'This endpoint wants HTTPS: check the option endpoints.'],
  [43004, 'blocked', 'no', '用户尚未关注公众号，请先引导其关注。', 'The person does not follow the official account: ask them to follow it first.'],
  [43005, 'blocked', 'no', '需要先存在好友关系，此用户无法使用该接口。', 'A friend relation is required: this call cannot serve this person.'],
  [43006, 'blocked', 'no', '需要双方未互相拉黑，此用户无法使用该接口。', 'One side has blocked the other: this call cannot serve this person.'],
  [43007, 'config', 'no', '需要商户授权，请在公众平台完成授权。', 'The business account must authorize this first: do so in the console.'],
  [43008, 'config', 'no', '需要开通微信支付商户权限，请在公众平台开通。', 'The account needs payment rights: apply for them in the console.'],
  [43019, 'blocked', 'no', '用户在公众号的黑名单中，请先将其移出。', 'The person is on the account\'s blacklist: take them off it first.'],
  [43101, 'blocked', 'no', '用户拒绝接收消息，请勿重试，待其重新订阅。', 'The person refused messages: do not retry, wait until they subscribe again.'],
  [43104, 'config', 'no', '此 AppID 没有该接口的权限，请在公众平台申请。', 'This app id may not use the endpoint: apply for it in the console.'],

  [44002, 'config', 'no', 'POST 请求体为空，请检查是否有代理丢弃了请求体。', 'The POST body is empty: look for a proxy that drops it.'],
  [45009, 'quota', 'no', '接口调用次数已达上限（多为每日上限）：请停止调用，次日再试，或在公众平台清零。', 'The quota of calls, usually the daily one, is used up: stop until tomorrow, or reset it in the console.'],
  [45011, 'quota', 'retry', '每分钟调用次数已达上限：请至少等待 60 秒再试，并降低调用频率。', 'The quota per minute is used up: wait at least 60 seconds and call less often.'],
  [45035, 'config', 'no', '客户端 IP 不在白名单中，请在公众平台添加服务器的出口 IP。', 'The address of this server is not on the IP white list: add its outgoing address in the console.'],
  [47001, 'config', 'no', 'JSON 或 XML 解析失败，请检查请求体及其 UTF-8 编码。', 'WeChat cannot parse the JSON or XML: check the request body and its UTF-8 encoding.'],

  [48001, 'consent', 'no', '接口未授权：请以 snsapi_userinfo 重新授权；若仍失败，请确认账号已获得此接口权限，且用户不在快照页中。', 'Not authorized for this API: ask for snsapi_userinfo. If that is granted, check that the account has this right and that the person is not on a snapshot page.'],
  [48004, 'blocked', 'no', '接口因违规被封禁，请登录公众平台查看通知并申诉。', 'The API was forbidden for irregularities: read the notices in the console and appeal there.'],
  [48006, 'quota', 'no', '本月清空接口额度的次数已用完（整个账号共 10 次）：请等到下月，或等每日额度次日恢复。', 'No resets of quotas are left this month, ten for the whole account: wait for the next month, or until tomorrow for a daily quota.'],
  [49003, 'config', 'no', 'openid 不属于此 AppID：openid 按应用区分，请检查是否混用了两个应用的数据。', 'The openid is not of this app id: openids differ from app to app, so look for data of two apps mixed up.'],
  [50001, 'consent', 'no', '用户未授权该接口，请让用户以所需的 scope 重新授权。', 'The person has not authorized this API: let them authorize again with the scope it needs.'],
  [50002, 'blocked', 'no', '用户账号受限（被冻结或已注销）：请勿重试，提示用户联系微信。', 'This person\'s account is limited (frozen or closed): do not retry, refer them to WeChat.'],
  [50003, 'blocked', 'no', '用户状态异常，可能不在白名单中：请确认其具备测试或使用资格。', 'This person is not expected, perhaps not on a white list: check that they may use the app.'],
  [50004, 'blocked', 'no', '此账号被禁止使用 access_token 接口，请登录公众平台查看或联系微信。', 'The account may not fetch access tokens: look in the console or contact WeChat.'],
  [50005, 'blocked', 'no', '用户未关注公众号，请先引导其关注。', 'The person does not follow the official account: ask them to follow it first.'],
  [50007, 'blocked', 'no', '此账号已被冻结，请登录公众平台查看通知并申诉。', 'The account is frozen: read the notices in the console and appeal there.'],

  [61004, 'config', 'no', '客户端 IP 未登记，请在开放平台的白名单中添加服务器的出口 IP。', 'The address of this server is not registered: add its outgoing address to the white list of the open platform.'],
  [87008, 'config', 'no', 'sig_method 不合法，应为 hmac_sha256。', 'sig_method is not accepted: it has to be hmac_sha256.'],
  [87009, 'decrypt', 'no', '用户登录态签名无效，session_key 可能已失效：请在小程序中重新调用 wx.login，再次尝试。', 'The signature is invalid, most likely because the session key is stale: call wx.login in the mini program, then repeat.'],
  [89503, 'config', 'no', '此 IP 的调用需要管理员确认，请管理员在微信中确认后再试。', 'The administrator has to confirm this IP address: let them do so in WeChat, then try again.'],
  [89506, 'config', 'no', '管理员已两次拒绝此 IP，24 小时内不可再用：请联系管理员，届时再试。', 'The administrator refused this IP address, which is barred for 24 hours: talk to them, then try again.'],
  [89507, 'config', 'no', '管理员已拒绝此 IP，1 小时内不可再用：请联系管理员，届时再试。', 'The administrator refused this IP address, which is barred for one hour: talk to them, then try again.'],
];

/** Every code that is known here, by number. Rows are frozen. */
export const WECHAT_ERROR_CODES: ReadonlyMap<number, WechatErrcodeAdvice> = new Map(
  ROWS.map(([errcode, kind, retry, zh, en]) => [
    errcode,
    Object.freeze({ kind, retryable: retry === 'retry', zh, en }),
  ]),
);

// By thousands, where WeChat's numbering means something.
// prettier-ignore
const FAMILIES: ReadonlyMap<number, WechatErrcodeAdvice> = new Map([
  [40, unknown('config', '通常表示某个参数不合法，请检查 AppID、AppSecret 及所传参数。', 'it usually means an invalid parameter, so check the app id, the secret and what was passed.')],
  [41, unknown('config', '通常表示缺少某个参数，请检查配置及所传参数。', 'it usually means a missing parameter, so check the options and what was passed.')],
  [42, unknown('token', '通常表示凭证已过期，请让用户重新登录。', 'it usually means that something has expired, so let the person sign in again.')],
  [43, unknown('config', '通常表示请求方式不对或缺少前提关系，请对照接口文档检查。', 'it usually means a wrong method or a missing relation, so see the page of this endpoint.')],
  [44, unknown('config', '通常表示请求内容为空，请检查请求体。', 'it usually means an empty body, so check what was sent.')],
  [45, unknown('quota', '通常表示超出某种限制，请降低调用频率并检查接口限额。', 'it usually means that a limit was passed, so call less often and check the quotas.')],
  [47, unknown('config', '通常表示数据格式错误，请检查请求体。', 'it usually means badly formed data, so check what was sent.')],
  [48, unknown('config', '通常表示账号没有接口权限，请在公众平台检查接口权限。', 'it usually means that the account lacks a right, so check its rights in the console.')],
  [50, unknown('blocked', '通常表示用户受限或无权限，请勿重试。', 'it usually means that this person is limited or not allowed, so do not retry.')],
  [61, unknown('config', '通常与第三方平台授权有关，请检查授权关系与凭证种类。', 'it usually concerns third-party platforms, so check the authorization and the kind of token.')],
]);

const UNKNOWN = unknown(
  'upstream',
  '请在微信官方的全局返回码文档中查找。',
  "look it up in WeChat's table of return codes.",
);

/**
 * What a return code means for the application. A code outside the catalogue is judged by its
 * thousands (40xxx parameter, 42xxx expired, 45xxx quota …), says so in its hint, and is never
 * retryable. Never throws: whatever is not a number counts as unknown, and digits in a string as
 * the number they spell, because some of WeChat's own samples carry `"40029"`.
 *
 * 40001 is the one code with two meanings: a wrong app secret on a token call, a stale token
 * elsewhere. Its kind is that of the second.
 */
export function explainErrcode(errcode: number): WechatErrcodeAdvice {
  const code = typeof errcode === 'string' ? Number(errcode) : errcode;
  return (
    WECHAT_ERROR_CODES.get(code) ??
    (typeof code === 'number' ? FAMILIES.get(Math.floor(code / 1000)) : undefined) ??
    UNKNOWN
  );
}

/**
 * Where a call carries the app's own token, some codes speak of the app and not of a person. Nobody
 * has to sign in again for them.
 */
// prettier-ignore
const APP_ROWS: readonly Row[] = [
  [40001, 'upstream', 'no', '应用自己的 access_token 已失效，换取新的之后仍被拒绝：请检查是否有其他程序在强制刷新它，或接口是否要求别种凭证。', 'The app\'s own access token is stale, and what could be got in its place was refused too: look for another program that refreshes it by force, and whether this API wants another kind of token.'],
  [40003, 'input', 'no', 'openid 不合法，或不属于此应用：openid 按应用区分，请检查是否混用了两个应用的数据。', 'The openid is invalid or not of this app: openids differ from app to app, so look for data of two apps mixed up.'],
  [40014, 'upstream', 'no', '应用自己的 access_token 不合法，换取新的之后仍被拒绝：若使用 appToken，请检查它返回的是否为此应用的凭证。', 'The app\'s own access token is invalid, and what could be got in its place was refused too: where appToken is set, check that it gives the token of this app.'],
  [41001, 'upstream', 'no', '请求到达微信时缺少 access_token：请检查是否有代理或拦截器改写了请求参数。', 'The access token did not reach WeChat: look for a proxy or interceptor that rewrites the parameters.'],
  [42001, 'upstream', 'no', '应用自己的 access_token 已过期，换取新的之后仍被拒绝：请检查服务器时钟；若使用 appToken，请检查它的缓存。', 'The app\'s own access token has expired, and what could be got in its place was refused too: check the clock of this server, and where appToken is set, what it caches.'],
  [48001, 'config', 'no', '此账号没有该接口的权限：请在公众平台的“接口权限”中查看，多数接口需要先完成认证。', 'The account may not use this API: look at its API rights in the console; most need a verified account.'],
];

const APP_CODES = new Map(
  APP_ROWS.map(([errcode, kind, retry, zh, en]) => [
    errcode,
    Object.freeze({ kind, retryable: retry === 'retry', zh, en }),
  ]),
);

/** As `explainErrcode`, for calls with the app's own token. */
export function explainAppErrcode(errcode: number): WechatErrcodeAdvice {
  return APP_CODES.get(errcode) ?? explainErrcode(errcode);
}

function unknown(kind: WechatErrorKind, zh: string, en: string): WechatErrcodeAdvice {
  return Object.freeze({
    kind,
    retryable: false,
    zh: `此返回码不在目录中：${zh}`,
    en: `This code is not in the catalogue: ${en}`,
  });
}
