// What WeChat is asked in the name of an app itself, not of a person: its token. Knows nothing of
// stores.
import { WechatResponseError } from '../errors/errors.js';
import type { AppConfig } from '../config/wechat-config.js';
import { AppSecrets } from './app-secrets.js';
import type { WechatTransport } from './transport.js';

/** What `cgi-bin/stable_token` answers, checked. */
export interface AppTokenAnswer {
  accessToken: string;
  /** Seconds. */
  expiresIn: number;
}

/** What may stand in a query as a token: an answer of anything else is not WeChat's. */
export const APP_TOKEN = /^[\x21-\x7e]{1,2048}$/;

/** At the token endpoint a wrong secret. */
const INVALID_CREDENTIAL = 40001;

/** The token of an app. */
export class AppApi {
  private readonly secrets = new AppSecrets();

  constructor(private readonly transport: WechatTransport) {}

  /**
   * `POST /cgi-bin/stable_token`. In normal mode the same token for all who ask, until its last
   * five minutes.
   * @see
   * https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
   * @param forced a new token, and the former dies at once: 20 times a day, 30 s apart
   * @throws WechatApiError, WechatNetworkError, WechatResponseError
   */
  async stableToken(app: AppConfig, forced: boolean): Promise<AppTokenAnswer> {
    const endpoint = '/cgi-bin/stable_token';
    const ask = (secret: string) =>
      this.transport.call({
        method: 'POST',
        endpoint,
        query: {},
        body: JSON.stringify({
          grant_type: 'client_credential',
          appid: app.appId,
          secret,
          // Always: without it somebody was answered 41002 until he sent it.
          force_refresh: forced,
        }),
        secret: [],
        hidden: [secret],
        // A forced call whose answer was lost has been counted.
        repeatable: !forced,
        of: 'app',
      });
    const answer = await this.secrets.ask(app, ask, INVALID_CREDENTIAL);
    const accessToken = answer['access_token'];
    const expiresIn = Number(answer['expires_in']);
    const refuse = (problem: string) => new WechatResponseError(endpoint, 200, problem);
    if (typeof accessToken !== 'string' || !APP_TOKEN.test(accessToken))
      throw refuse('access_token is missing');
    if (!Number.isFinite(expiresIn) || expiresIn <= 0) throw refuse('expires_in is not a number');
    return { accessToken, expiresIn };
  }
}
