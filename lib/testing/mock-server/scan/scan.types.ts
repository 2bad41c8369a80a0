// What one meets when somebody scans an account's QR code, and in the chat that opens then.

/** Somebody scans a code that `cgi-bin/qrcode/create` gave. Name it by one of the three. */
export interface MockScanOptions {
  /** Whose code. Needed only where a `scene` is one of several accounts. */
  appId?: string;
  /** As it was answered, not encoded. */
  ticket?: string;
  /** As it was answered, which is also the text in a QR code drawn of it. */
  url?: string;
  /** The scene that was asked for; of several living codes of one scene it is the newest. */
  scene?: string | number;
  /** Who holds the phone. */
  user: string;
  /**
   * Whether somebody who is no follower follows. Who does not causes no push; for a follower it
   * means nothing.
   * @default true
   */
  follows?: boolean;
  /**
   * As for `push()`.
   * @default 0
   */
  lostAnswers?: number;
  /**
   * As for `push()`.
   * @default 1, with `unsure.pushTwice` 2
   */
  copies?: number;
  /**
   * As for `push()`, in ms.
   * @default 5,000
   */
  patience?: number;
}

/** One message in the chat of a person with an account, as the person sees it. */
export interface MockChatMessage {
  /** When, by the server's clock, in ms. */
  readonly at: number;
  /** `system` is WeChat itself: 该服务号暂时无法提供服务. */
  readonly from: 'account' | 'system';
  /** `MsgType` of the reply, e.g. `text`. */
  readonly type: string;
  /** Links by their words; of articles the titles, a line each; `[image]` for what is no text. */
  readonly text: string;
  /** Where the links lead, as they were written, whatever they are. */
  readonly links: readonly string[];
}
