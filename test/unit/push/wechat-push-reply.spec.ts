// How replies are written, and which are none.
import fc from 'fast-check';
import { readXml } from '../../../lib/push/wire/push-xml.js';
import type { WechatPushReply } from '../../../lib/push/wechat-push-reply.js';
import { fieldsOfReply, writeReply } from '../../../lib/push/write-reply.js';
import { WechatInputError } from '../../../lib/index.js';

const envelope = { to: 'openid-1', from: 'gh_1', createTime: 1_714_112_445 };
const write = (reply: WechatPushReply, format: 'xml' | 'json' = 'xml') =>
  writeReply(envelope, fieldsOfReply(reply), format);

it('is written as on the page of WeChat', () => {
  expect(write({ msgType: 'text', content: '你好' })).toBe(
    '<xml><ToUserName><![CDATA[openid-1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>' +
      '<CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[你好]]></Content></xml>',
  );
  expect(JSON.parse(write({ msgType: 'text', content: 'hi' }, 'json'))).toEqual({
    ToUserName: 'openid-1',
    FromUserName: 'gh_1',
    CreateTime: 1_714_112_445,
    MsgType: 'text',
    Content: 'hi',
  });
});

const article = { title: 't', description: 'd', picUrl: 'https://p', url: 'https://u' };
const item = { Title: 't', Description: 'd', PicUrl: 'https://p', Url: 'https://u' };
it.each<[WechatPushReply, object]>([
  [{ msgType: 'image', mediaId: 'm' }, { Image: { MediaId: 'm' } }],
  [{ msgType: 'voice', mediaId: 'm' }, { Voice: { MediaId: 'm' } }],
  [{ msgType: 'video', mediaId: 'm', title: 't' }, { Video: { MediaId: 'm', Title: 't', Description: '' } }],
  [
    { msgType: 'music', thumbMediaId: 'm', musicUrl: 'https://u' },
    { Music: { Title: '', Description: '', MusicUrl: 'https://u', HQMusicUrl: '', ThumbMediaId: 'm' } },
  ],
  [
    { msgType: 'news', articles: [article] },
    { ArticleCount: '1', Articles: { item } },
  ],
  [
    { msgType: 'news', articles: [article, article] },
    { ArticleCount: '2', Articles: { item: [item, item] } },
  ],
])('writes %j', (reply, expected) => {
  expect(readXml(write(reply))).toMatchObject({ MsgType: reply.msgType, ...expected });
  expect(JSON.parse(write(reply, 'json'))).toMatchObject({ MsgType: reply.msgType });
});

it('lets nobody break out of a text', () => {
  const text = ']]><FromUserName>evil</FromUserName><![CDATA[ & <b>';
  expect(readXml(write({ msgType: 'text', content: text }))).toEqual(
    expect.objectContaining({ FromUserName: 'gh_1', Content: text }),
  );
  const unit = fc.constantFrom(']', '>', '<', '&', '![CDATA[', '\u0000', '\ud800', '\ufffe', 'x', '🌸', '\n');
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1 }), (content) => {
      const read = readXml(write({ msgType: 'text', content }));
      expect(read?.['Content']).toBe(content.replace(/[\u0000\ud800\ufffe]/g, ''));
      expect(Object.keys(read!)).toHaveLength(5);
    }),
  );
});

it.each([
  ['a text', 'success'],
  ['null', null],
  ['an unknown type', { msgType: 'card' }],
  ['a name of every object', { msgType: 'constructor' }],
  ['no text', { msgType: 'text' }],
  ['an empty text', { msgType: 'text', content: '' }],
  ['a number', { msgType: 'text', content: 1 }],
  ['a text that is too long', { msgType: 'text', content: '你'.repeat(683) }],
  ['no media id', { msgType: 'image' }],
  ['no picture of the music', { msgType: 'music', title: 't' }],
  ['no articles', { msgType: 'news' }],
  ['no article', { msgType: 'news', articles: [] }],
  ['nine articles', { msgType: 'news', articles: Array.from({ length: 9 }, () => article) }],
  ['an article that is none', { msgType: 'news', articles: [null] }],
  ['an article without an address', { msgType: 'news', articles: [{ ...article, url: undefined }] }],
])('refuses %s', (_what, reply) => {
  expect(() => fieldsOfReply(reply as WechatPushReply)).toThrow(WechatInputError);
  expect(() => fieldsOfReply(reply as WechatPushReply)).toThrow('docs/push.md');
});
