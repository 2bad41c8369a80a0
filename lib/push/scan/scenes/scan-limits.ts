// How many QR codes are asked of WeChat: one client must not use up what the account has for all.
import { LRUCache } from 'lru-cache';
import type { HttpRequest } from '../../../auth/http/http-request.js';
import { warnOnce } from '../../../common/warn-once.js';
import type { Runtime } from '../../../common/runtime.js';
import type { AppConfig, WechatConfig } from '../../../config/wechat-config.js';
import type { Vault } from '../../../tokens/vault.js';
import { clientAddress, clientOf, isPrivate } from './seat.js';

/** Of one client, in ms. */
const CLIENT_WINDOW_MS = 10 * 60_000;
const MAX_CLIENTS = 10_000;

/**
 * Slots of an account in the store, each for so many codes, each taken once. One operation where
 * there is room; a counter would take two, and every process would wait for the others.
 */
interface Window {
  readonly name: string;
  readonly ms: number;
  readonly slots: number;
  readonly codes: number;
}

/** WeChat gives 100,000 codes a day. */
const WINDOWS: readonly Window[] = [
  { name: 'm', ms: 60_000, slots: 120, codes: 1 },
  { name: 'd', ms: 86_400_000, slots: 1_800, codes: 50 },
];

/**
 * How many slots are tried for one code: all of a minute. What was tried is known for the rest of
 * it, so a process asks for each slot once.
 */
const PROBES = 120;

/** What this process knows of one window of an account. */
interface Known {
  readonly number: number;
  readonly taken: Set<number>;
  left: number;
}

/** Says whether one code more may be asked for. */
export class ScanLimits {
  private readonly clients = new LRUCache<string, { count: number; until: number }>({ max: MAX_CLIENTS });
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly config: WechatConfig,
    private readonly vault: Vault,
    private readonly runtime: Pick<Runtime, 'now' | 'random'>,
  ) {}

  /** Fails closed: `down` where the store cannot say. */
  async take(app: AppConfig, request: HttpRequest): Promise<'taken' | 'client' | 'app' | 'down'> {
    if (!this.takeOfClient(app, request)) return 'client';
    for (const window of WINDOWS) {
      const taken = await this.takeOf(app, window);
      if (taken !== 'taken') return taken === 'full' ? 'app' : 'down';
    }
    return 'taken';
  }

  private takeOfClient(app: AppConfig, request: HttpRequest): boolean {
    const address = clientAddress(request);
    const isForwarded = request.header('x-forwarded-for') !== undefined;
    if (address === undefined || (isForwarded && isPrivate(address))) {
      warnOnce(
        this.config,
        'scan clients',
        'proxy',
        'QR codes of a scan are not limited by client address: requests come through a proxy, and the address of each is the ' +
          "proxy's. Tell the application to trust it: app.set('trust proxy', 1) of Express, trustProxy of Fastify.",
      );
      return true;
    }
    const key = `${app.name} ${clientOf(address)}`;
    const now = this.runtime.now();
    let client = this.clients.get(key);
    if (!client || client.until <= now)
      this.clients.set(key, (client = { count: 0, until: now + CLIENT_WINDOW_MS }));
    if (client.count >= app.scan!.perClient) return false;
    client.count++;
    return true;
  }

  /** Strict: what all processes take together is never more than there is. */
  private async takeOf(app: AppConfig, window: Window): Promise<'taken' | 'full' | 'down'> {
    const known = this.knownOf(app, window);
    for (let probe = 0; probe < PROBES && known.left === 0; probe++) {
      const slot = this.freeSlot(known, window);
      if (slot === undefined) return 'full';
      known.taken.add(slot);
      const key = this.vault.key(app.appId, 'scan-slot', `${window.name}${known.number}-${slot}`);
      const created = await this.vault.create(key, {}, window.ms);
      if (created === 'down') {
        known.taken.delete(slot);
        return 'down';
      }
      if (created === 'done') known.left += window.codes;
    }
    if (known.left === 0) return 'full';
    known.left--;
    return 'taken';
  }

  private knownOf({ appId }: AppConfig, { name, ms }: Window): Known {
    const number = Math.floor(this.runtime.now() / ms);
    const key = `${appId} ${name}`;
    let known = this.known.get(key);
    if (known?.number !== number) this.known.set(key, (known = { number, taken: new Set(), left: 0 }));
    return known;
  }

  /** At random, so that processes seldom try the same. */
  private freeSlot({ taken }: Known, { slots }: Window): number | undefined {
    if (taken.size >= slots) return undefined;
    let slot = Math.floor(this.runtime.random() * slots);
    while (taken.has(slot)) slot = (slot + 1) % slots;
    return slot;
  }
}
