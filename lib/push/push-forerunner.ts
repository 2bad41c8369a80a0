// Parts of this package that look at pushes before the application does. Not for applications: no
// entry point hands this out.
import type { WechatPush } from './wechat-push.js';
import type { WechatPushReply } from './wechat-push-reply.js';

/** What a part of this package answers in the application's place. */
export interface ForerunnerAnswer {
  /** Without one WeChat is told `success`. */
  readonly reply?: WechatPushReply;
  /** The time that stands in the reply, in ms since 1970. */
  readonly createdAt: number;
  /** Whether the same push was answered before. */
  readonly repeated: boolean;
}

/**
 * A part of this package that looks at pushes before the application does, and may answer
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

/** The push was not received: the answer is 503, so that WeChat sends it again. */
export class PushNotTaken extends Error {}
