// WeChat's own errors: thrown by the endpoints, turned into `{"errcode":…,"errmsg":"…, rid: …"}` in
// HTTP 200 by the router.

/**
 * The texts of the global return code table, for the codes the mock uses or is most often told to
 * use.
 */
const ERRMSG: Record<number, string> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40030: 'invalid refresh_token',
  40052: 'invalid action name',
  40053: 'invalid action info',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40163: 'code been used',
  40226: 'code blocked',
  40242: 'oauth code is for another appid',
  41001: 'access_token missing',
  41002: 'appid missing',
  41003: 'refresh_token missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  41009: 'missing openid',
  42001: 'access_token expired',
  42002: 'refresh_token expired',
  42003: 'code expired',
  42007: 'access_token and refresh_token exception',
  43001: 'require GET method',
  43002: 'require POST method',
  44002: 'empty post data',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  47001: 'data format error',
  48001: 'api unauthorized',
  50002: 'user limited',
  87008: 'invalid sig_method',
  87009: 'invalid signature',
};

/** An answer with an errcode. Thrown anywhere below an endpoint. */
export class WechatFailure extends Error {
  /** @param errmsg default: WeChat's text for the code */
  constructor(
    readonly errcode: number,
    errmsg: string = ERRMSG[errcode] ?? 'error',
  ) {
    super(errmsg);
  }
}
