// Puts the login flow in front of a handler: carries out its verdict in terms of Nest.
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { attachIdentity } from './attached-identity.js';
import { GuardSetup } from './guard-setup.js';
import { HttpAnswer } from './http-answer.js';
import { HttpRequest } from './http-request.js';
import { problemException } from './problems.js';
import { readRule } from './route-rule.js';

/**
 * Lets a request through when somebody is signed in with WeChat, and signs people in who look at a page. Use it with `@UseGuards(WechatAuthGuard)` or as
 * `APP_GUARD`; refine it with `@WechatAuth`, read who it was with `@WechatUser`.
 * @throws UnauthorizedException, ForbiddenException with the body of a `WechatProblem`, for requests that are not page navigations
 */
@Injectable()
export class WechatAuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(GuardSetup) private readonly setup: GuardSetup,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    setup.requireOptions();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // Fail closed: what is not HTTP has neither cookies nor pages to sign in with.
    if (context.getType() !== 'http') throw new UnauthorizedException();
    const raw = context.switchToHttp().getRequest<object>();
    const verdict = await this.setup.flow.judge(new HttpRequest(raw), readRule(this.reflector, context));
    if (verdict.kind === 'deny') throw problemException(verdict.problem);

    const answer = new HttpAnswer(this.host.httpAdapter, context.switchToHttp().getResponse());
    if (verdict.kind === 'pass') {
      attachIdentity(raw, verdict.identity);
      answer.setCookies(verdict.setCookies);
      return true;
    }
    if (verdict.kind === 'redirect') answer.redirect(verdict);
    else await answer.page(verdict, this.setup.hooks);
    // The request is answered. Returning false or throwing would call the application's exception filters, of which some write a second answer.
    return new Promise<never>(() => {});
  }
}
