// What WeChat says of a follower of the account: the unionid, where it has one to give.
import { Logger } from '@nestjs/common';
import type { AppConfig } from '../../config/wechat-config.js';
import { WechatError } from '../../errors/errors.js';
import type { AppCalls } from '../../tokens/app-calls.js';

/** Looks followers up. */
export class Followers {
  private readonly logger = new Logger('WechatScan');

  constructor(private readonly calls: AppCalls) {}

  /**
   * Undefined where WeChat has none to give: the account is bound to no open platform, or may not
   * ask. Who it is, is known without.
   * @see https://developers.weixin.qq.com/doc/service/api/usermanage/userinfo/api_userinfo.html
   */
  async unionidOf(app: AppConfig, openid: string): Promise<string | undefined> {
    try {
      const answer = await this.calls.call(app, '/cgi-bin/user/info', {
        query: { openid, lang: 'zh_CN' },
        repeatable: true,
      });
      const { openid: said, unionid } = (answer ?? {}) as { openid?: unknown; unionid?: unknown };
      const isOne = said === openid && typeof unionid === 'string' && /^[\x21-\x7e]{1,128}$/.test(unionid);
      return isOne ? unionid : undefined;
    } catch (error) {
      const why = error instanceof WechatError ? error.message : 'it failed';
      this.logger.debug(`A login by a scan at "${app.name}" goes on without a unionid: ${why}`);
      return undefined;
    }
  }
}
