// The options after validation: what the rest of the module works with. Types only.
import type { WechatSecret } from '../sealing/secret.js';
import type {
  WechatAppTokenSource,
  WechatAppType,
  WechatDevOptions,
  WechatHooks,
  WechatHttpOptions,
  WechatLang,
  WechatScope,
} from '../wechat-oauth.options.js';

/** One app, judged. */
export interface AppConfig {
  readonly name: string;
  readonly type: WechatAppType;
  readonly appId: string;
  readonly secrets: readonly WechatSecret[];
  /**
   * What a login asks for when the route does not say; undefined for mini programs, which have no
   * scopes.
   */
  readonly scope: WechatScope | undefined;
  readonly publicUrl: URL | undefined;
  /** Undefined: the page that was asked for is its own callback. */
  readonly callbackPath: string | undefined;
  /** Content by name; undefined where there is none. */
  readonly verificationFiles: ReadonlyMap<string, string> | undefined;
  /** In which the app's unionids mean something. */
  readonly unionRealm: string;
  /** Gives the app's own token in WeChat's place. */
  readonly appToken?: WechatAppTokenSource | undefined;
  readonly push: PushConfig | undefined;
  /** Undefined where nobody signs in by a scan. */
  readonly scan: ScanConfig | undefined;
}

/** How people sign in by a scan, judged. */
export interface ScanConfig {
  readonly confirm: 'code' | 'tap';
  /** Of a QR code, in ms. */
  readonly lifetime: number;
  /** Codes for one client address within ten minutes. */
  readonly perClient: number;
  /** Browsers that wait by server-sent events at one process. */
  readonly streams: number;
}

/** The message push of an app, judged. */
export interface PushConfig {
  readonly token: WechatSecret;
  /** As the console shows them, 43 characters each; the current one first. */
  readonly keys: readonly WechatSecret[];
}

/** All options, judged. */
export interface WechatConfig {
  readonly apps: ReadonlyMap<string, AppConfig>;
  readonly defaultApp: AppConfig | undefined;
  readonly publicUrl: URL | undefined;
  readonly sessionSecrets: readonly WechatSecret[];
  readonly session: {
    /** Seconds. */
    readonly ttl: number;
    /** Seconds. */
    readonly idle: number | undefined;
    readonly cookieName: string;
    /** Lower case name of the header that may hold a bearer token. */
    readonly bearerHeader: string | undefined;
    readonly revocable: boolean | 'strict';
  };
  readonly returnTo: {
    /** Every origin a login may return to, those of the public URLs included. */
    readonly origins: ReadonlySet<string>;
    readonly default: string;
  };
  /** What the application says; undefined leaves it to what is found at the start. */
  readonly loginPath: string | undefined;
  readonly endpoints: { readonly open: string; readonly api: string };
  readonly http: Required<Pick<WechatHttpOptions, 'timeout' | 'maxSockets'>> & WechatHttpOptions;
  readonly lang: WechatLang;
  readonly hooks: WechatHooks;
  readonly brand:
    | {
        readonly name: string;
        /** An address, or a path of the application. */
        readonly logoUrl: string | undefined;
        /** `#` and six hex digits. */
        readonly color: string | undefined;
      }
    | undefined;
  /** Content by name, for every host; undefined where there is none. */
  readonly verificationFiles: ReadonlyMap<string, string> | undefined;
  readonly dev: WechatDevOptions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
