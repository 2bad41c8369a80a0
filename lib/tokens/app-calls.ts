// Calls any API of WeChat with the app's own token, which is got, sent, hidden and repaired here.
import { judgeCall, type WechatCallOptions } from '../api/app-call.js';
import type { WechatAnswer } from '../api/answer.js';
import type { WechatTransport } from '../api/transport.js';
import type { AppConfig, WechatConfig } from '../config/wechat-config.js';
import { WechatApiError } from '../errors/errors.js';
import type { WechatSecret } from '../sealing/secret.js';
import { type AppTokens, requireOwnToken } from './app-tokens.js';

/** WeChat no longer takes the app's token, or never did. */
const STALE_TOKEN = new Set([40001, 40014, 42001]);
const ANSWER_LIMIT = 1024 * 1024;

/** Calls WeChat in the name of an app. */
export class AppCalls {
  constructor(
    private readonly transport: WechatTransport,
    private readonly tokens: AppTokens,
    private readonly config: Pick<WechatConfig, 'endpoints'>,
  ) {}

  /**
   * Once more, and not oftener, after WeChat has refused the token and another was got: whatever
   * the call does was not done then.
   * @returns what WeChat's JSON says, or the bytes of a file
   * @throws WechatInputError for what may not be sent; WechatConfigError for an app without a
   * token; WechatApiError, WechatNetworkError, WechatResponseError, WechatAppTokenError
   */
  async call(app: AppConfig, path: string, options?: WechatCallOptions): Promise<unknown> {
    requireOwnToken(app);
    const { method, query, body, hidden, timeout, repeatable } = judgeCall(
      this.config.endpoints.api,
      path,
      options,
    );
    const send = (accessToken: WechatSecret) =>
      this.transport.callForAny({
        method,
        endpoint: path,
        query: { access_token: accessToken.reveal(), ...query },
        secret: ['access_token'],
        hidden,
        repeatable,
        once: !repeatable,
        of: 'app',
        limit: ANSWER_LIMIT,
        ...(body === undefined ? {} : { body }),
        ...(timeout === undefined ? {} : { timeout }),
      });

    const { accessToken } = await this.tokens.get(app);
    try {
      return withoutSecrets(app, path, await send(accessToken));
    } catch (error) {
      if (!(error instanceof WechatApiError) || !STALE_TOKEN.has(error.errcode)) throw error;
      const other = await this.tokens.repair(app, accessToken);
      if (!other) throw error;
      return withoutSecrets(app, path, await send(other.accessToken));
    }
  }
}

/** WeChat shows there what somebody sent, access token and AppSecret included. */
function withoutSecrets(
  { secrets }: AppConfig,
  path: string,
  answer: WechatAnswer | Buffer,
): WechatAnswer | Buffer {
  if (path !== '/cgi-bin/openapi/rid/get' || Buffer.isBuffer(answer)) return answer;
  const hide = (text: string) =>
    secrets.reduce(
      (shown, secret) => shown.replaceAll(secret.reveal(), '[redacted]'),
      text.replace(/(access_token=)[^&"\\\s]*/gi, '$1[redacted]'),
    );
  const hidden = JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'string' ? hide(value) : value,
  );
  return JSON.parse(hidden) as WechatAnswer;
}
