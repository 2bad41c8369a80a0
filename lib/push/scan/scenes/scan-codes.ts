// Asks WeChat for the QR code of a login, and keeps the record of it.
import type { HttpRequest } from '../../../auth/http/http-request.js';
import type { ShownScene } from '../../../auth/login/pending-logins.js';
import type { WechatEvents } from '../../../common/wechat-events.js';
import type { Runtime } from '../../../common/runtime.js';
import type { AppConfig, WechatConfig } from '../../../config/wechat-config.js';
import { WechatResponseError } from '../../../errors/errors.js';
import type { AppCalls } from '../../../tokens/app-calls.js';
import { newScene, sceneId } from './scene.js';
import type { ScanLimits } from './scan-limits.js';
import type { ScanRecord } from './scan-record.js';
import type { ScanRecords } from './scan-records.js';
import { seatOf } from './seat.js';

const CREATE = '/cgi-bin/qrcode/create';

/** A code to be shown, or why there is none. */
export type DrawnCode =
  | { readonly shown: ShownScene; readonly record: ScanRecord }
  | { readonly limited: 'client' | 'app' }
  | 'down';

/** Makes QR codes. */
export class ScanCodes {
  constructor(
    private readonly config: WechatConfig,
    private readonly calls: AppCalls,
    private readonly limits: ScanLimits,
    private readonly records: ScanRecords,
    private readonly events: WechatEvents,
    private readonly runtime: Runtime,
  ) {}

  /**
   * The store is asked first: a code whose scan nobody could keep is not asked for.
   * @throws what `AppCalls.call` throws; WechatResponseError for an answer without an address
   * @see
   * https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
   */
  async draw(app: AppConfig, request: HttpRequest): Promise<DrawnCode> {
    const taken = await this.limits.take(app, request);
    if (taken === 'down') return 'down';
    if (taken !== 'taken') {
      this.events.emit({ type: 'scan.limited', app: app.name, by: taken });
      return { limited: taken };
    }
    const { lifetime } = app.scan!;
    const scene = newScene(this.runtime);
    const url = addressOf(
      await this.calls.call(app, CREATE, {
        method: 'POST',
        body: {
          expire_seconds: lifetime / 1_000,
          action_name: 'QR_STR_SCENE',
          action_info: { scene: { scene_str: scene } },
        },
        // Twice is one code more, which nobody sees.
        repeatable: true,
      }),
    );
    const since = this.runtime.now();
    const seat = seatOf(request, this.config);
    const record: ScanRecord = { stage: 'waiting', url, since, until: since + lifetime, seat };
    const id = sceneId(scene);
    if (!(await this.records.create(app, id, record))) return 'down';
    this.events.emit({ type: 'scan.created', app: app.name });
    return { shown: { id, since }, record };
  }
}

/** The ticket beside it is not kept: with it, anybody could have the code drawn again. */
function addressOf(answer: unknown): string {
  const { url } = (answer ?? {}) as { url?: unknown };
  if (typeof url === 'string' && /^https?:\/\/[\x21-\x7e]{1,500}$/.test(url)) return url;
  throw new WechatResponseError(CREATE, 200, 'it has no url of a QR code');
}
