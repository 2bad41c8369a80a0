// Options that may be left out until somebody needs them: the guard, or a session.
import { WechatConfigError } from '../errors/errors.js';
import type { AppConfig, WechatConfig } from './wechat-config.js';

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
    missing.push(missingSecret('WechatAuthGuard seals its sessions with it'));
  }
  return missing;
}

/** What to do where a secret is missing or no good. */
export const MAKE_A_SECRET = 'Make one with: openssl rand -base64 32';

/**
 * @param why who needs it: `login() seals a session with it`
 * @throws WechatConfigError
 */
export function requireSessionSecret(
  { sessionSecrets }: Pick<WechatConfig, 'sessionSecrets'>,
  why: string,
): void {
  if (sessionSecrets.length === 0) throw missingSecret(why);
}

function missingSecret(why: string): WechatConfigError {
  return new WechatConfigError('sessionSecret', `is missing, and ${why}`, MAKE_A_SECRET);
}

/** Whether people sign in at this app by pages that WeChat sends them back to. */
export function hasPages({ type }: Pick<AppConfig, 'type'>): boolean {
  return type === 'official-account' || type === 'website';
}
