// The end of a login by a scan: one request takes it upon itself, asks the login handler, and
// leaves what came of it for its twins, over all processes.
import { timingSafeEqual } from 'node:crypto';
import type { Admission } from '../../auth/login/admission.js';
import type { LoginAttempt } from '../../auth/login/callback-answer.js';
import { LINKER_MS } from '../../auth/linking/linking.js';
import { REPLAY_MS } from '../../auth/login/pending-logins.js';
import { HANDLER_MS, type SignIn, type SignInResult } from '../../auth/login/sign-in.js';
import type { FoundSession } from '../../auth/session/sealed-sessions.js';
import type { WechatEvents } from '../../common/wechat-events.js';
import type { Runtime } from '../../common/runtime.js';
import { SingleFlight } from '../../common/single-flight.js';
import type { WechatConfig } from '../../config/wechat-config.js';
import { Followers } from './followers.js';
import {
  type Agreed,
  claim,
  fail,
  type Finished,
  isByDigits,
  isLiving,
  MAX_TRIES,
  type Scanned,
  type ScanRecord,
} from './scenes/scan-record.js';
import type { ScanRecords } from './scenes/scan-records.js';

/** What the person gets to see. */
export type Finish =
  | { readonly kind: 'result'; readonly result: SignInResult }
  /** Wrong digits, and how many more may be tried. */
  | { readonly kind: 'wrong'; readonly left: number }
  /** Nothing can be finished yet: nobody has scanned it, or nobody has said yes. */
  | { readonly kind: 'early' }
  | { readonly kind: 'void' }
  | { readonly kind: 'expired' }
  /** Somebody else's turn is under way, or the store does not answer. */
  | { readonly kind: 'again' };

const POLL_MS = 100;

/** Finishes logins. */
export class ScanFinish {
  private readonly flights = new SingleFlight<Finish>();

  constructor(
    private readonly config: Pick<WechatConfig, 'http'>,
    private readonly records: ScanRecords,
    private readonly followers: Followers,
    private readonly signIn: SignIn,
    private readonly admission: Admission,
    private readonly events: WechatEvents,
    private readonly runtime: Runtime,
  ) {}

  /**
   * Security decision: only the scene in the sealed cookie of the flow can be finished, only by
   * digits that were sent to the one who scanned it, and every other answer signs nobody in.
   * @param digits what was typed, if anything
   * @throws what the login handler throws; then it may be tried again
   */
  async finish(
    attempt: LoginAttempt,
    digits: string | undefined,
    current: FoundSession | undefined,
  ): Promise<Finish> {
    const id = attempt.pending.scene?.id;
    if (id === undefined) return { kind: 'expired' };
    const judged = await this.judge(attempt, id, digits);
    if ('kind' in judged) return judged;
    const mine = judged;
    let led = false;
    // Twins in this process share it, those elsewhere find it in the store.
    const outcome = await this.flights.run(id, async () => {
      led = true;
      return mine.result ? this.given(mine) : this.lead(attempt, id, mine, current);
    });
    return led ? outcome : this.checked(outcome);
  }

  /** What came of a login that is over, for the browser that it belongs to. */
  async replay({ app, pending }: LoginAttempt): Promise<SignInResult | undefined> {
    const id = pending.scene?.id;
    const record = id === undefined ? undefined : await this.records.look(app, id);
    if (record === undefined || record === 'down' || record.stage !== 'finished') return undefined;
    // Another tab of this browser is being signed in just now.
    const found = record.result ? record : await this.follow(app, id!, record);
    const given = 'kind' in found ? found : await this.given(found);
    return given.kind === 'result' ? given.result : undefined;
  }

  /** The claim, or why there is none. */
  private async judge(
    { app }: LoginAttempt,
    id: string,
    digits: string | undefined,
  ): Promise<Finish | Finished> {
    let said: Finish = { kind: 'again' };
    const step = await this.records.step(app, id, (record) => {
      const [answer, next] = this.judgeRecord(record, digits);
      said = answer;
      return next;
    });
    if (step === 'down') return { kind: 'again' };
    if (step === undefined) return { kind: 'expired' };
    const { record, changed } = step;
    if (record.stage === 'finished') {
      // Somebody else's claim is to be waited for.
      if (!changed && !record.result) return this.follow(app, id, record);
      if (changed) this.events.emit({ type: 'scan.confirmed', app: app.name });
      return record;
    }
    if (changed && record.stage === 'void') this.events.emit({ type: 'scan.void', app: app.name });
    return said;
  }

