// Asks the company's token server, which an application may put in WeChat's place. What it says is
// judged, and what it throws is not repeated: messages of HTTP clients hold addresses with secrets.
import { APP_TOKEN } from '../api/app-api.js';
import { inTime, type Runtime, TOO_LATE } from '../common/runtime.js';
import type { AppConfig, WechatConfig } from '../config/wechat-config.js';
import { WechatAppTokenError } from '../errors/errors.js';
import { WechatSecret } from '../sealing/secret.js';

/** What a token server gave. */
export interface ServedToken {
  accessToken: string;
  /** Seconds; 0 where the server does not say, so that it is asked again each time. */
  expiresIn: number;
}

/** Asks `appToken` of the options, within the time limit of a call to WeChat. */
export class TokenServer {
  constructor(
    private readonly config: Pick<WechatConfig, 'http'>,
    private readonly runtime: Pick<Runtime, 'sleep'>,
  ) {}

  /**
   * @param rejected the token that WeChat refused
   * @throws WechatAppTokenError
   */
  async ask(app: AppConfig, rejected?: WechatSecret): Promise<ServedToken> {
    const { timeout } = this.config.http;
    let said: unknown;
    try {
      const asked = Promise.resolve(app.appToken!(rejected ? { rejected } : {}));
      said = await inTime(this.runtime, asked, timeout);
    } catch (error) {
      const what = error instanceof Error ? error.constructor.name : typeof error;
      throw new WechatAppTokenError(app.name, `threw ${what}`);
    }
    if (said === TOO_LATE) throw new WechatAppTokenError(app.name, `took longer than ${timeout} ms`);
    const { accessToken, expiresIn } = (
      typeof said === 'string' ? { accessToken: said, expiresIn: 0 } : (said ?? {})
    ) as { accessToken?: unknown; expiresIn?: unknown };
    // It goes into a query string, and nothing else may.
    if (typeof accessToken !== 'string' || !APP_TOKEN.test(accessToken))
      throw new WechatAppTokenError(app.name, 'gave what is no token');
    if (typeof expiresIn !== 'number' || !(expiresIn >= 0))
      throw new WechatAppTokenError(app.name, 'gave an expiresIn that is no number of seconds');
    return { accessToken, expiresIn };
  }
}
