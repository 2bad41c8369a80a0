// One exchange with WeChat for each state, whoever asks and however often: WeChat opens callbacks twice, people go back, tabs reload, and a code works
// once. Inside the process the callers share a promise; between processes they meet in the store.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { WechatApp, WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../runtime.js';
import { SingleFlight } from '../tokens/single-flight.js';
import type { Vault } from '../tokens/vault.js';
import { WechatToken } from '../tokens/wechat-token.js';
import type { TokenRecord } from '../tokens/wechat-token.js';
import { FLOW_LIFETIME_MS, REPLAY_MS } from './flow.js';
import type { LoginResult } from './sign-in.js';

export interface ExchangeSteps {
  /** Sends the code to WeChat. Runs at most once for a state. */
  exchange(): Promise<WechatToken>;
  /** Profile, login handler, session. May run again when it failed. */
  complete(token: WechatToken): Promise<LoginResult>;
}

/** `spent`: the state was used, and what came of it is not known here or is over. */
export type ExchangeOutcome = LoginResult | { kind: 'spent' };

/** The winner of a state, from the moment it starts. */
interface Claim {
  at: number;
}

/** What has come of a state so far. `released`: nobody is working on it any more. */
type Progress =
  | { stage: 'exchanged'; token: TokenRecord; released?: true }
  | { stage: 'complete'; result: LoginResult }
  | { stage: 'failed' };

const POLL_MS = 100;
/** What profile and login handler may take beyond the limit of the exchange itself. */
const COMPLETION_MS = 5_000;

export class ExchangeOnce {
  private readonly flights = new SingleFlight<ExchangeOutcome>();
  /** Keeps repeats working while the store is down. */
  private readonly finished = new LRUCache<string, { result: LoginResult; until: number }>({ max: 1_000 });

  constructor(
    private readonly vault: Vault,
    private readonly config: Pick<WechatConfig, 'http'>,
    private readonly runtime: Runtime,
  ) {}

  async run(app: WechatApp, state: string, steps: ExchangeSteps): Promise<ExchangeOutcome> {
    const id = createHash('sha256').update(state).digest('hex');
    const done = this.finished.get(id);
    if (done && done.until > this.runtime.now()) return done.result;
    return this.flights.run(id, () => this.lead(app, id, steps));
  }

  private async lead(app: WechatApp, id: string, steps: ExchangeSteps): Promise<ExchangeOutcome> {
    const claimKey = this.vault.key(app.appId, 'claim', id);
    const key = this.vault.key(app.appId, 'login', id);
    const claim: Claim = { at: this.runtime.now() };
    // The claim outlives the result, so that a state stays spent for as long as its flow could come back.
    const claimed = await this.vault.create(claimKey, claim, FLOW_LIFETIME_MS);
    if (claimed === 'refused') {
      const progress = await this.follow(claimKey, key);
      if (progress?.stage === 'complete') return progress.result;
      if (progress?.stage !== 'exchanged') return { kind: 'spent' };
      return this.complete(key, id, new WechatToken(progress.token), steps);
    }

    let token: WechatToken;
    try {
      token = await steps.exchange();
    } catch (error) {
      await this.save(key, { stage: 'failed' });
      throw error;
    }
    await this.save(key, { stage: 'exchanged', token: token.record() });
    return this.complete(key, id, token, steps);
  }

  private async complete(
    key: string,
    id: string,
    token: WechatToken,
    steps: ExchangeSteps,
  ): Promise<LoginResult> {
    try {
      const result = await steps.complete(token);
      await this.save(key, { stage: 'complete', result });
      this.finished.set(id, { result, until: this.runtime.now() + REPLAY_MS });
      return result;
    } catch (error) {
      await this.save(key, { stage: 'exchanged', token: token.record(), released: true });
      throw error;
    }
  }

  /** Waits for the winner, but no longer than a living one can take. What it left behind when it died may be taken up. */
  private async follow(claimKey: string, key: string): Promise<Progress | undefined> {
    const claim = await this.vault.read<Claim>(claimKey);
    // The winner's clock may be ahead of ours, by minutes even: nobody waits for that.
    const begun = Math.min(claim?.value.at ?? 0, this.runtime.now());
    const patience = begun + this.config.http.timeout + COMPLETION_MS;
    for (;;) {
      const progress = (await this.vault.read<Progress>(key))?.value;
      const settled = progress?.stage === 'complete' || progress?.stage === 'failed';
      if (settled || (progress?.stage === 'exchanged' && progress.released)) return progress;
      if (this.runtime.now() >= patience) return progress;
      await this.runtime.sleep(POLL_MS);
    }
  }

  private async save(key: string, progress: Progress): Promise<void> {
    await this.vault.write(key, progress, REPLAY_MS);
  }
}
