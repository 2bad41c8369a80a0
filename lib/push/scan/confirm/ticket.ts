// The last part of the link to the page that asks: sealed, so that nobody makes one, and short,
// because Fastify takes no part of a path above 100 characters.
import { hash } from 'node:crypto';
import type { AppConfig, WechatConfig } from '../../../config/wechat-config.js';
import type { Runtime } from '../../../common/runtime.js';
import type { Sealer } from '../../../sealing/sealer.js';
import { OVER_MS, SCANNED_MS } from '../scenes/scan-record.js';
import { longScene, sceneId, shortScene } from '../scenes/scene.js';

const PLACE = 'scan confirm';
/**
 * As long as a record can live after its scan: what may still be done with it, the record says.
 * "That was not me" comes last.
 */
const TICKET_MS = 2 * SCANNED_MS + OVER_MS;

/** What a link leads to. */
export interface Ticket {
  readonly app: AppConfig;
  /** Of the record. */
  readonly id: string;
  /** The text it was opened from. */
  readonly text: string;
}

/** Makes tickets, and opens them. */
export class Tickets {
  constructor(
    private readonly config: Pick<WechatConfig, 'apps'>,
    private readonly sealer: Sealer,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  make(app: AppConfig, scene: string): string {
    const until = Math.ceil((this.runtime.now() + TICKET_MS) / 1_000).toString(36);
    return this.sealer.seal('ticket', PLACE, `${shortScene(scene)}.${until}.${tagOf(app)}`);
  }

  /** Undefined for whatever is none of ours, or over. */
  open(text: string): Ticket | undefined {
    const opened = /^([\w-]{22})\.([0-9a-z]{1,9})\.([0-9a-f]{8})$/.exec(
      this.sealer.open('ticket', PLACE, text) ?? '',
    );
    if (!opened) return undefined;
    const [, scene, until, tag] = opened as unknown as [string, string, string, string];
    if (Number.parseInt(until, 36) * 1_000 <= this.runtime.now()) return undefined;
    const app = [...this.config.apps.values()].find((one) => one.scan && tagOf(one) === tag);
    return app && { app, id: sceneId(longScene(scene)), text };
  }
}

function tagOf({ appId }: AppConfig): string {
  return hash('sha256', appId).slice(0, 8);
}
