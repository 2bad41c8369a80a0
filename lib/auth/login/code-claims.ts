// Whose a code is: the first who brings it. Over all processes, and in this one even while the
// store is down.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AppConfig } from '../../config/wechat-config.js';
import type { Vault } from '../../tokens/vault.js';

/**
 * A claim outlives its code, which lives for 5 or 10 minutes: after that nobody can do anything
 * with it.
 */
const CLAIM_MS = 11 * 60_000;

/** No claimant: those are hashes and UUIDs. */
const SOMEBODY_ELSE = '';

/** Whose a code is: the first who brings it. */
export class CodeClaims {
  private readonly here = new LRUCache<string, string>({ max: 10_000 });

  constructor(private readonly vault: Vault) {}

  /**
   * True for whoever brings a code first, and again for the same claimant. Shared by all who bring
   * it, its exchange would hand a stolen code's login to the thief as well. An entry that cannot be
   * read counts as somebody else's; without a store WeChat's own rule, that a code works once,
   * stands behind.
   * @param claimant the flow or the request that brings it
   * @param atLeastMs how long the claimant itself may come back
   */
  async claim(app: AppConfig, code: string, claimant: string, atLeastMs = 0): Promise<boolean> {
    const id = hash('sha256', `${app.appId}\n${code}`);
    const known = this.here.get(id);
    if (known !== undefined) return known === claimant;
    // Before anything is waited for, so that of two callers in one turn only one is the first.
    this.here.set(id, claimant);
    const key = this.vault.key(app.appId, 'code', id);
    if ((await this.vault.create(key, { by: claimant }, Math.max(CLAIM_MS, atLeastMs))) !== 'refused')
      return true;
    const isOurs = (await this.vault.read<{ by?: unknown }>(key))?.value.by === claimant;
    // Remembered, so that a store that goes down later makes nobody the first after all.
    if (!isOurs) this.here.set(id, SOMEBODY_ELSE);
    return isOurs;
  }
}
