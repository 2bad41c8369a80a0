// What the application is given of a push.
import { readPush } from '../../../lib/push/read-push.js';
import type { WechatPushFields } from '../../../lib/push/wire/push-xml.js';

const base = { FromUserName: 'openid-1', ToUserName: 'gh_1', CreateTime: '1714112445' };
const read = (fields: WechatPushFields) => readPush('shop', { ...base, ...fields });
const head = { app: 'shop', openid: 'openid-1', createdAt: 1_714_112_445_000 };
const message = { MsgId: '23456789012345678901' };
const event = { MsgType: 'event' };

it.each([
  [
    { MsgType: 'text', Content: 'hi', ...message },
    { msgType: 'text', content: 'hi' },
  ],
  [
    { MsgType: 'text', Content: '', ...message },
    { msgType: 'text', content: '' },
  ],
  [
    { MsgType: 'image', PicUrl: 'http://p', MediaId: 'm', ...message },
    { msgType: 'image', picUrl: 'http://p' },
  ],
  [
    { MsgType: 'voice', MediaId: 'm', Format: 'amr', ...message },
    { msgType: 'voice', format: 'amr' },
  ],
  [
    { MsgType: 'video', MediaId: 'm', ThumbMediaId: 't', ...message },
    { msgType: 'video', thumbMediaId: 't' },
  ],
  [{ MsgType: 'shortvideo', MediaId: 'm', ThumbMediaId: 't', ...message }, { msgType: 'shortvideo' }],
  [
    { MsgType: 'location', Location_X: '23.1', Location_Y: '-113.3', Scale: '20', Label: 'x', ...message },
    { msgType: 'location', latitude: 23.1, longitude: -113.3, scale: 20, label: 'x' },
  ],
  [
    { MsgType: 'link', Title: 't', Description: '', Url: 'u', ...message },
    { msgType: 'link', title: 't', description: '', url: 'u' },
  ],
])('reads the message %j', (fields, expected) => {
  expect(read(fields)).toMatchObject({ ...head, msgId: message.MsgId, ...expected, raw: fields });
});

it.each([
  [
    { Event: 'subscribe', EventKey: 'qrscene_123', Ticket: 'T' },
    { event: 'subscribe', scene: '123', ticket: 'T' },
  ],
  [
    { Event: 'subscribe', EventKey: 'qrscene_qrscene_1' },
    { event: 'subscribe', scene: 'qrscene_1' },
  ],
  [{ Event: 'subscribe', EventKey: '' }, { event: 'subscribe' }],
  [{ Event: 'subscribe' }, { event: 'subscribe' }],
  [{ Event: 'subscribe', EventKey: 'last_trade_no_1' }, { event: 'subscribe' }],
  [{ Event: 'unsubscribe', EventKey: '' }, { event: 'unsubscribe' }],
  [
    { Event: 'SCAN', EventKey: 'qrscene_1', Ticket: 'T' },
    { event: 'scan', scene: 'qrscene_1', ticket: 'T' },
  ],
  [
    { Event: 'scan', EventKey: '0' },
    { event: 'scan', scene: '0' },
  ],
  [
    { Event: 'LOCATION', Latitude: '23.1', Longitude: '113', Precision: '119.38' },
    { event: 'location', latitude: 23.1, longitude: 113, precision: 119.38 },
  ],
  [
    { Event: 'CLICK', EventKey: 'k' },
    { event: 'click', eventKey: 'k' },
  ],
  [
    { Event: 'VIEW', EventKey: 'http://x' },
    { event: 'view', eventKey: 'http://x' },
  ],
  [
    { Event: 'debug_demo', debug_str: 'x' },
    { event: 'other', name: 'debug_demo' },
  ],
  [
    { Event: 'scancode_push', EventKey: 'k' },
    { event: 'other', name: 'scancode_push' },
  ],
])('reads the event %j', (fields, expected) => {
  expect(read({ ...event, ...fields })).toMatchObject({ ...head, msgType: 'event', ...expected });
});

it.each([
  [
    { MsgType: 'miniprogrampage', Title: 't', ...message },
    { msgType: 'other', name: 'miniprogrampage' },
  ],
  // What lacks a field that every one has is not given a type that promises it.
  [
    { MsgType: 'text', ...message },
    { msgType: 'other', name: 'text' },
  ],
  [
    { MsgType: 'text', Content: 'hi' },
    { msgType: 'other', name: 'text' },
  ],
  [
    { MsgType: 'text', Content: ['a', 'b'], ...message },
    { msgType: 'other', name: 'text' },
  ],
  [
    { MsgType: 'location', Location_X: 'NaN', Location_Y: '1', Scale: '1', Label: '', ...message },
    { msgType: 'other' },
  ],
  [
    { ...event, Event: 'SCAN' },
    { msgType: 'event', event: 'other', name: 'scan' },
  ],
  [
    { ...event, Event: 'CLICK', EventKey: { a: 'b' } },
    { event: 'other', name: 'click' },
  ],
])('leaves %j to its fields', (fields, expected) => {
  expect(read(fields)).toMatchObject({ ...head, ...expected, raw: fields });
});

it.each([
  ['without a person', { FromUserName: undefined }],
  ['with two', { FromUserName: ['a', 'b'] }],
  ['with no id of one', { FromUserName: '' }],
  ['with blanks in it', { FromUserName: 'a b' }],
  ['with an endless one', { FromUserName: 'a'.repeat(129) }],
  ['without a time', { CreateTime: undefined }],
  ['with a time that is none', { CreateTime: '1e9' }],
  ['with an endless time', { CreateTime: '1'.repeat(12) }],
  ['without a type', { MsgType: undefined }],
  ['with an empty type', { MsgType: '' }],
  ['of an event without a name', { MsgType: 'event', Event: undefined }],
])('takes no push %s', (_what, fields) => {
  expect(read({ MsgType: 'text', Content: 'x', ...message, ...fields } as WechatPushFields)).toBeUndefined();
});
