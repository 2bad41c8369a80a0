// A callback in the frame of a QR code (`self_redirect`). WeChat's document starts it, so browsers
// neither send our cookies nor keep them: the first request is answered by a page that asks again,
// from our own origin, and only the second is finished.
import type { WechatConfig } from '../../../config/wechat-config.js';
import { frameAncestors } from '../../http/frame-ancestors.js';
import { allowedReturnAddress } from '../../http/return-address.js';
import type { Verdict } from '../../http/verdict.js';
import type { SessionReader } from '../../session/session-reader.js';
import type { Callback, LoginCallback } from '../login-callback.js';
import type { PendingLogins } from '../pending-logins.js';
import type { ProblemFactory } from '../problem-factory.js';
import type { Visit } from '../visit.js';

/** A callback in the frame of a QR code. */
export class FramedCallback {
  constructor(
    private readonly config: WechatConfig,
    private readonly logins: PendingLogins,
    private readonly reader: SessionReader,
    private readonly callback: LoginCallback,
    private readonly problems: ProblemFactory,
  ) {}

  /**
   * Told by the state alone, whose MAC says that it was minted for a frame: no cookie is read yet.
   * Every other request in a frame is judged as before, and refused where nobody is signed in.
   */
  recognize(visit: Visit): Callback | undefined {
    if (visit.request.search === '' || !visit.isFrame) return undefined;
    const found = this.callback.recognize(visit);
    return typeof found === 'object' && found.qr === 'frame' ? found : undefined;
  }

  /**
   * Fails closed: only what our own document asked for is finished. Whoever frames us otherwise
   * gets a page that says nothing and that a browser shows to listed origins of our site only.
   */
  judge(visit: Visit, callback: Callback): Verdict | Promise<Verdict> {
    if (visit.isPrefetch) return this.problems.errorFor(visit, 'PREFETCH_REFUSED');
    if (!visit.accepted.includes(callback.app)) return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    if (visit.request.header('sec-fetch-site') !== 'same-origin')
      return { kind: 'bounce', ancestors: frameAncestors(this.config, callback.app) };
    return this.finish(visit, callback);
  }

  private async finish(visit: Visit, callback: Callback): Promise<Verdict> {
    const { app, state } = callback;
    const pending = this.logins.find(app, visit.cookies, state);
    // What was not begun for a frame does not end in one.
    if (pending && pending.qr !== 'frame') return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    const returnTo = allowedReturnAddress(this.config, app, pending?.returnTo) ?? visit.cleanDestination;
    const framed = { ancestors: frameAncestors(this.config, app), target: new URL(returnTo).origin };
    const found = await this.reader.find(visit.request, visit.rule.apps);
    if (found === 'forged') return this.problems.errorFor(visit, 'WECHAT_LOGIN_REQUIRED');
    const verdict =
      found === 'unknown'
        ? this.problems.pageFor(visit, 'STORE_UNAVAILABLE', { retryUrl: returnTo })
        : await this.callback.finish(visit, callback, found);
    if (verdict.kind === 'page') return { ...verdict, framed };
    if (verdict.kind !== 'redirect') return verdict;
    const { location, setCookies, signsIn } = verdict;
    const ok = signsIn === true || (found !== 'unknown' && found.some((one) => one.app === app));
    return {
      kind: 'handover',
      // A login that is over has signed nobody in, whatever the page around it makes of that.
      status: ok ? 200 : 401,
      ok,
      location,
      lang: visit.lang,
      setCookies,
      framed,
    };
  }
}
