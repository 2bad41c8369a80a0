// What the environment says. Without any of WeChat's keys the sample plays with a mock WeChat; with
// them it talks to the real one.
import { randomBytes } from 'node:crypto';
import type { WechatAppOptions } from 'nestjs-wechat-oauth';
import { DEFAULT_MOCK_APPS } from 'nestjs-wechat-oauth/testing';

/** A setting is missing or wrong. The message is one line for the terminal. */
export class SettingsError extends Error {}

type Environment = Readonly<Record<string, string | undefined>>;

const REAL = ['WECHAT_APP_ID', 'WECHAT_SECRET', 'PUBLIC_URL', 'SESSION_SECRET'] as const;

export class Settings {
  readonly port: number;
  /** Undefined: there is no mock, WeChat is the real one. */
  readonly mockPort: number | undefined;
  readonly apps: Readonly<Record<string, WechatAppOptions>>;
  /** Where browsers reach the application. */
  readonly publicUrl: string;
  readonly sessionSecret: string;

  /** @throws SettingsError */
  constructor(env: Environment) {
    this.port = readPort(env, 'PORT', 3000);
    if (REAL.some((name) => env[name]) && !onlySessionSecret(env)) {
      const { WECHAT_APP_ID, WECHAT_SECRET, PUBLIC_URL, SESSION_SECRET } = readReal(env);
      this.apps = {
        official: { type: readType(env), appId: WECHAT_APP_ID, secret: WECHAT_SECRET },
      };
      this.publicUrl = PUBLIC_URL;
      this.sessionSecret = SESSION_SECRET;
      return;
    }
    this.mockPort = readPort(env, 'MOCK_PORT', 3001);
    if (this.mockPort === this.port) {
      throw new SettingsError(
        `PORT 和 MOCK_PORT 相同 · PORT and MOCK_PORT are both ${this.port}; choose two.`,
      );
    }
    this.apps = {
      official: mockApp('official-account'),
      website: mockApp('website'),
      mini: mockApp('mini-program'),
    };
    this.publicUrl = `http://127.0.0.1:${this.port}`;
    // A new one with every start: whoever was signed in signs in again, which is fine here and
    // nowhere else.
    this.sessionSecret = env['SESSION_SECRET'] || randomBytes(32).toString('base64');
  }
}

/** A session secret alone may well be meant for the mock: sessions then survive a restart. */
function onlySessionSecret(env: Environment): boolean {
  return REAL.every((name) => name === 'SESSION_SECRET' || !env[name]);
}

function readReal(env: Environment): Record<(typeof REAL)[number], string> {
  const missing = REAL.filter((name) => !env[name]);
  if (missing.length > 0) {
    const set = REAL.filter((name) => env[name]);
    const howTo = missing.includes('SESSION_SECRET') ? ' SESSION_SECRET=$(openssl rand -base64 32)' : '';
    throw new SettingsError(
      `缺少 ${missing.join('、')} · ${missing.join(', ')} missing: with ${set.join(', ')} the sample talks to the real WeChat and needs ${REAL.join(', ')}.${howTo}`,
    );
  }
  return Object.fromEntries(REAL.map((name) => [name, env[name]!])) as Record<(typeof REAL)[number], string>;
}

/** The two kinds of app that have pages to sign in with. */
function readType(env: Environment): 'official-account' | 'website' {
  const type = env['WECHAT_APP_TYPE'] || 'official-account';
  if (type === 'official-account' || type === 'website') return type;
  throw new SettingsError(
    `WECHAT_APP_TYPE 有误 · WECHAT_APP_TYPE is "${type}"; write official-account or website.`,
  );
}

function readPort(env: Environment, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new SettingsError(`${name} 有误 · ${name} is "${text}"; write a number from 1 to 65535.`);
}

function mockApp(type: WechatAppOptions['type']): WechatAppOptions {
  const app = DEFAULT_MOCK_APPS.find((candidate) => candidate.type === type)!;
  return { type, appId: app.appId, secret: app.secret };
}
