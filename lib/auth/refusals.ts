// Makes refusals: a page for people, an exception for programs, both with a reference that stands in the log too.
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../runtime.js';
import { makeProblem, type ProblemDetails, type WechatProblem, type WechatProblemCode } from './problems.js';
import { publicAddress, requirePublicUrl } from './return-address.js';
import type { Verdict } from './verdict.js';
import type { Visit } from './visit.js';

export class Refusals {
  constructor(
    private readonly config: Pick<WechatConfig, 'loginPath'>,
    private readonly runtime: Pick<Runtime, 'randomBytes'>,
    /** Whether `WechatAuthController` is mounted, so that there is an address to name. */
    private readonly hasLoginRoute: () => boolean,
  ) {}

  problem(code: WechatProblemCode, lang: 'zh' | 'en', details: ProblemDetails = {}): WechatProblem {
    const ref = this.runtime.randomBytes(5).toString('hex').toUpperCase();
    return makeProblem(code, lang, ref, details);
  }

  page(
    visit: Visit,
    code: WechatProblemCode,
    details: ProblemDetails = {},
    setCookies: string[] = [],
  ): Extract<Verdict, { kind: 'page' }> {
    const { lang } = visit;
    return { kind: 'page', problem: this.problem(code, lang, details), lang, setCookies };
  }

  deny(visit: Visit, code: WechatProblemCode): Verdict {
    const { accepted, rule, lang } = visit;
    const app = this.hasLoginRoute() ? visit.serving[0] : undefined;
    return {
      kind: 'deny',
      problem: this.problem(code, lang, {
        ...(app ? { loginUrl: publicAddress(requirePublicUrl(app), this.config.loginPath) } : {}),
        ...(accepted.length === 1 ? { app: accepted[0]!.name } : {}),
        ...(rule.scope === undefined ? {} : { scope: rule.scope }),
      }),
    };
  }
}
