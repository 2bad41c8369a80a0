// How a reply is written for WeChat, and which are none.
import { WechatInputError } from '../errors/errors.js';
import type { WechatPushReply } from './wechat-push-reply.js';

/** Fields of a reply in WeChat's own names: texts, numbers, elements, or a list of elements. */
export type ReplyField =
  | string
  | number
  | { readonly [name: string]: ReplyField }
  | readonly { readonly [name: string]: ReplyField }[];

/** Both ends of a reply: those of the push, the other way round. */
export interface ReplyEnvelope {
  /** The person. */
  readonly to: string;
  /** The account, `gh_…`. */
  readonly from: string;
  /** Seconds since 1970. */
  readonly createTime: number;
}

const MAX_TEXT_BYTES = 2_048;
const MAX_FIELD_BYTES = 2_048;
const MAX_ARTICLES = 8;
/** A store keeps values of up to 64 KiB, sealed. */
const MAX_REPLY_BYTES = 16_384;

/**
 * The reply in WeChat's names.
 * @throws WechatInputError for what is no reply, or one that WeChat would not take: it would tell
 * the person that the account is out of service
 */
export function fieldsOfReply(reply: WechatPushReply): Record<string, ReplyField> {
  const fields = translate(reply);
  const isShort = Buffer.byteLength(JSON.stringify(fields)) <= MAX_REPLY_BYTES;
  if (!isShort) refuse(`has more than ${MAX_REPLY_BYTES} bytes`);
  return fields;
}

function refuse(problem: string): never {
  throw new WechatInputError('input', 'The reply of onPush', problem, 'See the page docs/push.md.');
}

function translate(reply: WechatPushReply): Record<string, ReplyField> {
  const need = (name: string, value: unknown, max = MAX_FIELD_BYTES): string => {
    if (typeof value !== 'string' || value === '') return refuse(`has no text in "${name}"`);
    if (Buffer.byteLength(value) > max) refuse(`has more than ${max} bytes in "${name}"`);
    return value;
  };
  const may = (name: string, value: unknown): string => (value === undefined ? '' : need(name, value));
  switch (reply?.msgType) {
    case 'text':
      return { MsgType: 'text', Content: need('content', reply.content, MAX_TEXT_BYTES) };
    case 'image':
      return { MsgType: 'image', Image: { MediaId: need('mediaId', reply.mediaId) } };
    case 'voice':
      return { MsgType: 'voice', Voice: { MediaId: need('mediaId', reply.mediaId) } };
    case 'video':
      return {
        MsgType: 'video',
        Video: {
          MediaId: need('mediaId', reply.mediaId),
          Title: may('title', reply.title),
          Description: may('description', reply.description),
        },
      };
    case 'music':
      return {
        MsgType: 'music',
        Music: {
          Title: may('title', reply.title),
          Description: may('description', reply.description),
          MusicUrl: may('musicUrl', reply.musicUrl),
          HQMusicUrl: may('hqMusicUrl', reply.hqMusicUrl),
          ThumbMediaId: need('thumbMediaId', reply.thumbMediaId),
        },
      };
    case 'news': {
      const { articles } = reply;
      const isList = Array.isArray(articles) && articles.length >= 1 && articles.length <= MAX_ARTICLES;
      if (!isList) refuse(`has not 1 to ${MAX_ARTICLES} articles`);
      return {
        MsgType: 'news',
        ArticleCount: articles.length,
        Articles: articles.map((article) => ({
          Title: need('title', article?.title),
          Description: need('description', article.description),
          PicUrl: need('picUrl', article.picUrl),
          Url: need('url', article.url),
        })),
      };
    }
    default:
      return refuse('has a msgType that is not known');
  }
}

/** The message to be encrypted. */
export function writeReply(
  { to, from, createTime }: ReplyEnvelope,
  fields: Record<string, ReplyField>,
  format: 'xml' | 'json',
): string {
  const all = { ToUserName: to, FromUserName: from, CreateTime: createTime, ...fields };
  return format === 'json' ? JSON.stringify(all) : `<xml>${elements(all)}</xml>`;
}

function elements(fields: Readonly<Record<string, ReplyField>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `<${name}>${content(value)}</${name}>`)
    .join('');
}

function content(value: ReplyField): string {
  if (typeof value === 'string') return cdata(value);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map((item) => `<item>${elements(item)}</item>`).join('');
  return elements(value as Readonly<Record<string, ReplyField>>);
}

/** An end inside is split over two sections; what XML cannot hold is left out. */
export function cdata(value: string): string {
  const allowed = value
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll(']]>', ']]]]><![CDATA[>');
  return `<![CDATA[${allowed}]]>`;
}
