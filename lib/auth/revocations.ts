// Sessions that were ended before their time, for applications that want that: one entry of the store for each person, read with every guarded request.
import type { Runtime } from '../runtime.js';
import type { Vault } from '../tokens/vault.js';
import type { Session } from './sealed-sessions.js';

/** Times in ms since 1970. */
interface Ended {
  /** Every session issued before this is over. */
  before?: number;
  /** Single sessions that are over, and until when anybody could still show them. */
  sids: Record<string, number>;
}

/** No session can be valid for longer, whatever `ttl` it was issued with. */
export const MAX_SESSION_MS = 400 * 86_400_000;

/** The most single sessions remembered of one person; beyond that the oldest go, which were about to be over anyway. */
const MAX_SIDS = 200;

/** Every end counts, so none gives way to another: somebody with many sessions could keep ending them to outrun their own ban. */
const MAX_TRIES = 200;

export class Revocations {
  constructor(
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  /** A store that is down says nothing, and then the seal alone decides: nobody loses a login to an outage. */
  async hasEnded({ sid, issuedAt, identity }: Session): Promise<boolean> {
    const ended = (await this.vault.read<Ended>(this.keyOf(identity.appId, identity.openid), isEnded))?.value;
    if (!ended) return false;
    return issuedAt <= (ended.before ?? -1) || Object.hasOwn(ended.sids, sid);
  }

  /** Ends one session, wherever there are copies of it. False when the store did not take it. */
  async end({ sid, expiresAt, identity }: Session): Promise<boolean> {
    return this.change(identity.appId, identity.openid, ({ before, sids }) => {
      const alive = Object.entries(sids).filter(([, until]) => until > this.runtime.now());
      const kept = alive.toSorted(([, a], [, b]) => b - a).slice(0, MAX_SIDS - 1);
      return {
        ...(before === undefined ? {} : { before }),
        sids: Object.fromEntries([...kept, [sid, expiresAt]]),
      };
    });
  }

  /** Ends every session that the person has now. False when the store did not take it. */
  async endAll(appId: string, openid: string): Promise<boolean> {
    return this.change(appId, openid, () => ({ before: this.runtime.now(), sids: {} }));
  }

  private async change(appId: string, openid: string, change: (ended: Ended) => Ended): Promise<boolean> {
    const written = await this.vault.update<Ended>(
      this.keyOf(appId, openid),
      (ended) => change(ended ?? { sids: {} }),
      () => MAX_SESSION_MS,
      isEnded,
      MAX_TRIES,
    );
    return written === 'done';
  }

  private keyOf(appId: string, openid: string): string {
    return this.vault.key(appId, 'ended', openid);
  }
}

function isEnded({ sids }: Record<string, unknown>): boolean {
  return typeof sids === 'object' && sids !== null;
}
