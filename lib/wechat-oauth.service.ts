// The injectable front of the module.
import { Inject, Injectable } from '@nestjs/common';
import { WechatConfigError } from './errors/errors.js';
import { ClientParts, WechatApp } from './wechat-oauth.client.js';

/**
 * Speaks for the default app; `app(name)` hands out any other. There is no "current app" that a
 * call could change for another one.
 * @example
 * constructor(private readonly wechat: WechatOAuthService) {}
 *
 * profile(openid: string) {
 *   return this.wechat.getUser(openid);
 * }
 */
@Injectable()
export class WechatOAuthService extends WechatApp {
  readonly #clients: ReadonlyMap<string, WechatApp>;

  constructor(@Inject(ClientParts) parts: ClientParts) {
    super(parts.config.defaultApp, parts);
    this.#clients = new Map([...parts.config.apps].map(([name, app]) => [name, new WechatApp(app, parts)]));
  }

  /**
   * Another app of the module, by its name in the options.
   * @example
   * const { sessionKey } = await wechat.app('mini').getSessionKey(code);
   * @throws WechatConfigError for a name that is not configured
   */
  app(name: string): WechatApp {
    const client = this.#clients.get(name);
    if (client) return client;
    throw new WechatConfigError(
      `apps.${String(name).slice(0, 40)}`,
      'is not configured',
      `Ask for one of: ${[...this.#clients.keys()].join(', ')}.`,
    );
  }
}
