// `getJsSdkConfig`: the address judged, the ticket found, the signature made.
import { optionName } from '../config/option-name.js';
import type { Runtime } from '../common/runtime.js';
import type { AppConfig, WechatConfig } from '../config/wechat-config.js';
import { WechatConfigError } from '../errors/errors.js';
import { signJsSdk } from './js-sdk-signature.js';
import type { JsTickets } from './js-tickets.js';
import { signableAddress } from './signable-address.js';

/** What `wx.config` of a page has to be given, besides the list of APIs. */
export interface WechatJsSdkConfig {
  /** Of the official account. */
  appId: string;
  /** Seconds since 1970: a number, as `wx.config` takes it. */
  timestamp: number;
  /** 32 random hex characters. */
  nonceStr: string;
  /** 40 hex characters, good for this address only. */
  signature: string;
}

/** Signs pages of the application for the JS-SDK. */
export class JsSdk {
  constructor(
    private readonly config: Pick<WechatConfig, 'returnTo'>,
    private readonly tickets: JsTickets,
    private readonly runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  ) {}

  /** @throws WechatConfigError, WechatInputError, WechatApiError, WechatNetworkError */
  async sign(app: AppConfig, address: unknown): Promise<WechatJsSdkConfig> {
    if (app.type !== 'official-account') {
      throw new WechatConfigError(
        optionName(app, 'type'),
        `is "${app.type}", which has no JS-SDK`,
        'Use the official account whose JS接口安全域名 names the host of the page.',
      );
    }
    // Before anything is asked for: whoever sends nonsense costs no call.
    const url = signableAddress(this.config, address);
    const ticket = (await this.tickets.of(app)).reveal();
    const timestamp = Math.floor(this.runtime.now() / 1000);
    const nonceStr = this.runtime.randomBytes(16).toString('hex');
    const signature = signJsSdk({ ticket, nonceStr, timestamp, url });
    return { appId: app.appId, timestamp, nonceStr, signature };
  }
}
