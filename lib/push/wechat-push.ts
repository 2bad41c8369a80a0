// What a push is for the application: the common messages and events, typed, and everything else
// with its fields as they came.
import type { WechatPushFields } from './wire/push-xml.js';

/** What every push has. */
export interface WechatPushBase {
  /** Name of the app in the module's options. */
  readonly app: string;
  /** Who wrote, scanned or followed: their openid at this app. */
  readonly openid: string;
  /** When, by WeChat's clock, in ms since 1970; WeChat counts whole seconds. */
  readonly createdAt: number;
  /** All fields as WeChat sent them, numbers as texts. */
  readonly raw: WechatPushFields;
}

/** What every message has. Events have no such id. */
export interface WechatPushMessageBase extends WechatPushBase {
  /** WeChat's id of the message: up to 20 digits, so it is a text. */
  readonly msgId: string;
}

/**
 * What a person sends to the account.
 * @see
 * https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html
 */
export type WechatPushMessage = WechatPushMessageBase &
  (
    | {
        readonly msgType: 'text';
        /** What was written. */
        readonly content: string;
      }
    | {
        readonly msgType: 'image';
        /** Where WeChat shows the picture. */
        readonly picUrl: string;
        /** For the API of temporary media. */
        readonly mediaId: string;
      }
    | {
        readonly msgType: 'voice';
        /** For the API of temporary media. */
        readonly mediaId: string;
        /** `amr`, `speex`. */
        readonly format: string;
      }
    | {
        /** Chosen from the album, or taken in the chat. */
        readonly msgType: 'video' | 'shortvideo';
        /** For the API of temporary media. */
        readonly mediaId: string;
        /** Of its picture. */
        readonly thumbMediaId: string;
      }
    | {
        readonly msgType: 'location';
        /** Degrees north. */
        readonly latitude: number;
        /** Degrees east. */
        readonly longitude: number;
        /** Of the map. */
        readonly scale: number;
        /** The name of the place; may be empty. */
        readonly label: string;
      }
    | {
        readonly msgType: 'link';
        /** What it is called. */
        readonly title: string;
        /** A few words more. */
        readonly description: string;
        /** A stranger chose it. */
        readonly url: string;
      }
  );

/**
 * What a person did.
 * @see
 * https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_event_pushes.html
 */
export type WechatPushEvent = WechatPushBase & {
  readonly msgType: 'event';
} & (
    | {
        /** Somebody follows the account. */
        readonly event: 'subscribe';
        /** The scene of the QR code that led there; not there for every other way. */
        readonly scene?: string;
        /** Of that code. */
        readonly ticket?: string;
      }
    | {
        /** Somebody follows no more. WeChat asks to delete what is kept of them. */
        readonly event: 'unsubscribe';
      }
    | {
        /** A follower scanned a QR code with a scene. It is no consent to anything. */
        readonly event: 'scan';
        /** The scene of the code. */
        readonly scene: string;
        /** Of that code. */
        readonly ticket?: string;
      }
    | {
        /** The account may know where they are. */
        readonly event: 'location';
        /** Degrees north. */
        readonly latitude: number;
        /** Degrees east. */
        readonly longitude: number;
        /** Of both, in metres. */
        readonly precision: number;
      }
    | {
        /** A button of the menu. */
        readonly event: 'click';
        /** The key of the button. */
        readonly eventKey: string;
      }
    | {
        /** A link of the menu. */
        readonly event: 'view';
        /** The address of the link. */
        readonly eventKey: string;
      }
    | {
        /** An event that has no type here; its fields are in `raw`. */
        readonly event: 'other';
        /** What WeChat calls it, in small letters. */
        readonly name: string;
      }
  );

/** A kind of message that has no type here; its fields are in `raw`. */
export interface WechatPushOther extends WechatPushBase {
  readonly msgType: 'other';
  /** What WeChat calls it, in small letters. */
  readonly name: string;
}

/**
 * A push from WeChat: a message or an event, told apart by `msgType` and `event`. Whoever is named
 * in it is genuine; what is written in it is a stranger's text.
 * @example
 * if (push.msgType === 'text') return { msgType: 'text', content: `You wrote ${push.content}` };
 * if (push.msgType === 'event' && push.event === 'subscribe') console.log(push.openid);
 */
export type WechatPush = WechatPushMessage | WechatPushEvent | WechatPushOther;
