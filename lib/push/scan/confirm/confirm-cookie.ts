// Who looks at the page that asks, for three minutes: the openid that WeChat has just named, and
// the one link that it counts for. It is no session: nothing else opens it.
import { hash } from 'node:crypto';
import { cookieName, onlyCookie, writeCookie } from '../../../auth/http/cookies.js';
import type { HttpRequest } from '../../../auth/http/http-request.js';
import type { Runtime } from '../../../common/runtime.js';
import type { Sealer } from '../../../sealing/sealer.js';
import { SCANNED_MS } from '../scenes/scan-record.js';
import type { Ticket } from './ticket.js';

/** Whom WeChat has named; nobody where it showed a snapshot of the page to somebody made up. */
export interface Looker {
  readonly openid: string | undefined;
  /** As it came, for the token of the form. */
  readonly sealed: string;
}

/** Writes and reads that cookie. */
export class ConfirmCookie {
  constructor(
    private readonly sealer: Sealer,
    private readonly runtime: Pick<Runtime, 'now'>,
  ) {}

  /** The Set-Cookie line. */
  write({ app, text }: Ticket, openid: string | undefined): string {
    const name = nameFor(app);
    const until = this.runtime.now() + SCANNED_MS;
    const sealed = this.sealer.seal(
      'ticket',
      name,
      JSON.stringify({ of: hash('sha256', text), openid, until }),
    );
    return writeCookie(app, name, sealed, SCANNED_MS / 1_000);
  }

  /** Fails closed: for another link than this one there is nobody. */
  read({ app, text }: Ticket, { cookies }: HttpRequest): Looker | undefined {
    const name = nameFor(app);
    const sealed = onlyCookie(cookies, name);
    const opened = this.sealer.open('ticket', name, sealed);
    if (sealed === undefined || opened === undefined) return undefined;
    const { of, openid, until } = JSON.parse(opened) as { of: string; openid?: string; until: number };
    return of === hash('sha256', text) && until > this.runtime.now() ? { openid, sealed } : undefined;
  }
}

function nameFor(app: Ticket['app']): string {
  return cookieName(app, 'wechat_confirm');
}
