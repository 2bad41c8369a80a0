// Judges the options once, while the application starts. Every complaint names the option, what is wrong with it and what to write instead.
import { WechatConfigError } from '../api/errors.js';
import type { WechatDevOptions, WechatHttpOptions, WechatOAuthOptions } from '../wechat-oauth.options.js';
import { readApps, readDefaultApp } from './read-apps.js';
import { readSession, readSessionSecrets } from './read-session.js';
import { readEndpoint, readOrigin, readPublicUrl } from './read-url.js';
import { isRecord, readFunctions, readOneOf, readPath, readPositive, refuseUnknown } from './read-value.js';
import type { WechatConfig } from './wechat-config.js';

const KNOWN_OPTIONS: Readonly<Record<string, string>> = {
  '': 'appId secret type scope apps defaultApp publicUrl sessionSecret session returnTo loginPath endpoints http lang hooks dev now',
  session: 'ttl idle cookieName bearer revocable',
  returnTo: 'origins default',
  endpoints: 'open api',
  http: 'timeout maxSockets httpAgent httpsAgent',
  hooks: 'selectApp detectClient getRequest renderProblem',
  dev: 'client allowHttp',
};
const KNOWN_CLIENTS: readonly (WechatDevOptions['client'] & string)[] = [
  'wechat',
  'wechat-desktop',
  'mini-program',
  'wecom',
  'mobile-browser',
  'desktop-browser',
  'crawler',
  'native-app',
];

/**
 * @param production whether `NODE_ENV` is `production`
 * @throws WechatConfigError
 */
export function resolveConfig(options: WechatOAuthOptions, production: boolean): WechatConfig {
  requireOptionsObject(options);
  for (const [group, known] of Object.entries(KNOWN_OPTIONS)) {
    const value = group ? (options as Record<string, unknown>)[group] : options;
    if (value === undefined) continue;
    if (!isRecord(value))
      throw new WechatConfigError(group, 'is not an object', 'See the configuration table in the README.');
    if (group === 'http' && value['proxy'] !== undefined) refuseProxy();
    if (group === 'session' && value['codec'] !== undefined) refuseCodec();
    refuseUnknown(value, known, group);
  }

  const dev = options.dev ?? {};
  if (production && (dev.client !== undefined || dev.allowHttp)) {
    throw new WechatConfigError(
      'dev',
      'is set while NODE_ENV is "production"',
      'Leave it out there: it takes protections away.',
    );
  }
  if (dev.client !== undefined && typeof dev.client !== 'function') {
    readOneOf('dev.client', dev.client, KNOWN_CLIENTS);
  }
  const allowHttp = readOneOf('dev.allowHttp', dev.allowHttp ?? false, [true, false]);
  readFunctions('', { now: options.now });

  const publicUrl =
    options.publicUrl === undefined ? undefined : readPublicUrl('publicUrl', options.publicUrl, allowHttp);
  const apps = readApps(options, publicUrl, allowHttp);
  const sessionSecrets = readSessionSecrets(options.sessionSecret, apps);
  const origins = new Set<string>();
  for (const app of apps.values()) if (app.publicUrl) origins.add(app.publicUrl.origin);
  const extraOrigins = options.returnTo?.origins ?? [];
  if (!Array.isArray(extraOrigins)) {
    throw new WechatConfigError(
      'returnTo.origins',
      'is not an array',
      'Write origins: ["https://app.example.com"].',
    );
  }
  extraOrigins.forEach((origin, index) =>
    origins.add(readOrigin(`returnTo.origins[${index}]`, origin, allowHttp)),
  );

  return {
    apps,
    defaultApp: readDefaultApp(options.defaultApp, apps),
    publicUrl,
    sessionSecrets,
    session: readSession(options),
    returnTo: { origins, default: readPath('returnTo.default', options.returnTo?.default ?? '/') },
    loginPath: readLoginPath(options.loginPath ?? '/wechat/login'),
    endpoints: {
      open: readEndpoint('endpoints.open', options.endpoints?.open ?? 'https://open.weixin.qq.com'),
      api: readEndpoint('endpoints.api', options.endpoints?.api ?? 'https://api.weixin.qq.com'),
    },
    http: readHttp(options.http ?? {}),
    lang: readOneOf('lang', options.lang ?? 'en', ['zh_CN', 'zh_TW', 'en']),
    hooks: readFunctions('hooks', options.hooks ?? {}),
    dev,
  };
}

/** @throws WechatConfigError */
export function requireOptionsObject(options: unknown): void {
  if (isRecord(options)) return;
  throw new WechatConfigError('options', 'are missing', 'Pass an object, or return one from useFactory.');
}

function readHttp(http: WechatHttpOptions): WechatConfig['http'] {
  const { httpAgent, httpsAgent } = http;
  for (const [name, agent] of Object.entries({ httpAgent, httpsAgent })) {
    if (agent !== undefined && typeof (agent as { addRequest?: unknown } | null)?.addRequest !== 'function') {
      throw new WechatConfigError(
        `http.${name}`,
        'is not an agent',
        `Pass an Agent of node:${name.slice(0, -5)}, or one that extends it.`,
      );
    }
  }
  const maxSockets = http.maxSockets ?? 256;
  if (!Number.isInteger(maxSockets) || maxSockets < 1) {
    throw new WechatConfigError('http.maxSockets', 'is not a whole number from 1', 'Write a plain number.');
  }
  const timeout = readPositive('http.timeout', http.timeout ?? 5_000, 'ms', 120_000);
  return { ...http, timeout, maxSockets };
}

/** axios would hand a proxy of this kind the whole address in clear, app secret included; an agent shows it the host alone. */
function refuseProxy(): never {
  throw new WechatConfigError(
    'http.proxy',
    'is no option, because a proxy must not read the app secret',
    'Write httpsAgent: new HttpsProxyAgent("http://proxy.example.com:3128"), of the package https-proxy-agent.',
  );
}

/** What a codec opened was trusted unseen and remembered, so its tokens could neither be ended nor told from another's. */
function refuseCodec(): never {
  throw new WechatConfigError(
    'session.codec',
    'is no option',
    'Use a guard of your own that takes your token or asks WechatSessionService.authenticate(), as the README shows. What signs somebody in is the token of issue().',
  );
}

/** Without a query or fragment: the guard appends its own. */
function readLoginPath(value: unknown): string {
  const path = readPath('loginPath', value);
  if (!/[?#]/.test(path)) return path;
  throw new WechatConfigError('loginPath', 'has a query or a fragment', 'Write the path alone.');
}
