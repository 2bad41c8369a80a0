// The one thing the guard injects, so that it can be used in every module that sees ours.
import { WechatConfigError } from '../api/errors.js';
import type { WechatConfig } from '../config/wechat-config.js';
import type { Runtime } from '../runtime.js';
import { askHook } from './ask-hook.js';
import type { LoginFlow } from './login-flow.js';
import type { GetRequest } from './request-of-context.js';

export class GuardSetup {
  constructor(
    private readonly config: WechatConfig,
    readonly flow: LoginFlow,
    readonly runtime: Runtime,
  ) {}

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
   * Options that only the guard needs. Called while the application starts, and only where a guard is used.
   * @throws WechatConfigError
   */
  requireOptions(): void {
    if (this.config.sessionSecrets.length === 0) {
      throw new WechatConfigError(
        'sessionSecret',
        'is missing, and WechatAuthGuard seals its sessions with it',
        'Make one with: openssl rand -base64 32',
      );
    }
    for (const app of this.config.apps.values()) {
      const hasPages = app.type === 'official-account' || app.type === 'website';
      if (hasPages && !app.publicUrl) {
        throw new WechatConfigError(
          'publicUrl',
          `is missing, and WechatAuthGuard sends people back to it from "${app.name}"`,
          'Write the address that browsers use, e.g. "https://shop.example.com".',
        );
      }
    }
  }
}
