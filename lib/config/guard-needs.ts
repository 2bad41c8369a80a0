// The options that only WechatAuthGuard needs.
import { WechatConfigError } from '../errors/errors.js';
import type { AppConfig } from './wechat-config.js';

/** @returns what is missing, nothing when the guard can work */
export function missingForGuard(apps: Iterable<AppConfig>, hasSessionSecret: boolean): WechatConfigError[] {
  const missing: WechatConfigError[] = [];
  const homeless = [...apps].filter((app) => hasPages(app) && !app.publicUrl);
  if (homeless.length > 0) {
    const names = homeless.map(({ name }) => `"${name}"`).join(' and ');
    missing.push(
      new WechatConfigError(
        'publicUrl',
        `is missing, and WechatAuthGuard sends people back to it from ${names}`,
        'Write the address that browsers use, e.g. "https://shop.example.com".',
      ),
    );
  }
  if (!hasSessionSecret) {
    missing.push(
      new WechatConfigError(
        'sessionSecret',
        'is missing, and WechatAuthGuard seals its sessions with it',
        'Make one with: openssl rand -base64 32',
      ),
    );
  }
  return missing;
}

/** Whether people sign in at this app by pages that WeChat sends them back to. */
export function hasPages({ type }: Pick<AppConfig, 'type'>): boolean {
  return type === 'official-account' || type === 'website';
}
