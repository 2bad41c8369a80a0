// Makes refusals: a page for people, an exception for programs, both with a reference that stands
// in the log too.
import { defined } from '../../common/defined.js';
import { Logger } from '@nestjs/common';
import type { WechatConfig } from '../../config/wechat-config.js';
import type { Runtime } from '../../common/runtime.js';
import { newRef } from '../../errors/ref.js';
import { makeProblem, type ProblemDetails } from '../problems/problems.js';
import type { WechatProblem, WechatProblemCode } from '../../model/problem.js';
import { defaultReturnAddress, publicAddress, requirePublicUrl } from '../http/return-address.js';
import type { Verdict } from '../http/verdict.js';
import type { Visit } from './visit.js';
import type { WechatClientKind } from '../../model/client-kind.js';

/** Makes problems: pages for people, errors for programs. */
export class ProblemFactory {
  private readonly logger = new Logger('WechatOAuth');

  constructor(
    private readonly config: WechatConfig,
    private readonly runtime: Pick<Runtime, 'randomBytes'>,
    /**
     * Of the login route, where there is one to name. Asked for at the first refusal, when the
     * routes are known.
     */
    private readonly login: { readonly path: string | undefined },
  ) {}

  make(code: WechatProblemCode, lang: 'zh' | 'en', details: ProblemDetails = {}): WechatProblem {
    const { ref = newRef(this.runtime), ...rest } = details;
    return makeProblem(code, lang, ref, rest);
  }

  pageFor(
    visit: Visit,
    code: WechatProblemCode,
    details: ProblemDetails = {},
    setCookies: string[] = [],
  ): Extract<Verdict, { kind: 'page' }> {
    const { lang, client, home: app } = visit;
    const home = app ? { homeUrl: defaultReturnAddress(this.config, app) } : {};
    const problem = this.make(code, lang, { client, ...home, ...details });
    // A failure is logged where its cause is known.
    if (code !== 'LOGIN_FAILED') this.logger.log(`${code}, ref ${problem.ref}, shown to ${client}`);
    return { kind: 'page', problem, lang, setCookies, base: app?.publicUrl ?? this.config.publicUrl };
  }

  errorFor(visit: Visit, code: WechatProblemCode, details: ProblemDetails = {}): Verdict {
    const { accepted, rule, lang } = visit;
    const { path } = this.login;
    const app = visit.serving[0];
    const known = defined({
      loginUrl: app && path !== undefined ? publicAddress(requirePublicUrl(app), path) : undefined,
      app: accepted.length === 1 ? accepted[0]!.name : undefined,
      scope: rule.scope,
    });
    const problem = this.make(code, lang, { ...known, ...details });
    this.note(problem, visit.client);
    return { kind: 'deny', problem };
  }

  /** A refusal of a login without pages. */
  errorForProgram(
    code: WechatProblemCode,
    lang: 'zh' | 'en',
    client: WechatClientKind | 'a program',
    details: ProblemDetails = {},
  ): WechatProblem {
    const problem = this.make(code, lang, details);
    this.note(problem, client);
    return problem;
  }

  /** Any stranger can cause these, so they are not for the everyday log. */
  private note({ code, ref }: WechatProblem, client: string): void {
    this.logger.debug(`${code}, ref ${ref}, answered to ${client}`);
  }
}