  private judgeRecord(record: ScanRecord, digits: string | undefined): [Finish, ScanRecord | undefined] {
    const now = this.runtime.now();
    if (record.stage === 'finished') {
      // Whoever claimed it is dead: nobody works longer on one.
      const isDead = !record.result && now - record.claimedAt > this.patience;
      return [{ kind: 'again' }, isDead ? claim(record.from, now) : undefined];
    }
    if (record.stage === 'void') return [{ kind: 'void' }, undefined];
    if (!isLiving(record, now)) return [{ kind: 'expired' }, undefined];
    if (record.stage === 'waiting') return [{ kind: 'early' }, undefined];
    const asked: Scanned | Agreed = record;
    if (asked.stage === 'agreed') return [{ kind: 'again' }, claim(asked, now)];
    if (!isByDigits(asked)) return [{ kind: 'early' }, undefined];
    // What is no attempt at all costs none.
    if (digits === undefined || !/^\d{6}$/.test(digits))
      return [{ kind: 'wrong', left: MAX_TRIES - asked.tries }, undefined];
    if (timingSafeEqual(Buffer.from(asked.sent), Buffer.from(digits)))
      return [{ kind: 'again' }, claim(asked, now)];
    const failed = fail(asked, now);
    return failed.stage === 'void'
      ? [{ kind: 'void' }, failed]
      : [{ kind: 'wrong', left: MAX_TRIES - (failed as Scanned).tries }, failed];
  }

  private async lead(
    attempt: LoginAttempt,
    id: string,
    { openid, from, claimedAt }: Finished,
    current: FoundSession | undefined,
  ): Promise<Finish> {
    const { app } = attempt;
    // Whoever was taken for dead leaves the claim of the next one alone.
    const isMine = (record: ScanRecord): record is Finished =>
      record.stage === 'finished' && !record.result && record.claimedAt === claimedAt;
    let result: SignInResult;
    try {
      result = await this.admission.admit(attempt, current, async (context) =>
        this.signIn.withPerson(
          app,
          { openid, unionid: await this.followers.unionidOf(app, openid) },
          context,
        ),
      );
    } catch (error) {
      // Given back, so that the person can try again.
      await this.records.step(app, id, (record) =>
        isMine(record) ? { ...from, until: record.until } : undefined,
      );
      throw error;
    }
    // The person need not wait for that: only twins look for it.
    void this.records.step(app, id, (record) => (isMine(record) ? { ...record, result } : undefined));
    return { kind: 'result', result };
  }

  /** Waits for whoever has claimed it, no longer than a living one can take. */
  private async follow(app: LoginAttempt['app'], id: string, seen: Finished): Promise<Finish | Finished> {
    const giveUpAt = this.runtime.monotonic() + this.patience;
    while (this.runtime.monotonic() < giveUpAt) {
      await this.runtime.sleep(POLL_MS);
      const record = await this.records.look(app, id);
      if (record === 'down' || record === undefined) return { kind: 'again' };
      // It failed, and was given back.
      if (record.stage !== 'finished') return { kind: 'again' };
      if (record.result || record.claimedAt !== seen.claimedAt)
        return record.result ? record : { kind: 'again' };
    }
    return { kind: 'again' };
  }

  private async given({ result, claimedAt }: Finished): Promise<Finish> {
    // As after any callback: for a minute.
    if (!result || this.runtime.now() - claimedAt > REPLAY_MS) return { kind: 'expired' };
    return this.checked({ kind: 'result', result });
  }

  private async checked(finish: Finish): Promise<Finish> {
    if (finish.kind !== 'result' || (await this.admission.stillGood(finish.result))) return finish;
    return { kind: 'expired' };
  }

  private get patience(): number {
    return this.config.http.timeout + LINKER_MS + HANDLER_MS;
  }
}
