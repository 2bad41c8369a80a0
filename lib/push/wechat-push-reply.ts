// What an application may answer to a push, and how that is written for WeChat.
import { WechatInputError } from '../errors/errors.js';

/** An article of a reply of type `news`. */
export interface WechatPushArticle {
  /** The headline. */
  title: string;
  /** A few words below it. */
  description: string;
  /** A picture, https. */
  picUrl: string;
  /** Where it leads. */
  url: string;
}

/**
 * What the account answers in the chat. Media ids come from WeChat's API of temporary or permanent
 * media.
 * @see
 * https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Passive_user_reply_message.html
 */
export type WechatPushReply =
  | {
      msgType: 'text';
      /** Up to 2048 bytes of UTF-8. */
      content: string;
    }
  | {
      /** A picture, or a recording. */
      msgType: 'image' | 'voice';
      /** Which picture or recording. */
      mediaId: string;
    }
  | {
      msgType: 'video';
      /** Which film. */
      mediaId: string;
      /** What it is called. */
      title?: string;
      /** A few words more. */
      description?: string;
    }
  | {
      msgType: 'music';
      /** Of its picture. */
      thumbMediaId: string;
      /** What it is called. */
      title?: string;
      /** A few words more. */
      description?: string;
      /** Where it plays. */
      musicUrl?: string;
      /** The same in better quality, played on Wi-Fi. */
      hqMusicUrl?: string;
    }
  | {
      msgType: 'news';
      /** 1 to 8; in answer to what a person wrote WeChat shows the first alone. */
      articles: readonly WechatPushArticle[];
    };

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
