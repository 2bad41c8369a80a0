// What an application may answer to a push.

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
