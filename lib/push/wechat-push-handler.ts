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

/** @internal What a part of this package answers in the application's place. */
export interface ForerunnerAnswer {
  /** Without one WeChat is told `success`. */
  readonly reply?: WechatPushReply;
  /** The time that stands in the reply, in ms since 1970. */
  readonly createdAt: number;
  /** Whether the same push was answered before. */
  readonly repeated: boolean;
}

/**
 * @internal A part of this package that looks at pushes before the application does, and may answer
 * in its place.
 */
export abstract class PushForerunner {
  /**
   * Called for every delivery, and gives each of them the same answer by itself. Undefined leaves
   * the push to the next one, and at last to the application.
   * @throws PushNotTaken when it could not be looked at: WeChat is told nothing that it could take
   * for received, and whoever gets it again begins anew
   */
  abstract onPush(push: WechatPush): Promise<ForerunnerAnswer | undefined>;
}

/** @internal The push was not received: the answer is 503, so that WeChat sends it again. */
export class PushNotTaken extends Error {}
