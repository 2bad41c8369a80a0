// What becomes of a push that says that somebody scanned a code of ours: the phone is answered with
// a warning and a way to say yes. A scan is no consent to anything.
import { randomInt } from 'node:crypto';
import { publicAddress, requirePublicUrl } from '../../auth/http/return-address.js';
import type { ScanPlace } from '../../auth/login/visit.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { Runtime } from '../../common/runtime.js';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { WechatPush } from '../wechat-push.js';
import { type ForerunnerAnswer, PushForerunner, PushNotTaken } from '../push-forerunner.js';
import type { Tickets } from './confirm/ticket.js';
import { textOver, textWithDigits, textWithLink } from './phone-text.js';
import { isByDigits, type ScanRecord, scan } from './scenes/scan-record.js';
import type { ScanRecords } from './scenes/scan-records.js';
import { looksLikeScene, sceneId } from './scenes/scene.js';

/** Answers people who scan. Asked for every delivery: the record gives each the same answer. */
export class ScanPush extends PushForerunner {
  constructor(
    private readonly config: WechatConfig,
    private readonly records: ScanRecords,
    private readonly tickets: Tickets,
    private readonly place: ScanPlace,
    private readonly events: WechatEvents,
    private readonly runtime: Runtime,
  ) {
    super();
  }

  /** Undefined for every push that is not ours. */
  sceneOf(push: WechatPush): { app: AppConfig; scene: string } | undefined {
    if (push.msgType !== 'event' || (push.event !== 'scan' && push.event !== 'subscribe')) return undefined;
    const app = this.config.apps.get(push.app);
    const { scene } = push;
    return app?.scan && scene !== undefined && looksLikeScene(scene) ? { app, scene } : undefined;
  }

  override async onPush(push: WechatPush): Promise<ForerunnerAnswer | undefined> {
    const ours = this.sceneOf(push);
    if (!ours) return undefined;
    const { app, scene } = ours;
    const sent = app.scan!.confirm === 'code' ? newDigits() : this.tickets.make(app, scene);
    const step = await this.records.step(app, sceneId(scene), (record) =>
      scan(record, push.openid, this.runtime.now(), sent),
    );
    // Fails closed: not answered, so that WeChat sends it again.
    if (step === 'down') throw new PushNotTaken();
    if (step?.changed) {
      const isVoid = step.record.stage === 'void';
      this.events.emit({ type: isVoid ? 'scan.void' : 'scan.scanned', app: app.name });
    }
    return {
      reply: { msgType: 'text', content: this.textFor(app, push.openid, step?.record) },
      createdAt: push.createdAt,
      repeated: step?.changed !== true,
    };
  }

  private textFor(app: AppConfig, openid: string, record: ScanRecord | undefined): string {
    const publicUrl = requirePublicUrl(app);
    const { host } = publicUrl;
    if (record?.stage === 'void' && record.why === 'two') return textOver('two', host);
    if (record?.stage === 'finished') return textOver('used', host);
    const asks = record?.stage === 'scanned' || record?.stage === 'agreed';
    if (!asks || record.openid !== openid || record.until <= this.runtime.now())
      return textOver('over', host);
    const login = { seat: record.seat, at: record.since, host };
    if (isByDigits(record)) return textWithDigits(login, record.sent);
    const path = this.place.scanPath;
    /* c8 ignore next -- without the page nobody was shown the code */
    if (path === undefined) return textOver('over', host);
    return textWithLink(login, publicAddress(publicUrl, `${path}/confirm/${record.sent}`));
  }
}

/** Of a generator that nobody can look ahead of. */
function newDigits(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}
