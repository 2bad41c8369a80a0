// The one thing the guard injects, so that it can be used in every module that sees ours.
import { Logger } from '@nestjs/common';
import type { HttpAdapterHost, Reflector } from '@nestjs/core';
import { WechatConfigError } from '../errors/errors.js';
import { missingForGuard } from '../config/guard-needs.js';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../common/runtime.js';
import { askHook } from '../config/ask-hook.js';
import { readRule, type RouteContext, type RouteRule } from './decorators/wechat-auth.decorator.js';
import type { LoginJudge } from './login/login-judge.js';
import type { GetRequest } from './http/request-of-context.js';

const logger = new Logger('WechatAuthGuard');

/** What the guard needs of the module that it stands in. */
export class GuardSetup {
  constructor(
    private readonly config: WechatConfig,
    readonly loginJudge: LoginJudge,
    readonly runtime: Runtime,
    private readonly reflector: Reflector,
    readonly host: HttpAdapterHost,
  ) {}

  private readonly rules = new WeakMap<object, WeakMap<object, RouteRule>>();

  /** What was said once and need not be said again. */
  readonly said = new Set<string>();

  get hooks(): WechatConfig['hooks'] {
    return this.config.hooks;
  }

  get brand(): WechatConfig['brand'] {
    return this.config.brand;
  }

  /** What `hooks.getRequest` finds; a mistake in it leaves the request to the module. */
  readonly getRequest: GetRequest = (context) =>
    askHook(
      this.config,
      'hooks.getRequest',
      () => this.config.hooks.getRequest?.(context),
      (said): said is object => typeof said === 'object' && said !== null && !('then' in said),
    );

  /** The rule of a handler, made when it is asked for the first time. */
  ruleOf(context: RouteContext): RouteRule {
    const [type, handler] = [context.getClass(), context.getHandler()];
    let ofType = this.rules.get(type);
    if (!ofType) this.rules.set(type, (ofType = new WeakMap()));
    let rule = ofType.get(handler);
    if (!rule) ofType.set(handler, (rule = this.readRule(context)));
    return rule;
  }

  /**
   * A misspelt name lets nobody in, and whoever is kept out by it would learn nothing from the 401.
   */
  private readRule(context: RouteContext): RouteRule {
    const rule = readRule(this.reflector, context);
    for (const name of rule.apps ?? []) {
      if (this.config.apps.has(name) || this.said.has(`app ${name}`)) continue;
      this.said.add(`app ${name}`);
      const where = `${context.getClass().name}.${context.getHandler().name}`;
      logger.warn(
        `@WechatAuth at ${where} names the app "${name}", which is not configured: its sessions can never count there.`,
      );
    }
    return rule;
  }

  /**
   * Options that only the guard needs. Called while the application starts, and only where a guard
   * is used.
   * @throws WechatConfigError
   */
  requireOptions(): void {
    const { apps, sessionSecrets } = this.config;
    const missing = missingForGuard(apps.values(), sessionSecrets.length > 0);
    if (missing.length > 0) throw WechatConfigError.listing(missing);
  }
}

// Where it is missing, Nest prints the name of what it looked for: it says what to import.
Object.defineProperty(GuardSetup, 'name', { value: 'WechatOAuthModule.forRoot()' });
