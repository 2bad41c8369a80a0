// Which deliveries are the same push.
import { hash } from 'node:crypto';
import type { WechatPush } from './wechat-push.js';

/**
 * Names a push, the same for each delivery. Messages have an id; events have none, and are told
 * apart by who and when. WeChat counts seconds, so what they were about counts too, and of events
 * that we do not know everything.
 */
export function idOf(push: WechatPush): string {
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
