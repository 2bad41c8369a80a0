// One exchange with WeChat for each state, whoever asks and however often: WeChat opens callbacks
// twice, people go back, tabs reload, and a code works once. Inside the process the callers share a
// promise; between processes they meet in the store.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import { SingleFlight } from '../../common/single-flight.js';
import type { Vault, VaultWrite } from '../../tokens/vault.js';
import { WechatToken } from '../../tokens/wechat-token.js';
import type { TokenRecord } from '../../tokens/wechat-token.js';
import type { CodeClaims } from './code-claims.js';
import { type PendingLogin, REPLAY_MS } from './pending-logins.js';
import { LINKER_MS } from '../linking/linking.js';
import { HANDLER_MS, type SignInResult } from './sign-in.js';

/** What has to be done once for a state. */
export interface ExchangeSteps {
  /** Sends the code to WeChat. Runs at most once for a state. */
  exchange(): Promise<WechatToken>;
  /** Profile, login handler, session. May run again when it failed. */
  complete(token: WechatToken): Promise<SignInResult>;
}

/** `spent`: the state was used, and what came of it is not known here or is over. */
export type ExchangeResult = SignInResult | { kind: 'spent' };

/** What has come of a state so far. `released`: nobody is working on it any more. */
type Progress =
  | { stage: 'exchanged'; token: TokenRecord; released?: true }
  | { stage: 'complete'; result: SignInResult }
  | { stage: 'failed' };

/** When a state was claimed, by the winner's clock, in ms since 1970. */
interface Claim {
  at: number;
}

const POLL_MS = 100;
/** How long after a write that the store did not take it is tried again. */
const SAVE_AGAIN_MS = 1_000;
/** How long a state stays spent after its flow is over, for clocks that are not quite together. */
const CLAIM_MARGIN_MS = 60_000;

/** One exchange for each state, over all processes: a single flight that the store holds. */
export class ExchangeOnce {
  private readonly flights = new SingleFlight<ExchangeResult>();
  /** What the store did not take, by key. */
  private readonly unsaved = new LRUCache<string, Progress>({ max: 1_000 });
  /** Keeps repeats working while the store is down. */
  private readonly finished = new LRUCache<string, { result: SignInResult; until: number }>({ max: 1_000 });

  constructor(
    private readonly vault: Vault,
    private readonly config: Pick<WechatConfig, 'http'>,
    private readonly runtime: Runtime,
    private readonly codes: CodeClaims,
  ) {}

  /** @param flow whose state it is, found by its cookie */
  async run(
    app: AppConfig,
    flow: Pick<PendingLogin, 'state' | 'expiresAt'>,
    code: string,
    steps: ExchangeSteps,
  ): Promise<ExchangeResult> {
    const id = hash('sha256', flow.state);
    const done = this.finished.get(id);
    if (done && done.until > this.runtime.now()) return done.result;
    return this.flights.run(id, () => this.lead(app, id, flow, code, steps));
  }

  private async lead(
    app: AppConfig,
    id: string,
    flow: Pick<PendingLogin, 'expiresAt'>,
    code: string,
    steps: ExchangeSteps,
  ): Promise<ExchangeResult> {
    const claimKey = this.vault.key(app.appId, 'claim', id);
    const key = this.vault.key(app.appId, 'login', id);
    const now = this.runtime.now();
    // The claims outlive the result, so that state and code stay spent for as long as the flow
    // could come back.
    const claimMs = flow.expiresAt - now + CLAIM_MARGIN_MS;
    // In one round trip: the state for its twins, the code against everybody else.
    const [claimed, isOurs] = await Promise.all([
      this.vault.create(claimKey, { at: now } satisfies Claim, claimMs),
      this.codes.claim(app, code, id, claimMs),
    ]);
    if (claimed === 'refused') {
      const progress = await this.follow(claimKey, key);
      if (progress?.stage === 'complete') return progress.result;
      if (progress?.stage !== 'exchanged') return { kind: 'spent' };
      return this.complete(key, id, new WechatToken(progress.token), steps);
    }

    // Another flow brought this code first. It is never sent again: whoever copied it must not ride
    // along.
    if (!isOurs) {
      await this.save(key, { stage: 'failed' });
      return { kind: 'spent' };
    }

    let token: WechatToken;
    try {
      token = await steps.exchange();
    } catch (error) {
      await this.save(key, { stage: 'failed' });
      throw error;
    }
    // On record before the handler is asked: a process that dies meanwhile leaves the token to its
    // twin.
    await this.save(key, { stage: 'exchanged', token: token.record() });
    return this.complete(key, id, token, steps);
  }

