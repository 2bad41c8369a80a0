// Sessions that were ended before their time, for applications that want that: one entry of the
// store for each person, read with every guarded request.
import { LRUCache } from 'lru-cache';
import type { WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import { Turns } from '../../common/turns.js';
import type { Vault, VaultEntry } from '../../tokens/vault.js';
import type { WechatIdentity } from '../../model/identity.js';
import type { Session } from './sealed-sessions.js';

/**
 * What stands in the store, in clear: it hides nothing, and an entry that a change of secrets made
 * unreadable would open doors again. A session counts while its mark is the one that stands here,
 * so no clock of any machine decides.
 */
interface Marked {
  mark: string;
  /**
   * Single sessions that are over, and until when anybody could still show them, in ms since 1970.
   */
  sids: Record<string, number>;
  /** How long sessions of this mark can live, in ms since 1970. */
  until: number;
}

/** Whose sessions: one person at one app. */
export type Person = Pick<WechatIdentity, 'appId' | 'openid'>;

/** No session can be valid for longer, whatever `ttl` it was issued with. */
export const MAX_SESSION_MS = 400 * 86_400_000;

/**
 * With more single ends than this, all sessions of the person end: that is what somebody wants who
 * signs out fifty times.
 */
const MAX_SIDS = 50;

/**
 * How often another machine may come in between before a logout ends all sessions of the person
 * instead of one; its logouts alone cannot do it so often.
 */
const MAX_TRIES = 2 * MAX_SIDS;

/** The mark of a session that was made while the store could be read and not written. */
const NONE = '';

/**
 * How long such a session counts without an entry: without it, nobody could sign in as long as only
 * a replica answers.
 */
const NONE_COUNTS_MS = 60 * 60_000;

/** Ends sessions that somebody has a copy of, by marks in the token store. */
export class Revocations {
  private readonly turns = new Turns();
  /**
   * The last mark that this process saw of a person: for tests, which sign people in without
   * waiting.
   */
  private readonly seen = new LRUCache<string, string>({ max: 1_000 });

  constructor(
    private readonly vault: Vault,
    private readonly config: Pick<WechatConfig, 'session'>,
    private readonly runtime: Pick<Runtime, 'now' | 'randomBytes'>,
  ) {}

  /**
   * The mark for a session that is about to be made. It has to be read before the application says
   * yes: read later, a ban that falls in between would let the banned person in. Undefined where
   * sessions cannot be revoked, and where the store could not be asked; then the session lasts as
   * long as that.
   * @param ttl how long the session will live, in seconds
   */
  async markFor(person: Person, ttl = this.config.session.ttl): Promise<string | undefined> {
    if (!this.config.session.revocable) return undefined;
    const key = this.keyOf(person);
    const until = this.runtime.now() + ttl * 1_000;
    const found = (await this.look(key)) ?? (await this.begin(key, until));
    if (found === 'down') return undefined;
    if (found === NONE) return NONE;
    // Nobody waits for it: when it fails, the session is over a little early.
    if (found.value.until < until) void this.prolong(key, found, until);
    return found.value.mark;
  }

  /** As `markFor`, for tests: at once, by what this process has seen of the person. */
  markNow(person: Person): string | undefined {
    if (!this.config.session.revocable) return undefined;
    const key = this.keyOf(person);
    const mark = this.seen.get(key) ?? this.newMark();
    this.seen.set(key, mark);
    void this.begin(key, this.runtime.now() + this.config.session.ttl * 1_000, mark);
    return mark;
  }

  /** `unknown` where the store could not be asked. */
  async hasEnded(session: Session): Promise<boolean | 'unknown'> {
    const found = await this.look(this.keyOf(session.identity));
    if (found === 'down') return 'unknown';
    // A lost entry ends sessions; it brings none back.
    if (!found) {
      return session.mark !== NONE || this.runtime.now() - session.issuedAt > NONE_COUNTS_MS;
    }
    return found.value.mark !== session.mark || Object.hasOwn(found.value.sids, session.sid);
  }

  /**
   * Ends one session, wherever there are copies of it, if sessions can be revoked. False when the
   * store did not take it.
   */
  async end(session: Session): Promise<boolean> {
    if (!this.config.session.revocable) return true;
    const key = this.keyOf(session.identity);
    return this.turns.take(key, () => this.endNow(key, session));
  }

  /**
   * Ends every session that the person has now: nothing is read, so nothing can come in between.
   * False when the store did not take it.
   */
  async endAll(person: Person): Promise<boolean> {
    const key = this.keyOf(person);
    const until = this.runtime.now() + this.config.session.ttl * 1_000;
    return (await this.write(key, { mark: this.newMark(), sids: {}, until })) === 'done';
  }

  private async endNow(key: string, session: Session): Promise<boolean> {
    for (let round = 0; round < MAX_TRIES; round++) {
      const found = await this.look(key);
      if (found === 'down') return false;
      if (!found && session.mark === NONE) break;
      if (!found || found.value.mark !== session.mark) return true;
      const { mark, sids, until } = found.value;
      const now = this.runtime.now();
      const alive = Object.entries(sids).filter(([sid, end]) => end > now && sid !== session.sid);
      const next =
        alive.length < MAX_SIDS
          ? { mark, sids: Object.fromEntries([...alive, [session.sid, session.expiresAt]]), until }
          : { mark: this.newMark(), sids: {}, until };
      const written = await this.vault.replace(key, found.raw, next, this.lifeOf(next));
      if (written === 'refused') continue;
      if (written === 'done') this.seen.set(key, next.mark);
      return written === 'done';
    }
    return this.endAll(session.identity);
  }

  /**
   * The entry that stands there now, made if there was none; `''` where it could be read and not
   * written.
   */
  private async begin(
    key: string,
    until: number,
    mark = this.newMark(),
  ): Promise<VaultEntry<Marked> | 'down' | typeof NONE> {
    const value: Marked = { mark, sids: {}, until };
    const made = { value, raw: JSON.stringify(value) };
    const written = await this.vault.create(key, value, this.lifeOf(value));
    if (written === 'down') return NONE;
    if (written === 'done') {
      this.seen.set(key, mark);
      return made;
    }
    const found = await this.look(key);
    if (found) return found;
    // What stands there cannot be read, so no session counts by it. A new mark brings none back, be
    // it in the place of a ban.
    return (await this.write(key, value)) === 'done' ? made : NONE;
  }

  /** By compare-and-set of what was read: a mark that has changed meanwhile stays. */
  private async prolong(key: string, first: VaultEntry<Marked>, until: number): Promise<void> {
    let found: VaultEntry<Marked> | 'down' | undefined = first;
    for (let round = 0; round < 3; round++) {
      if (!found || found === 'down' || found.value.mark !== first.value.mark) return;
      if (found.value.until >= until) return;
      const next = { ...found.value, until };
      if ((await this.vault.replace(key, found.raw, next, this.lifeOf(next))) !== 'refused') return;
      found = await this.look(key);
    }
  }

  private async look(key: string): Promise<VaultEntry<Marked> | 'down' | undefined> {
    const found = await this.vault.look<Marked>(key, isMarked);
    if (found && found !== 'down') this.seen.set(key, found.value.mark);
    return found;
  }

  private async write(key: string, value: Marked) {
    const written = await this.vault.write(key, value, this.lifeOf(value));
    if (written === 'done') this.seen.set(key, value.mark);
    return written;
  }

  private lifeOf({ until }: Marked): number {
    return Math.max(until - this.runtime.now(), 1_000);
  }

  private newMark(): string {
    return this.runtime.randomBytes(8).toString('base64url');
  }

  private keyOf({ appId, openid }: Person): string {
    return this.vault.key(appId, 'ended', openid);
  }
}

function isMarked({ mark, sids, until }: Record<string, unknown>): boolean {
  const isList = typeof sids === 'object' && sids !== null && !Array.isArray(sids);
  return typeof mark === 'string' && mark !== NONE && isList && Number.isFinite(until);
}
