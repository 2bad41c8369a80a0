// The one thing the guard injects, so that it can be used in every module that sees ours.
import type { HttpAdapterHost, Reflector } from '@nestjs/core';
import { WechatConfigError } from '../errors/errors.js';
import { missingForGuard } from '../config/guard-needs.js';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../common/runtime.js';
import { askHook } from '../config/ask-hook.js';
import type { LoginJudge } from './login/login-judge.js';
import type { GetRequest } from './http/request-of-context.js';

/** What the guard needs of the module that it stands in. */
export class GuardSetup {
  constructor(
    private readonly config: WechatConfig,
    readonly loginJudge: LoginJudge,
    readonly runtime: Runtime,
    readonly reflector: Reflector,
    readonly host: HttpAdapterHost,
  ) {}

  /** What was said once and need not be said again. */
  readonly said = new Set<string>();

  get hooks(): WechatConfig['hooks'] {
    return this.config.hooks;
  }

  /** What `hooks.getRequest` finds; a mistake in it leaves the request to the module. */
  readonly getRequest: GetRequest = (context) =>
    askHook(
      this.config,
      'hooks.getRequest',
      () => this.config.hooks.getRequest?.(context),
      (said): said is object => typeof said === 'object' && said !== null && !('then' in said),
    );

  hasApp(name: string): boolean {
    return this.config.apps.has(name);
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
