// From the fields of an opened push to what the application gets.
import { defined } from '../common/defined.js';
import type { WechatPushFields } from './wire/push-xml.js';
import type { WechatPush, WechatPushBase } from './wechat-push.js';

/** The fields of a push that decide what it is; undefined where one of them is not its own text. */
export function readPush(app: string, raw: WechatPushFields): WechatPush | undefined {
  const openid = text(raw, 'FromUserName');
  const createTime = text(raw, 'CreateTime');
  const type = text(raw, 'MsgType')?.toLowerCase();
  if (openid === undefined || !/^[\x21-\x7e]{1,128}$/.test(openid)) return undefined;
  if (createTime === undefined || !/^\d{1,11}$/.test(createTime)) return undefined;
  if (type === undefined || !NAME.test(type)) return undefined;
  const base = { app, openid, createdAt: Number(createTime) * 1000, raw };
  if (type !== 'event') return readMessage(base, type) ?? { ...base, msgType: 'other', name: type };
  // `SCAN` in WeChat's documents, and `scan` was seen.
  const event = text(raw, 'Event')?.toLowerCase();
  if (event === undefined || !NAME.test(event)) return undefined;
  const read = readEvent({ ...base, msgType: 'event' }, event);
  return read ?? { ...base, msgType: 'event', event: 'other', name: event };
}

const NAME = /^[\x21-\x7e]{1,64}$/;

/** Undefined where it is no such message, or a field is missing that every one has. */
function readMessage(base: WechatPushBase, type: string): WechatPush | undefined {
  const { raw } = base;
  const msgId = text(raw, 'MsgId');
  if (msgId === undefined || msgId === '') return undefined;
  const own = { ...base, msgId };
  const mediaId = text(raw, 'MediaId');
  switch (type) {
    case 'text':
      return full({ ...own, msgType: type, content: text(raw, 'Content') });
    case 'image':
      return full({ ...own, msgType: type, picUrl: text(raw, 'PicUrl'), mediaId });
    case 'voice':
      return full({ ...own, msgType: type, mediaId, format: text(raw, 'Format') });
    case 'video':
    case 'shortvideo':
      return full({ ...own, msgType: type, mediaId, thumbMediaId: text(raw, 'ThumbMediaId') });
    case 'location':
      return full({
        ...own,
        msgType: type,
        latitude: number(raw, 'Location_X'),
        longitude: number(raw, 'Location_Y'),
        scale: number(raw, 'Scale'),
        label: text(raw, 'Label'),
      });
    case 'link':
      return full({
        ...own,
        msgType: type,
        title: text(raw, 'Title'),
        description: text(raw, 'Description'),
        url: text(raw, 'Url'),
      });
    default:
      return undefined;
  }
}

function readEvent(base: WechatPushBase & { msgType: 'event' }, event: string): WechatPush | undefined {
  const { raw } = base;
  const eventKey = text(raw, 'EventKey');
  const ticket = text(raw, 'Ticket') || undefined;
  switch (event) {
    case 'subscribe':
      return defined({ ...base, event, scene: sceneOf(eventKey), ticket });
    case 'unsubscribe':
      return { ...base, event };
    case 'scan':
      return eventKey === undefined ? undefined : defined({ ...base, event, scene: eventKey, ticket });
    case 'location':
      return full({
        ...base,
        event,
        latitude: number(raw, 'Latitude'),
        longitude: number(raw, 'Longitude'),
        precision: number(raw, 'Precision'),
      });
    case 'click':
    case 'view':
      return full({ ...base, event, eventKey });
    default:
      return undefined;
  }
}

/**
 * `qrscene_` in front, taken off once: a scene may begin with it as well. Other beginnings
 * (`last_trade_no_…`) are other ways to follow.
 */
function sceneOf(eventKey: string | undefined): string | undefined {
  return eventKey?.startsWith('qrscene_') ? eventKey.slice('qrscene_'.length) : undefined;
}

function text(raw: WechatPushFields, name: string): string | undefined {
  const value = raw[name];
  return typeof value === 'string' ? value : undefined;
}

function number(raw: WechatPushFields, name: string): number | undefined {
  const value = text(raw, name);
  return value !== undefined && /^-?\d{1,10}(\.\d{1,20})?$/.test(value) ? Number(value) : undefined;
}

type Full<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The object, if nothing in it is undefined. */
function full<T extends object>(object: T): Full<T> | undefined {
  return Object.values(object).includes(undefined) ? undefined : (object as Full<T>);
}
