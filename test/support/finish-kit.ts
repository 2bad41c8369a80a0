// The end of a login by a scan without the login around it: a handler that a test holds, on as many
// processes as it likes.
import type { Admission } from '../../lib/auth/login/admission.js';
import type { LoginAttempt } from '../../lib/auth/login/callback-answer.js';
import type { SignIn, SignInResult } from '../../lib/auth/login/sign-in.js';
import { type WechatEvent, WechatEvents } from '../../lib/common/wechat-events.js';
import { WechatSecret } from '../../lib/index.js';
import type { Followers } from '../../lib/push/scan/followers.js';
import { ScanFinish } from '../../lib/push/scan/scan-finish.js';
import { agree, scan, type ScanRecord } from '../../lib/push/scan/scenes/scan-record.js';
import { ScanRecords } from '../../lib/push/scan/scenes/scan-records.js';
import { Sealer } from '../../lib/sealing/sealer.js';
import { HandClock } from './hand-clock.js';
import { makeParts, makeVault } from './parts.js';
import { QuietStore } from './talking-store.js';

export const ID = 'i'.repeat(43);
export const DIGITS = '012345';
const { app, config } = makeParts();
const attempt = { app, pending: { scene: { id: ID, since: 0 } } } as unknown as LoginAttempt;
/** Time-out of a request to WeChat, and what linker and handler may take. */
export const PATIENCE = config.http.timeout + 10_000;
/** What the first run comes to. */
export const FIRST = { kind: 'result', result: { kind: 'refused', code: 'run 1' } };

export class FinishKit {
  readonly clock = new HandClock();
  readonly store = new QuietStore({ now: this.clock.now });
  readonly events: WechatEvent['type'][] = [];
  /** Ends the runs that `hold` holds, in their order. */
  readonly until: (() => void)[] = [];
  runs = 0;
  isGood = true;
  handler: () => Promise<SignInResult> = () => this.answer();

  /** A code that nobody has scanned. */
  static async begin(): Promise<FinishKit> {
    const kit = new FinishKit();
    const seat = { browser: '', system: '', place: '' };
    const since = kit.clock.time;
    const waiting: ScanRecord = { stage: 'waiting', url: 'http://u', since, until: since + 300_000, seat };
    await kit.process().records.create(app, ID, waiting);
    return kit;
  }

  /** As another one would have it: only store and clock are the same. */
  process() {
    const bus = new WechatEvents();
    bus.events$.subscribe(({ type }) => this.events.push(type));
    const sealer = new Sealer([new WechatSecret('finish-secret'.padEnd(40, '.'))]);
    const records = new ScanRecords(makeVault(this.store, sealer, bus, this.clock), this.clock);
    const admission = {
      admit: async (_attempt: unknown, _current: unknown, go: (context: never) => Promise<SignInResult>) =>
        go({} as never),
      stillGood: async () => this.isGood,
    } as unknown as Admission;
    const signIn = {
      withPerson: async () => {
        this.runs++;
        return this.handler();
      },
    } as unknown as SignIn;
    const followers = { unionidOf: async () => undefined } as unknown as Followers;
    const finish = new ScanFinish(config, records, followers, signIn, admission, bus, this.clock);
    return {
      records,
      type: (digits?: string, pending: object = attempt.pending) =>
        finish.finish({ ...attempt, pending } as LoginAttempt, digits, undefined),
      replay: (pending: object = attempt.pending) => finish.replay({ ...attempt, pending } as LoginAttempt),
    };
  }

  scanned(sent = DIGITS) {
    return this.process().records.step(app, ID, (record) => scan(record, 'oMing', this.clock.time, sent));
  }

  agreed() {
    return this.process().records.step(app, ID, (record) => agree(record, 'oMing', this.clock.time));
  }

  /** The handler says which run it is. */
  answer(): Promise<SignInResult> {
    return Promise.resolve({ kind: 'refused', code: `run ${this.runs}` });
  }

  hold(): void {
    this.handler = () => {
      const answer = this.answer();
      return new Promise((resolve) => this.until.push(() => resolve(answer)));
    };
  }

  throws(): void {
    this.handler = () => Promise.reject(new RangeError('database'));
  }
}
