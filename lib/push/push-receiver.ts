// What becomes of a request at the address of the push: refused, checked, or handled once.
import { Logger } from '@nestjs/common';
import type { Runtime } from '../common/runtime.js';
import type { WechatEvents } from '../common/wechat-events.js';
import { isSame, signatureOf } from './wire/push-crypto.js';
import { only, openEnvelope, type PushApp, type PushStamp, readStamp } from './wire/push-envelope.js';
import { ANSWER_MS, type PushHandling } from './push-handling.js';
import { idOf } from './push-id.js';
import type { PushOnce } from './push-once.js';
import { encryptReply, type PushAnswer } from './push-answer.js';
import { readPush } from './read-push.js';
import type { WechatPush } from './wechat-push.js';
import { PushNotTaken } from './push-forerunner.js';

/** WeChat's word for "received, no reply"; not encrypted in safe mode either. */
const SUCCESS: PushAnswer = { status: 200, text: 'success', type: 'text/plain' };

/** One for whatever did not fit: whoever sends it must not learn how far it came. */
const REFUSED = 403;

/** Judges pushes and lets them be handled. */
export class PushReceiver {
  private readonly logger = new Logger('WechatPush');

  constructor(
    private readonly once: PushOnce,
    private readonly runtime: Runtime,
    private readonly events: WechatEvents,
    private readonly handling: PushHandling,
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
      const first = await this.handling.forerun(push, giveUpAt);
      const { outcome, repeated } =
        first ??
        (await this.once.run(app.appId, idOf(push), giveUpAt, () => this.handling.handle(push, giveUpAt)));
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

  private tell(push: WechatPush, repeated: boolean, arrivedAt: number): void {
    const { app, msgType } = push;
    const event = msgType === 'event' ? { event: push.event } : {};
    const ms = Math.round(this.runtime.monotonic() - arrivedAt);
    this.events.emit({ type: 'push.received', app, msgType, ...event, repeated, ms });
  }
}
