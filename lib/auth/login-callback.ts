// Where a login ends: WeChat has sent the person back with a code and our state.
import { Logger } from '@nestjs/common';
import { WechatError } from '../api/errors.js';
import type { WechatApp, WechatConfig } from '../config/wechat-config.js';
import type { UserTokens } from '../tokens/user-tokens.js';
import { grantsProfile } from '../tokens/wechat-token.js';
import type { ExchangeOnce, ExchangeOutcome } from './exchange-once.js';
import { type Flow, type Flows, MAX_RESTARTS } from './flow.js';
import type { LoginStart } from './login-start.js';
import type { Refusals } from './refusals.js';
import { allowedReturnAddress, defaultReturnAddress } from './return-address.js';
import type { SealedSessions } from './sealed-sessions.js';
import type { FoundSession } from './session-reader.js';
import type { LoginResult, SignIn } from './sign-in.js';
import { redirectTo, type Verdict } from './verdict.js';
import type { Visit } from './visit.js';

export interface Callback {
  readonly app: WechatApp;
  readonly state: string;
  readonly attempt: number;
}

export class LoginCallback {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    private readonly config: WechatConfig,
    private readonly flows: Flows,
    private readonly exchanges: ExchangeOnce,
    private readonly tokens: UserTokens,
    private readonly signIn: SignIn,
    private readonly sessions: SealedSessions,
    private readonly start: LoginStart,
    private readonly refusals: Refusals,
  ) {}

  /** The callback is a page request whose `state` carries our MAC. `?code=` without one is the application's own. */
  recognize({ request }: Visit): Callback | undefined {
    for (const state of request.query.getAll('state')) {
      const recognized = this.flows.recognize(state);
      if (recognized) return { ...recognized, state };
    }
    return undefined;
  }

  async finish(visit: Visit, callback: Callback, found: readonly FoundSession[]): Promise<Verdict> {
    const { request, cookies, rule } = visit;
    const { app, state } = callback;
    const [code, ...more] = request.query.getAll('code');
    const malformed = more.length > 0 || (code !== undefined && !/^[\x21-\x7e]{1,512}$/.test(code));
    if (malformed || request.query.getAll('state').length > 1)
      return this.refusals.page(visit, 'BAD_LOGIN_REQUEST');
    if (!visit.accepted.includes(app)) return redirectTo(visit.cleanDestination);

    // The cookie before the code: whoever cannot show it can neither spend the code nor sign this browser in as somebody else.
    const flow = this.flows.find(app, cookies, state);
    const session = found.find((one) => one.app === app)?.session;
    if (!flow) {
      return session || rule.mode === 'optional'
        ? redirectTo(visit.cleanDestination)
        : this.restart(visit, callback);
    }
    const returnTo =
      allowedReturnAddress(this.config, app, flow.returnTo) ?? defaultReturnAddress(this.config, app);
    if (code === undefined) {
      return this.refusals.page(visit, 'LOGIN_REFUSED', { retryUrl: returnTo }, [
        this.flows.forget(app, flow),
      ]);
    }

    const upgraded = flow.upgrades !== undefined && flow.upgrades === session?.identity.openid;
    let outcome: ExchangeOutcome;
    try {
      outcome = await this.exchanges.run(app, state, {
        exchange: () => this.tokens.exchange(app, code),
        complete: async (token) =>
          this.judgeResult(
            app,
            await this.signIn.withToken(app, token, {
              client: visit.client,
              returnTo,
              request: request.raw,
              ...(upgraded ? { previous: session.identity } : {}),
              allowSnapshot: rule.snapshot !== 'refuse',
            }),
          ),
      });
    } catch (error) {
      // The code is no good. Its flow was genuine, so the person may have another one without being asked.
      if (error instanceof WechatError && error.kind === 'code') return this.restart(visit, callback, flow);
      return this.fail(visit, app, error, returnTo);
    }
    if (outcome.kind === 'spent') {
      return session ? redirectTo(visit.cleanDestination) : this.restart(visit, callback, flow);
    }
    return this.answer(visit, app, flow, outcome, returnTo);
  }

  /** Whatever can be wrong with a result is found out while its exchange is still kept for another try. */
  private judgeResult(app: WechatApp, result: LoginResult): LoginResult {
    if (result.kind !== 'signed-in') return result;
    this.sessions.toCookie(app, result.session);
    if (result.redirectTo === undefined) return result;
    const address = allowedReturnAddress(this.config, app, result.redirectTo);
    if (address === undefined) throw new RedirectNotAllowed();
    return { ...result, redirectTo: address };
  }

  private answer(visit: Visit, app: WechatApp, flow: Flow, result: LoginResult, returnTo: string): Verdict {
    if (result.kind === 'snapshot') {
      return this.refusals.page(visit, 'SNAPSHOT_USER', {}, [this.flows.forget(app, flow)]);
    }
    if (result.kind === 'refused') {
      const details = {
        reason: result.code,
        ...(result.message === undefined ? {} : { message: result.message }),
      };
      return this.refusals.page(visit, 'LOGIN_REFUSED', details, [this.flows.forget(app, flow)]);
    }
    const setCookies = [this.sessions.toCookie(app, result.session), this.flows.finish(app, flow)];
    if (flow.scope !== 'snsapi_base' && !grantsProfile(result.session.identity.scope)) {
      // Less was granted than asked for. Sending the person on would only ask again, for ever.
      return this.refusals.page(visit, 'WECHAT_SCOPE_REQUIRED', { scope: flow.scope }, setCookies);
    }
    return redirectTo(result.redirectTo ?? returnTo, setCookies);
  }

  /** The flow is lost: its cookie is gone, or its code is no good. Silently again, but not for ever. */
  private restart(visit: Visit, { app, attempt }: Callback, flow?: Flow): Verdict {
    const returnTo = flow?.returnTo ?? visit.cleanDestination;
    if (attempt >= MAX_RESTARTS) {
      return this.refusals.page(visit, flow ? 'LOGIN_FAILED' : 'COOKIES_REQUIRED', { retryUrl: returnTo });
    }
    const again = flow ? visit.under({ scope: flow.scope }) : visit;
    return this.start.begin(again, { returnTo, attempt: attempt + 1, app });
  }

  private fail(visit: Visit, app: WechatApp, error: unknown, retryUrl: string): Verdict {
    const verdict = this.refusals.page(visit, 'LOGIN_FAILED', { retryUrl });
    // Our own errors hold nothing secret; what somebody else's message holds nobody knows, so only its name is logged.
    const ours = error instanceof WechatError || error instanceof RedirectNotAllowed;
    const name = error instanceof Error ? error.constructor.name : typeof error;
    const what = ours ? error.message : `the login handler threw ${name}`;
    this.logger.error(`Login at "${app.name}" failed, ref ${verdict.problem.ref}: ${what}`);
    return verdict;
  }
}

class RedirectNotAllowed extends Error {
  constructor() {
    super('the login handler returned a redirectTo that is on no allowed origin; add it to returnTo.origins');
  }
}
