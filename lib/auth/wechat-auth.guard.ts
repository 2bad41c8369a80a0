// Puts the login flow in front of a handler: carries out its verdict in terms of Nest.
import {
  type CanActivate,
  type ExecutionContext,
  type HttpException,
  Inject,
  Injectable,
  Logger,
  UnauthorizedException,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { attachIdentity } from './attached-identity.js';
import { GuardSetup } from './guard-setup.js';
import { HttpAnswer } from './http-answer.js';
import { HttpRequest } from './http-request.js';
import { problemException } from './problems.js';
import { type ContextRequest, requestOf } from './request-of-context.js';
import { readRule, type RouteRule } from './route-rule.js';
import type { Verdict } from './verdict.js';

/**
 * Lets a request through when somebody is signed in with WeChat, and signs people in who look at a page. Use it with `@UseGuards(WechatAuthGuard)` or as
 * `APP_GUARD`; refine it with `@WechatAuth`, read who it was with `@WechatUser`.
 * Works in HTTP, GraphQL and WebSocket contexts. Nest 11 puts no `APP_GUARD` in front of gateways: write `@UseGuards` there.
 * @throws UnauthorizedException, ForbiddenException with the body of a `WechatProblem`, for requests that are not page navigations; a `WsException` with
 * the same body in gateways
 */
@Injectable()
export class WechatAuthGuard implements CanActivate {
  private readonly logger = new Logger(WechatAuthGuard.name);
  private hasWarned = false;
  private readonly unknownApps = new Set<string>();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(GuardSetup) private readonly setup: GuardSetup,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    setup.requireOptions();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = readRule(this.reflector, context);
    this.warnAboutUnknownApps(rule, context);
    const found = requestOf(context, this.setup.getRequest);
    // Fail closed: where no request is, nobody can have shown who they are.
    const request = found?.request ?? new HttpRequest({ headers: {} });
    const verdict = await this.setup.flow.judge(request, rule, found?.kind === 'http');
    if (found) this.attach(found, verdict);
    else if (rule.mode !== 'off') this.warnAboutMissingRequest(context);
    if (found?.kind !== 'http') {
      if (verdict.kind === 'pass') return true;
      throw await this.refusal(context.getType<string>(), verdict);
    }

    const answer = new HttpAnswer(this.host.httpAdapter, context.switchToHttp().getResponse());
    // A route that does not look is none of our business, whoever answers it.
    const isOurs = verdict.kind !== 'pass' || !verdict.isPublic;
    if (isOurs && answer.hasBegun) return endQuietly();
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
        await answer.page(verdict, this.setup.hooks, this.setup.runtime);
    }
    return endQuietly();
  }

  private attach({ call, carriers }: ContextRequest, verdict: Verdict): void {
    const passed = verdict.kind === 'pass';
    // A route that does not look has nothing to say about the request that it may share with others.
    for (const carrier of passed && verdict.isPublic ? [call] : carriers)
      attachIdentity(carrier, passed ? verdict.identity : undefined);
  }

  /** Neither GraphQL nor a socket can be sent to WeChat: they get the body of the contract in the way their clients read. */
  private async refusal(kind: string, verdict: Verdict): Promise<Error> {
    /* c8 ignore next -- only pages get the other verdicts */
    if (verdict.kind !== 'deny') return new UnauthorizedException();
    const exception = problemException(verdict.problem);
    if (kind === 'graphql') return withExtensions(exception);
    if (kind !== 'ws') return exception;
    try {
      // Loaded when it is needed: an application without gateways does not have the package.
      const { WsException } = await import('@nestjs/websockets');
      return new WsException(exception.getResponse());
    } catch {
      return exception;
    }
  }

  /** A misspelt name lets nobody in, and whoever is kept out by it would learn nothing from the 401. */
  private warnAboutUnknownApps({ apps = [] }: RouteRule, context: ExecutionContext): void {
    for (const name of apps) {
      if (this.setup.hasApp(name) || this.unknownApps.has(name)) continue;
      this.unknownApps.add(name);
      const where = `${context.getClass().name}.${context.getHandler().name}`;
      this.logger.warn(
        `@WechatAuth at ${where} names the app "${name}", which is not configured: its sessions can never count there.`,
      );
    }
  }

  private warnAboutMissingRequest(context: ExecutionContext): void {
    if (this.hasWarned) return;
    this.hasWarned = true;
    const where = `${context.getClass().name}.${context.getHandler().name}`;
    this.logger.warn(
      `No request was found behind ${where}, so everybody is a stranger there. With the "ws" package, keep it in the gateway: ` +
        'handleConnection(client, request) { client.request = request }. Elsewhere, set the option hooks.getRequest.',
    );
  }
}

/** The request is answered. Returning false or throwing would call the application's exception filters, of which some write a second answer. */
function endQuietly(): Promise<never> {
  return new Promise<never>(() => {});
}

const GRAPHQL_CODES: Readonly<Record<number, string>> = { 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' };

/** Nest's driver for Apollo makes these extensions itself, but only for answers over HTTP: what comes over graphql-ws or from another server shall look the same. */
function withExtensions(exception: HttpException): HttpException {
  const code = GRAPHQL_CODES[exception.getStatus()] ?? 'INTERNAL_SERVER_ERROR';
  return Object.assign(exception, { extensions: { code, originalError: exception.getResponse() } });
}
