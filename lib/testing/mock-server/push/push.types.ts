// What one meets when the mock pushes messages and events.

/** The page "message push" (消息推送) of the console. */
export interface MockPushSettings {
  /** Of an official account or a mini program. */
  appId: string;
  /** Where the application receives pushes. */
  url: string;
  /** The Token: 3 to 32 letters and digits. */
  token: string;
  /** The EncodingAESKey: 43 letters and digits. */
  encodingAesKey: string;
  /**
   * 安全模式, 兼容模式 or 明文模式.
   * @default `safe`
   */
  mode?: 'safe' | 'compatible' | 'plain';
  /**
   * How messages are written.
   * @default `xml`
   */
  format?: 'xml' | 'json';
}

/** Fields of a message in WeChat's own names. */
export interface MockPushFields {
  /** By name, e.g. `Content`. */
  readonly [name: string]: string | number | MockPushFields | readonly MockPushFields[];
}

/** One push. */
export interface MockPushOptions {
  /** The app, set up by `setPush()`. */
  appId: string;
  /** Who wrote or did it. */
  user: string;
  /**
   * The fields, e.g. `{ MsgType: 'text', Content: 'hi' }`. `ToUserName`, `FromUserName`,
   * `CreateTime` and, for messages, `MsgId` are added where they are missing.
   */
  fields: MockPushFields;
  /**
   * How often the answer is lost on its way, so that the same push is sent again, twice at most.
   * Three lost ones: nobody sees an answer.
   * @default 0
   */
  lostAnswers?: number;
  /**
   * How many are sent at the same time.
   * @default 1, with `unsure.pushTwice` 2
   */
  copies?: number;
  /**
   * After how many ms the connection is cut.
   * @default 5,000
   */
  patience?: number;
}

/** One delivery of a push. */
export interface MockPushDelivery {
  /** Of HTTP; 0 when there was no answer in time. */
  readonly status: number;
  /** As it came. */
  readonly body: string;
  /** The reply that was read in it, by WeChat's names; not there where there is none. */
  readonly reply?: MockPushFields;
  /** Why WeChat cannot make sense of the answer. */
  readonly fault?: string;
}

/** What came of a push. */
export interface MockPushResult {
  /** Every delivery, in the order in which they were sent. */
  readonly deliveries: readonly MockPushDelivery[];
  /**
   * What the person sees in the chat: the reply of the first good answer that was not lost, or
   * nothing.
   */
  readonly reply?: MockPushFields;
  /** Whether the person is told 该服务号暂时无法提供服务. */
  readonly outOfService: boolean;
}
