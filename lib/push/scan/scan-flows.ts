// Which login of this browser a request at the page of a scan is about: the state in its address,
// and the sealed cookie of that flow.
import type { HttpRequest } from '../../auth/http/http-request.js';
import type { PendingLogin, PendingLogins } from '../../auth/login/pending-logins.js';
import type { AppConfig } from '../../config/wechat-config.js';

/** What the address says. */
export interface AskedScan {
  readonly app: AppConfig;
  readonly state: string;
}

/** What the cookie of this browser says. */
export interface ScanFlow extends AskedScan {
  readonly pending: PendingLogin;
}

/** Finds the login that a request belongs to. */
export class ScanFlows {
  constructor(private readonly logins: PendingLogins) {}

  /** Undefined unless there is one state, one of ours, of a login by a scan. */
  asked({ query }: HttpRequest): AskedScan | undefined {
    const states = query.getAll('state');
    const recognized = states.length === 1 ? this.logins.recognize(states[0]!) : undefined;
    const isScan = recognized?.step === 'scan' && recognized.app.scan !== undefined;
    return isScan ? { app: recognized.app, state: states[0]! } : undefined;
  }

  /** Fails closed: without the sealed cookie of this very login there is none. */
  shown({ app, state }: AskedScan, { cookies }: HttpRequest): ScanFlow | undefined {
    const pending = this.logins.find(app, cookies, state);
    return pending && { app, state, pending };
  }

  /** Both. */
  of(request: HttpRequest): ScanFlow | undefined {
    const asked = this.asked(request);
    return asked && this.shown(asked, request);
  }
}
