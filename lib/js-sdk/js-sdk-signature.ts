// What `wx.config` needs to prove that the page is one of the account's own.
import { hash } from 'node:crypto';

/** What is signed: the ticket of the account, and what the page passes on to WeChat. */
export interface JsSdkSigned {
  readonly ticket: string;
  readonly nonceStr: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  /** As the browser shows it, up to the `#`. */
  readonly url: string;
}

/**
 * SHA-1 in hex over the four in this order, each as it is: nothing is percent-encoded, and the key
 * is `noncestr` here although `wx.config` calls it `nonceStr`. The address stands last, so that no
 * text in it can pass for one of the others.
 * @see https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/JS-SDK.html#62
 */
export function signJsSdk({ ticket, nonceStr, timestamp, url }: JsSdkSigned): string {
  return hash('sha1', `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`);
}
