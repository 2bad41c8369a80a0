// What WechatScanController is made of, wired together out of what WechatOAuthModule shares.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import { requireSessionSecret } from '../../config/guard-needs.js';
import { check } from '../../config/read-value.js';
import type { DoorParts } from '../../auth/door-parts.js';
import { ConfirmCookie } from './confirm/confirm-cookie.js';
import { ConfirmRoutes } from './confirm/confirm-routes.js';
import { Tickets } from './confirm/ticket.js';
import { Followers } from './followers.js';
import { ScanAnswer } from './page/scan-answer.js';
import { ScanRoutes } from './page/scan-routes.js';
import { ScanFinish } from './scan-finish.js';
import { ScanFlows } from './scan-flows.js';
import { ScanPush } from './scan-push.js';
import { ScanCodes } from './scenes/scan-codes.js';
import { ScanLimits } from './scenes/scan-limits.js';
import { type ScanRecord, statusOf } from './scenes/scan-record.js';
import { ScanRecords } from './scenes/scan-records.js';
import { ScanNews } from './waiting/scan-news.js';
import { ScanStreams } from './waiting/scan-streams.js';
import { WaitRoutes } from './waiting/wait-routes.js';

/** Scan to follow and sign in, for all apps of one module. */
export class ScanParts {
  readonly config: WechatConfig;
  readonly push: ScanPush;
  readonly routes: ScanRoutes;
  readonly confirm: ConfirmRoutes;
  readonly waiting: WaitRoutes;
  private readonly news: ScanNews;
  private readonly streams: ScanStreams;

  /** @throws WechatConfigError where something is missing that every login by a scan needs */
  constructor(readonly door: DoorParts) {
    const { config, vault, calls, sealer, events, runtime, place } = door;
    this.config = config;
    requireNeeds(config);
    const records = new ScanRecords(vault, runtime);
    this.news = new ScanNews(vault, runtime);
    this.streams = new ScanStreams(records, events, runtime);
    records.onStep((app, id, record, before) => this.tell(app, id, record, before));
    this.news.onNews((_, id) => void this.streams.look(id));

    const tickets = new Tickets(config, sealer, runtime);
    this.push = new ScanPush(config, records, tickets, place, events, runtime);
    this.confirm = new ConfirmRoutes(door, tickets, new ConfirmCookie(sealer, runtime), records);

    const flows = new ScanFlows(door.logins);
    const limits = new ScanLimits(config, vault, runtime);
    const codes = new ScanCodes(config, calls, limits, records, events, runtime);
    const { signIn, admission } = door;
    const finish = new ScanFinish(config, records, new Followers(calls), signIn, admission, events, runtime);
    this.routes = new ScanRoutes(door, flows, codes, records, finish, new ScanAnswer(door), this.news);
    this.waiting = new WaitRoutes(flows, records, this.news, this.streams, door.host, runtime);
  }

  /**
   * Browsers that wait here are shown the record as it was written. Other processes hear only of
   * what a waiting page is shown: of no wrong digits, no claim. Of the end neither: the browser
   * that sent the form goes on by itself, and for another tab of it, at another process, a message
   * and a read at each login would be a lot. There, digits lead to the same result, and before the
   * tab is told that its time is over the record is read.
   */
  private tell(app: AppConfig, id: string, record: ScanRecord, before: ScanRecord): void {
    const now = this.door.runtime.now();
    const status = statusOf(record, now);
    const isNews = status !== statusOf(before, now) && status !== 'finished';
    if (isNews) this.news.tell(app, id);
    else this.news.note(id);
    this.streams.show(id, record);
  }

  /** Browsers that wait would keep the server from closing. */
  async close(): Promise<void> {
    this.streams.close();
    await this.news.close();
  }
}

// As of GuardSetup: what Nest prints where it is missing says what to import.
Object.defineProperty(ScanParts, 'name', { value: 'WechatPushModule.register()' });

function requireNeeds(config: WechatConfig): void {
  const scanning = [...config.apps.values()].filter(({ scan }) => scan);
  if (scanning.length === 0) return;
  requireSessionSecret(config, 'the cookies of logins by a scan are sealed with it');
  for (const { name, publicUrl } of scanning) {
    const fix = 'Write the address that browsers use, e.g. "https://shop.example.com".';
    check(publicUrl !== undefined, 'publicUrl', `is missing, and "${name}" has scan`, fix);
  }
}
