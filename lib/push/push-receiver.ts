// What becomes of a request at the address of the push: refused, checked, or handled once.
import { hash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { inTime, type Runtime, TOO_LATE } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import { WechatError } from '../errors/errors.js';
import { isSame, signatureOf } from './push-crypto.js';
import { only, openEnvelope, type PushApp, type PushStamp, readStamp } from './push-envelope.js';
import type { PushOnce, PushOutcome } from './push-once.js';
import { encryptReply, type PushAnswer } from './push-answer.js';
import { readPush } from './read-push.js';
import type { WechatPush } from './wechat-push.js';
import { type PushForerunner, PushNotTaken, type WechatPushHandler } from './wechat-push-handler.js';
import { fieldsOfReply, type WechatPushReply } from './wechat-push-reply.js';

/** At 5 s WeChat cuts the connection and sends again; in ms. */
export const ANSWER_MS = 4_500;

/** WeChat's word for "received, no reply"; not encrypted in safe mode either. */
const SUCCESS: PushAnswer = { status: 200, text: 'success', type: 'text/plain' };

/** One for whatever did not fit: whoever sends it must not learn how far it came. */
const REFUSED = 403;

/** Judges pushes and lets them be handled. */
export class PushReceiver {
  private readonly logger = new Logger('WechatPush');

  /** @param handler finds the application's handler; undefined where there is none */
  constructor(
    private readonly once: PushOnce,
    private readonly runtime: Runtime,
    private readonly events: WechatEvents,
    private readonly forerunners: readonly PushForerunner[],
    private readonly handler: () => Promise<WechatPushHandler | undefined>,
  ) {}

  /**
   * The address check of the console. Its signature does not cover what is echoed, so no more is
   * echoed than WeChat ever sends.
   */
  checkAddress({ app, push }: PushApp, query: URLSearchParams): PushAnswer {
    const stamp = readStamp(query, 'signature', this.runtime.now());
    const echo = only(query, 'echostr', /^[\x21-\x7e]{1,256}$/);
    if (!stamp || echo === undefined) return this.refuse(app.name, 'its address is no address check of now');
    const expected = signatureOf(push.token, stamp.timestamp, stamp.nonce);
    if (!isSame(expected, stamp.signature)) return this.refuse(app.name, 'its signature does not fit');
    return { status: 200, text: echo, type: 'text/plain' };
  }

  /**
   * What the address alone says, before a byte of the body is read. Security decision: without
   * `encrypt_type=aes` a push is not taken; nothing covers the body of one in clear.
   */
  readAddress({ app }: PushApp, query: URLSearchParams): PushStamp | PushAnswer {
    if (only(query, 'encrypt_type', /^aes$/) === undefined)
      return this.refuse(app.name, 'it is not in safe mode, which has encrypt_type=aes');
    const stamp = readStamp(query, 'msg_signature', this.runtime.now());
    return stamp ?? this.refuse(app.name, 'its address is no push of now');
  }

  /**
   * @param body text, or the object that a parser of the application made
   * @param arrivedAt by the monotonic clock, in ms
   */
  async receive(to: PushApp, stamp: PushStamp, body: unknown, arrivedAt: number): Promise<PushAnswer> {
    const { app } = to;
    const opened = openEnvelope(to, stamp, body);
    if (typeof opened === 'string') return this.refuse(app.name, opened);
    const push = readPush(app.name, opened.fields);
    if (!push) return this.refuse(app.name, 'its message has not the fields of a push');
    const giveUpAt = arrivedAt + ANSWER_MS;
    try {
      const { outcome, repeated } = await this.once.run(app.appId, idOf(push), giveUpAt, () =>
        this.handle(push, giveUpAt),
      );
      this.tell(push, repeated, arrivedAt);
      const reply = outcome.reply;
      return reply === undefined
        ? SUCCESS
        : encryptReply(to, opened, stamp, { ...outcome, reply }, push, this.runtime);
    } catch (error) {
      if (!(error instanceof PushNotTaken)) throw error;
      this.logger.debug(`A push for "${app.name}" was not received, WeChat may send it again.`);
      return { status: 503, text: '', type: 'text/plain' };
    }
  }

  /** @returns an answer without a word for the sender; the reason is for the log alone */
  refuse(app: string, why: string, status = REFUSED): PushAnswer {
    this.logger.debug(`A request to the push address of "${app}" was refused (${status}): ${why}.`);
    this.events.emit({ type: 'push.refused', app, status });
    return { status, text: '', type: 'text/plain' };
  }

  private async handle(push: WechatPush, giveUpAt: number): Promise<PushOutcome> {
    const made = (reply?: WechatPushReply | void): PushOutcome => ({
      createTime: Math.floor(this.runtime.now() / 1000),
      ...(reply === undefined || reply === null ? {} : { reply: fieldsOfReply(reply) }),
    });
    const first = await this.askForerunners(push, giveUpAt);
    if (first) return made(first.reply);
    const asked = this.askHandler(push, made);
    const outcome = await inTime(this.runtime, asked, giveUpAt - this.runtime.monotonic());
    if (outcome !== TOO_LATE) return outcome;
    this.logger.warn(
      `onPush for "${push.app}" took longer than ${ANSWER_MS} ms: WeChat was told "success", and a reply is lost. Put long work into a queue.`,
    );
    return made();
  }

  /**
   * Security decision: a part of ours that could not look at a push has not received it; nothing is
   * then told that WeChat could take for received.
   */
  private async askForerunners(
    push: WechatPush,
    giveUpAt: number,
  ): Promise<{ reply?: WechatPushReply } | undefined> {
    for (const forerunner of this.forerunners) {
      const asked = forerunner.onPush(push).catch((error: unknown) => {
        if (!(error instanceof PushNotTaken))
          this.logger.error(`A push was not looked at: ${describe(error)}`);
        throw new PushNotTaken();
      });
      const said = await inTime(this.runtime, asked, giveUpAt - this.runtime.monotonic());
      if (said === TOO_LATE) throw new PushNotTaken();
      if (said) return said;
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

  private tell(push: WechatPush, repeated: boolean, arrivedAt: number): void {
    const { app, msgType } = push;
    const event = msgType === 'event' ? { event: push.event } : {};
    const ms = Math.round(this.runtime.monotonic() - arrivedAt);
    this.events.emit({ type: 'push.received', app, msgType, ...event, repeated, ms });
  }
}

/**
 * Names a push, the same for each delivery. Messages have an id; events have none, and are told
 * apart by who and when. WeChat counts seconds, so what they were about counts too, and of events
 * that we do not know everything.
 */
function idOf(push: WechatPush): string {
  const { openid, raw } = push;
  const { CreateTime, MsgId, EventKey, Ticket } = raw;
  const isKnown = push.msgType === 'event' && push.event !== 'other';
  const facts =
    push.msgType !== 'event' && typeof MsgId === 'string' && MsgId !== ''
      ? ['message', openid, MsgId]
      : isKnown
        ? ['event', openid, CreateTime, push.event, EventKey || '', Ticket || '']
        : ['fields', raw];
  return hash('sha256', JSON.stringify(facts));
}

/** Our own errors hold nothing secret; of another's only its name is told. */
function describe(error: unknown): string {
  if (error instanceof WechatError) return error.message;
  return `it threw ${error instanceof Error ? error.constructor.name : typeof error}.`;
}
