// Where an application takes part in the message push.
import type { WechatPush } from './wechat-push.js';
import type { WechatPushReply } from './wechat-push-reply.js';

/**
 * Gets the pushes of all apps that have `push` among their options. Runs once for each push, over
 * all processes that share a token store: what WeChat sends again gets the same reply. While the
 * store is down it runs at least once, so it should be idempotent.
 * @example
 * @Injectable()
 * export class ShopPushHandler extends WechatPushHandler {
 *   async onPush(push: WechatPush): Promise<WechatPushReply | void> {
 *     if (push.msgType === 'text') return { msgType: 'text', content: '收到' };
 *   }
 * }
 */
export abstract class WechatPushHandler {
  /**
   * Called with a push that WeChat has signed and encrypted. What it returns is the reply; nothing
   * is fine too. After 4.5 s WeChat is told `success` and the reply is lost, so long work belongs
   * behind it, in a queue. What it throws is one line in the log; WeChat is told `success`.
   */
  abstract onPush(push: WechatPush): Promise<WechatPushReply | void>;
}
