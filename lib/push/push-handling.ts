// Who is asked about a push, how long they are waited for, and what becomes of what they throw.
import { Logger } from '@nestjs/common';
import { inTime, type Runtime, TOO_LATE } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import { WechatError } from '../errors/errors.js';
import type { PushOutcome } from './push-once.js';
import type { WechatPush } from './wechat-push.js';
import { type PushForerunner, PushNotTaken } from './push-forerunner.js';
import type { WechatPushHandler } from './wechat-push-handler.js';
import type { WechatPushReply } from './wechat-push-reply.js';
import { fieldsOfReply } from './write-reply.js';

/** At 5 s WeChat cuts the connection and sends again; in ms. */
export const ANSWER_MS = 4_500;

/** Asks our own forerunners, then the application. */
export class PushHandling {
  private readonly logger = new Logger('WechatPush');

  /** @param handler finds the application's handler; undefined where there is none */
  constructor(
    private readonly runtime: Runtime,
    private readonly events: WechatEvents,
    private readonly forerunners: readonly PushForerunner[],
    private readonly handler: () => Promise<WechatPushHandler | undefined>,
  ) {}

  /**
   * What the application makes of it. Called once for a push, however often that is delivered.
   * @param giveUpAt by the monotonic clock, in ms
   */
  async handle(push: WechatPush, giveUpAt: number): Promise<PushOutcome> {
    const made = (reply?: WechatPushReply | void) => outcomeOf(reply, this.runtime.now());
    const asked = this.askHandler(push, made);
    const outcome = await inTime(this.runtime, asked, giveUpAt - this.runtime.monotonic());
    if (outcome !== TOO_LATE) return outcome;
    this.logger.warn(
      `onPush for "${push.app}" took longer than ${ANSWER_MS} ms: WeChat was told "success", and a reply is lost. Put long work into a queue.`,
    );
    return made();
  }

  /**
   * What a part of ours answers in the application's place. Called for every delivery. Security
   * decision: a part that could not look at a push has not received it; nothing is then told that
   * WeChat could take for received.
   * @param giveUpAt by the monotonic clock, in ms
   * @throws PushNotTaken when a forerunner could not look at it
   */
  async forerun(
    push: WechatPush,
    giveUpAt: number,
  ): Promise<{ outcome: PushOutcome; repeated: boolean } | undefined> {
    for (const forerunner of this.forerunners) {
      const asked = forerunner.onPush(push).catch((error: unknown) => {
        if (!(error instanceof PushNotTaken))
          this.logger.error(`A push was not looked at: ${describe(error)}`);
        throw new PushNotTaken();
      });
      const said = await inTime(this.runtime, asked, giveUpAt - this.runtime.monotonic());
      if (said === TOO_LATE) throw new PushNotTaken();
      if (said) return { outcome: outcomeOf(said.reply, said.createdAt), repeated: said.repeated };
    }
    return undefined;
  }

  /**
   * What the handler throws is `success` all the same: anything else makes WeChat tell the person
   * that the account is out of service, and a handler that failed would most likely fail again.
   */
  private async askHandler(
    push: WechatPush,
    made: (reply?: WechatPushReply | void) => PushOutcome,
  ): Promise<PushOutcome> {
    try {
      const handler = await this.handler();
      return made(await handler?.onPush(push));
    } catch (error) {
      const what = push.msgType === 'event' ? `event ${push.event}` : `message ${push.msgType}`;
      this.logger.error(
        `onPush for "${push.app}" failed on the ${what}, WeChat was told "success": ${describe(error)}`,
      );
      this.events.emit({ type: 'push.failed', app: push.app });
      return made();
    }
  }
}

/** @param at in ms since 1970 */
function outcomeOf(reply: WechatPushReply | void | null, at: number): PushOutcome {
  const createTime = Math.floor(at / 1000);
  return reply === undefined || reply === null ? { createTime } : { createTime, reply: fieldsOfReply(reply) };
}

/** Our own errors hold nothing secret; of another's only its name is told. */
function describe(error: unknown): string {
  if (error instanceof WechatError) return error.message;
  return `it threw ${error instanceof Error ? error.constructor.name : typeof error}.`;
}
