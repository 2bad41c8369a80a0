// Puts the login flow in front of a handler: carries out its verdict in terms of Nest.
import {
  type CanActivate,
  type ExecutionContext,
  type HttpException,
  Inject,
  Injectable,
  Logger,
  NotFoundException,
  UnauthorizedException,
} from '@nestjs/common';
import { attachIdentity } from './http/attached-identity.js';
import { GuardSetup } from './guard-setup.js';
import { ResponseWriter } from './http/response-writer.js';
import { HttpRequest } from './http/http-request.js';
import { problemException } from './problems/problems.js';
import { type ContextRequest, requestOf } from './http/request-of-context.js';
import type { Verdict } from './http/verdict.js';

const logger = new Logger('WechatAuthGuard');
/**
 * @internal The key under which a guard is given what it needs. Nest prints it where that is
 * missing, and it says what to import then.
 */
export const GUARD_SETUP = Symbol('WechatOAuthModule.forRoot()');
const setups = new WeakMap<WechatAuthGuard, GuardSetup>();

/**
 * Lets a request through when somebody is signed in with WeChat, and signs people in who look at a
 * page. Use it with `@UseGuards(WechatAuthGuard)` or as `APP_GUARD`; refine it with `@WechatAuth`,
 * read who it was with `@WechatUser`. Works in HTTP, GraphQL and WebSocket contexts. Nest 11 puts
 * no `APP_GUARD` in front of gateways: write `@UseGuards` there.
 * @example
 * @Controller('orders')
 * @UseGuards(WechatAuthGuard)
 * export class OrdersController {
 *   @Get()
 *   list(@WechatUser() user: WechatIdentity) {}
 * }
 * @throws UnauthorizedException, ForbiddenException with the body of a `WechatProblem`, for
 * requests that are not page navigations; a `WsException` with the same body in gateways
 */
@Injectable()
export class WechatAuthGuard implements CanActivate {
  // Neither a constructor nor a field: a class that extends this one may have its own, under any
  // name.
  static {
    Inject(GuardSetup)(this.prototype, GUARD_SETUP);
  }

  /**
   * @internal Given while the application starts: that is when what only a guard needs has to be
   * there.
   */
  set [GUARD_SETUP](setup: GuardSetup) {
    setup.requireOptions();
    setups.set(this, setup);
  }

  /** Lets in, answers by itself, or throws an exception of Nest for the application to shape. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const setup = setups.get(this)!;
    const rule = setup.ruleOf(context);
    const found = requestOf(context, setup.getRequest);
    // Fail closed: where no request is, nobody can have shown who they are.
    const request = found?.request ?? new HttpRequest({ headers: {} });
    const verdict = setup.loginJudge.judge(request, rule, found?.kind === 'http');
    if (!found && rule.mode !== 'off') warnAboutMissingRequest(setup, context);
    return verdict instanceof Promise
      ? verdict.then((known) => carryOut(known, setup, context, found))
      : carryOut(verdict, setup, context, found);
  }
}

function carryOut(
  verdict: Verdict,
  setup: GuardSetup,
  context: ExecutionContext,
  found: ContextRequest | undefined,
): boolean | Promise<boolean> {
  if (found) attach(found, verdict);
  if (found?.kind !== 'http')
    return verdict.kind === 'pass' ? true : refuse(context.getType<string>(), verdict);

  const answer = new ResponseWriter(setup.host.httpAdapter, context.switchToHttp().getResponse());
  // A route that does not look is none of our business, whoever answers it.
  const isOurs = verdict.kind !== 'pass' || !verdict.unguarded;
  if (isOurs && answer.hasBegun) return endQuietly();
  switch (verdict.kind) {
    case 'pass':
      answer.pass(verdict);
      return true;
    case 'absent':
      // Kept by nobody: the same address may be a callback to another browser, or in a minute.
      answer.keepPrivate();
      throw new NotFoundException();
    case 'deny':
      answer.keepPrivate();
      throw problemException(verdict.problem);
    case 'redirect':
      answer.redirect(verdict);
      return endQuietly();
    case 'page':
      return answer.page(verdict, setup).then(endQuietly);
    case 'bounce':
    case 'handover':
      answer.frame(verdict);
      return endQuietly();
  }
}

function attach({ call, carriers }: ContextRequest, verdict: Verdict): void {
  const passed = verdict.kind === 'pass';
  // A route that does not look has nothing to say about the request that it may share with others.
  for (const carrier of passed && verdict.unguarded ? [call] : carriers)
    attachIdentity(carrier, passed ? verdict.identity : undefined);
}

/**
 * Neither GraphQL nor a socket can be sent to WeChat: they get the body of the contract in the way
 * their clients read.
 */
async function refuse(kind: string, verdict: Verdict): Promise<never> {
  /* c8 ignore next -- only pages get the other verdicts */
  if (verdict.kind !== 'deny') throw new UnauthorizedException();
  const exception = problemException(verdict.problem);
  if (kind === 'graphql') throw withExtensions(exception);
  if (kind !== 'ws') throw exception;
  throw await socketException(exception);
}

async function socketException(exception: HttpException): Promise<Error> {
  try {
    // Loaded when it is needed: an application without gateways does not have the package.
    const { WsException } = await import('@nestjs/websockets');
    return new WsException(exception.getResponse());
  } catch {
    return exception;
  }
}

function warnAboutMissingRequest({ said }: GuardSetup, context: ExecutionContext): void {
  if (said.has('request')) return;
  said.add('request');
  const where = `${context.getClass().name}.${context.getHandler().name}`;
  logger.warn(
    `No request was found behind ${where}, so everybody is a stranger there. With the "ws" package, keep it in the gateway: ` +
      'handleConnection(client, request) { client.request = request }. Elsewhere, set the option hooks.getRequest.',
  );
}

/**
 * The request is answered. Returning false or throwing would call the application's exception
 * filters, of which some write a second answer.
 */
function endQuietly(): Promise<never> {
  return new Promise<never>(() => {});
}

const GRAPHQL_CODES: Readonly<Record<number, string>> = { 401: 'UNAUTHENTICATED', 403: 'FORBIDDEN' };

/**
 * Nest's driver for Apollo makes these extensions itself, but only for answers over HTTP: what
 * comes over graphql-ws or from another server shall look the same.
 */
function withExtensions(exception: HttpException): HttpException {
  const code = GRAPHQL_CODES[exception.getStatus()] ?? 'INTERNAL_SERVER_ERROR';
  return Object.assign(exception, { extensions: { code, originalError: exception.getResponse() } });
}
