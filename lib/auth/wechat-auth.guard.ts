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
import { problemException } from './problems.js';
import { requestOf } from './request-of-context.js';
import { readRule } from './route-rule.js';
import type { Verdict } from './verdict.js';

/**
 * Lets a request through when somebody is signed in with WeChat, and signs people in who look at a page. Use it with `@UseGuards(WechatAuthGuard)` or as
 * `APP_GUARD`; refine it with `@WechatAuth`, read who it was with `@WechatUser`.
 * Works in HTTP, GraphQL and WebSocket contexts.
 * @throws UnauthorizedException, ForbiddenException with the body of a `WechatProblem`, for requests that are not page navigations; a `WsException` with
 * the same body in gateways
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
    const found = requestOf(context, this.setup.hooks.getRequest);
    // Fail closed: where no request is, nobody can have shown who they are.
    if (!found) throw new UnauthorizedException();
    const { kind, request, carriers } = found;
    const verdict = await this.setup.flow.judge(request, readRule(this.reflector, context), kind === 'http');
    for (const carrier of carriers)
      attachIdentity(carrier, verdict.kind === 'pass' ? verdict.identity : undefined);
    if (kind !== 'http') {
      if (verdict.kind === 'pass') return true;
      throw await this.refusal(kind, verdict);
    }

    const answer = new HttpAnswer(this.host.httpAdapter, context.switchToHttp().getResponse());
    switch (verdict.kind) {
      case 'pass':
        answer.pass(verdict);
        return true;
      case 'deny':
        answer.keepPrivate();
        throw problemException(verdict.problem);
      case 'redirect':
        answer.redirect(verdict);
        break;
      case 'page':
        await answer.page(verdict, this.setup.hooks);
    }
    // The request is answered. Returning false or throwing would call the application's exception filters, of which some write a second answer.
    return new Promise<never>(() => {});
  }

  /** Neither GraphQL nor a socket can be sent to WeChat: they get the body of the contract in the way their clients read. */
  private async refusal(kind: 'graphql' | 'ws', verdict: Verdict): Promise<Error> {
    /* c8 ignore next -- only pages get the other verdicts */
    if (verdict.kind !== 'deny') return new UnauthorizedException();
    const exception = problemException(verdict.problem);
    if (kind === 'graphql') return exception;
    // Loaded when it is needed: an application without gateways does not have the package.
    const { WsException } = await import('@nestjs/websockets');
    return new WsException(exception.getResponse());
  }
}
