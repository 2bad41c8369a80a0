// What goes on, for metrics and alarms. Nothing in an event is secret.
import { Injectable } from '@nestjs/common';
import { type Observable, Subject } from 'rxjs';
import type { WechatErrorKind } from '../errors/error-kind.js';
import type { WechatClientKind } from '../model/client-kind.js';

interface FlowFacts {
  /** Name of the app in the module's options. */
  readonly app: string;
  /** What the person signs in from. */
  readonly client: WechatClientKind;
  /** The reference that a problem page shows and the log repeats. */
  readonly ref?: string;
}

/** What `WechatEvents.events$` tells, by `type`. */
export type WechatEvent =
  /** A person was sent to WeChat. */
  | ({ readonly type: 'flow.started' } & FlowFacts)
  /** A lost flow was started again silently, for the `attempt`th time. */
  | ({
      readonly type: 'flow.restarted';
      /** 1 or 2: after that a page says so. */
      readonly attempt: number;
    } & FlowFacts)
  /** Somebody is signed in. Repeats of a callback count once. */
  | ({
      readonly type: 'flow.completed';
      /** `upgrade`: the same account has granted more. */
      readonly reason: 'login' | 'upgrade';
      /** From the start to the session, in ms. */
      readonly ms: number;
    } & FlowFacts)
  /** The person, the login handler, or the rule about snapshot visitors said no. */
  | ({
      readonly type: 'flow.refused';
      /** Who said no. */
      readonly by: 'person' | 'handler' | 'snapshot';
    } & FlowFacts)
  /**
   * `cookies`: the browser keeps none · `state`: it comes back missing or changed · `handler`: the
   * login handler or the identity linker threw.
   */
  | ({
      readonly type: 'flow.failed';
      /** Why. */
      readonly kind: WechatErrorKind | 'handler' | 'cookies' | 'state';
      /** WeChat's return code, where it gave one. */
      readonly errcode?: number;
      /** WeChat's request id. */
      readonly rid?: string;
    } & FlowFacts)
  /**
   * A unionid linked: the identity of a login became one of a user who was known from another app,
   * or a user who was known by the openid was told apart by a unionid for the first time.
   */
  | ({ readonly type: 'identity.linked' } & FlowFacts)
  /**
   * Two users turned out to be one person, or a unionid came with a second openid at one app:
   * nothing was linked, the application has to decide. Repeated with the login until it has.
   */
  | ({ readonly type: 'identity.conflict' } & FlowFacts)
  /** One request to WeChat, retries counted singly. */
  | {
      readonly type: 'api.call';
      /** Path, without any parameter. */
      readonly endpoint: string;
      /** How long it took, in ms. */
      readonly ms: number;
      /** Whether WeChat gave what was asked for. */
      readonly ok: boolean;
      /** Why not. */
      readonly kind?: WechatErrorKind;
      /** WeChat's return code, where it gave one. */
      readonly errcode?: number;
      /** WeChat's request id. */
      readonly rid?: string;
    }
  /** A person's token was over, and WeChat gave a new one. */
  | {
      readonly type: 'token.refreshed';
      /** Name of the app in the module's options. */
      readonly app: string;
    }
  /**
   * Ten pieces of a person's data did not open within ten minutes, so no more are tried for a
   * while.
   */
  | {
      readonly type: 'decrypt.limited';
      /** Name of the app in the module's options. */
      readonly app: string;
    }
  /** A push of WeChat's was answered; what it sends again counts each time. */
  | {
      readonly type: 'push.received';
      /** Name of the app in the module's options. */
      readonly app: string;
      /** As in `WechatPush`. */
      readonly msgType: string;
      /** As in `WechatPush`, where it is an event. */
      readonly event?: string;
      /** Whether another delivery of the same push was answered before, or at once with it. */
      readonly repeated: boolean;
      /** From the request to the answer, in ms. */
      readonly ms: number;
    }
  /** A request to the address of the push was none; anybody can send such requests. */
  | {
      readonly type: 'push.refused';
      /** Name of the app in the module's options. */
      readonly app: string;
      /** Of the answer. */
      readonly status: number;
    }
  /** The application's `WechatPushHandler` threw. */
  | {
      readonly type: 'push.failed';
      /** Name of the app in the module's options. */
      readonly app: string;
    }
  /**
   * A login by a scan: a code was shown · somebody scanned it · they said yes, and who waits is
   * signed in · they said no · it was ended, because two people scanned it or the digits were wrong
   * three times · nobody scanned it in time · whoever was signed in says that it was not them.
   */
  | {
      /** How far it is, in the words above. */
      readonly type:
        | 'scan.created'
        | 'scan.scanned'
        | 'scan.confirmed'
        | 'scan.refused'
        | 'scan.void'
        | 'scan.expired'
        | 'scan.disowned';
      /** Name of the app in the module's options. */
      readonly app: string;
    }
  /** A QR code was not shown, because there were too many. */
  | {
      readonly type: 'scan.limited';
      /** Name of the app in the module's options. */
      readonly app: string;
      /** Whose limit it was: that of one client address, or the account's. */
      readonly by: 'client' | 'app';
    }
  /** The token store does not answer. */
  | { readonly type: 'store.down' }
  /** It answers again. */
  | { readonly type: 'store.up' };

/** How many logins of one app began, began again, and how they ended. */
export type WechatFlowCount = Record<'started' | 'restarted' | 'completed' | 'refused' | 'failed', number>;

const NONE: WechatFlowCount = { started: 0, restarted: 0, completed: 0, refused: 0, failed: 0 };

/**
 * Inject it to count logins or to raise an alarm. What a subscriber throws is the subscriber's
 * affair, as always in rxjs: catch it there.
 * @example
 * events.events$
 *   .pipe(filter(({ type }) => type === 'flow.failed'))
 *   .subscribe(() => failedLogins.inc());
 */
@Injectable()
export class WechatEvents {
  readonly #subject = new Subject<WechatEvent>();
  readonly #counts = new Map<string, WechatFlowCount>();

  /** Everything as it happens. Hot: who subscribes later has missed what was before. */
  readonly events$: Observable<WechatEvent> = this.#subject.asObservable();

  /**
   * How many flows of each app came to what since the process started, e.g. for a health page:
   * `started` without `completed` means lost users.
   */
  flowCounts(): Record<string, WechatFlowCount> {
    return Object.fromEntries([...this.#counts].map(([app, count]) => [app, { ...count }]));
  }

  /** @internal */
  emit(event: WechatEvent): void {
    if ('app' in event && event.type.startsWith('flow.')) {
      const count = this.#counts.get(event.app) ?? { ...NONE };
      count[event.type.slice('flow.'.length) as keyof WechatFlowCount]++;
      this.#counts.set(event.app, count);
    }
    this.#subject.next(event);
  }
}