  private async complete(
    key: string,
    id: string,
    token: WechatToken,
    steps: ExchangeSteps,
  ): Promise<SignInResult> {
    try {
      const result = await steps.complete(token);
      // The person need not wait for that: only twins on other machines look for it, and they do
      // wait.
      void this.save(key, { stage: 'complete', result });
      this.finished.set(id, { result, until: this.runtime.now() + REPLAY_MS });
      return result;
    } catch (error) {
      await this.save(key, { stage: 'exchanged', token: token.record(), released: true });
      throw error;
    }
  }

  /**
   * Waits for the winner, but no longer than a living one can take, counted from our own first look
   * by a clock that nobody sets: the winner's may be minutes ahead or behind. What it left behind
   * when it died may be taken up.
   */
  private async follow(claimKey: string, key: string): Promise<Progress | undefined> {
    // A winner whose rows cannot be opened here will leave nothing for us either.
    const claim = await this.vault.read<Claim>(claimKey);
    if (!claim) return undefined;
    // A claim that is older than any result is kept belongs to nobody who could still come, unless
    // a clock is off by a minute.
    const isOld = this.runtime.now() - claim.value.at > REPLAY_MS;
    // The exchange, the profile, the identity linker, the login handler.
    const patience = isOld ? 0 : 2 * this.config.http.timeout + LINKER_MS + HANDLER_MS;
    const giveUpAt = this.runtime.monotonic() + patience;
    for (;;) {
      const found = await this.vault.look<Progress>(key);
      // Nothing can be learnt from a store that is down: a new login is faster than waiting for it.
      if (found === 'down') return undefined;
      const progress = found?.value;
      const settled = progress?.stage === 'complete' || progress?.stage === 'failed';
      if (settled || (progress?.stage === 'exchanged' && progress.released)) return progress;
      if (this.runtime.monotonic() >= giveUpAt) {
        // The winner is dead; whoever comes later need not wait for it again.
        if (!progress) await this.save(key, { stage: 'failed' });
        return progress;
      }
      await this.runtime.sleep(POLL_MS);
    }
  }

  /** Never rejects: what the store does not take is offered again. */
  private async save(key: string, progress: Progress): Promise<void> {
    if ((await this.write(key, progress)) !== 'down') {
      this.unsaved.delete(key);
      return;
    }
    const isTried = this.unsaved.has(key);
    this.unsaved.set(key, progress);
    if (!isTried) void this.saveAgain(key);
  }

  /**
   * Twins on other machines look for the result as long as it is of use, so it is offered for as
   * long.
   */
  private async saveAgain(key: string): Promise<void> {
    for (let waited = 0; waited < REPLAY_MS; waited += SAVE_AGAIN_MS) {
      await this.runtime.sleep(SAVE_AGAIN_MS);
      const progress = this.unsaved.get(key);
      if (!progress) return;
      const written = await this.write(key, progress);
      if (written !== 'down' && this.unsaved.get(key) === progress) break;
    }
    this.unsaved.delete(key);
  }

  /**
   * A write that is late, because it was tried again or because the store sat on it, must not undo
   * a later one: the first news is written only where there is none, and only the result, which is
   * the last, over whatever is there.
   */
  private async write(key: string, progress: Progress): Promise<VaultWrite> {
    if (progress.stage === 'complete') return this.vault.write(key, progress, REPLAY_MS);
    if (progress.stage === 'failed' || !progress.released) return this.vault.create(key, progress, REPLAY_MS);
    return this.vault.update<Progress>(
      key,
      (current) => (current?.stage === 'complete' ? undefined : progress),
      () => REPLAY_MS,
    );
  }
}
