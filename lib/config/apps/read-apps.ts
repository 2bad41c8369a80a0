// Reads which WeChat apps there are.
import { WechatConfigError } from '../../errors/errors.js';
import { WechatSecret } from '../../sealing/secret.js';
import type {
  WechatAppOptions,
  WechatAppTokenSource,
  WechatAppType,
  WechatOAuthModuleOptions,
  WechatScope,
} from '../../wechat-oauth.options.js';
import type { Complaints } from '../complaints.js';
import { hasPages } from '../guard-needs.js';
import { readCallbackPath } from './read-callback-path.js';
import { readAppFiles } from './read-verification-files.js';
import { readPush } from './read-push.js';
import { readScan } from './read-scan.js';
import { readPublicUrl, UNREAD_URL } from '../read-url.js';
import { check, isRecord, readOneOf, type OptionNames, refuseUnknown } from '../read-value.js';
import type { AppConfig } from '../wechat-config.js';

const KNOWN_APP_OPTIONS = {
  type: 1,
  appId: 1,
  secret: 1,
  scope: 1,
  publicUrl: 1,
  callbackPath: 1,
  verificationFiles: 1,
  unionRealm: 1,
  appToken: 1,
  push: 1,
  scan: 1,
} satisfies OptionNames<WechatAppOptions>;

/**
 * The scopes each kind of app knows, the default first. Source: WeChat's pages on authorization of
 * each kind.
 * @see
 * https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
 * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/Wechat_Login.html
 */
export const SCOPES: Readonly<Record<WechatAppType, readonly WechatScope[]>> = {
  'official-account': ['snsapi_base', 'snsapi_userinfo'],
  website: ['snsapi_login'],
  mobile: ['snsapi_userinfo'],
  'mini-program': [],
};

/** What an app has of the module where it says nothing itself. */
export interface ModuleDefaults {
  readonly publicUrl: URL | undefined;
  readonly callbackPath: string | undefined;
}

/** The apps by name. What is wrong goes to `complaints`, or is thrown. */
export function readApps(
  options: WechatOAuthModuleOptions,
  defaults: ModuleDefaults,
  allowHttp: boolean,
  complaints: Complaints,
): Map<string, AppConfig> {
  const { apps, appId, secret, type, scope, appToken, push, scan } = options;
  if (apps === undefined) {
    const single = {
      type: type ?? 'official-account',
      appId,
      secret,
      scope,
      appToken,
      push,
      scan,
    } as WechatAppOptions;
    return new Map([['default', readApp('default', single, '', defaults, allowHttp, complaints)]]);
  }
  const isAlone = [appId, secret, type, scope, appToken, push, scan].every((one) => one === undefined);
  const lonely = push === undefined ? 'scan' : 'push';
  const beside =
    push === undefined && scan === undefined
      ? 'appId, secret, type, scope or appToken'
      : `${lonely}, which belongs to one of them`;
  check(isAlone, 'apps', `stands beside ${beside}`, 'Write one app or several, not both.');
  const hasSome = isRecord(apps) && Object.keys(apps).length > 0;
  check(hasSome, 'apps', 'holds no app', 'Write apps: { official: { type, appId, secret } }.');
  const resolved = new Map<string, AppConfig>();
  const readOne = (name: string, app: unknown) => {
    const option = `apps.${name}`;
    requireName(name);
    check(isRecord(app), option, 'is not an object', 'Write { type, appId, secret }.');
    refuseUnknown(app, KNOWN_APP_OPTIONS, option, complaints);
    const read = readApp(
      name,
      app as unknown as WechatAppOptions,
      `${option}.`,
      defaults,
      allowHttp,
      complaints,
    );
    const twin = [...resolved.values()].find((other) => other.appId !== '' && other.appId === read.appId);
    resolved.set(name, read);
    const fix = 'Everything is stored by app id: configure each app once.';
    check(!twin, `${option}.appId`, `is the same as that of "${twin?.name}"`, fix);
  };
  for (const [name, app] of Object.entries(apps)) complaints.attempt(() => readOne(name, app), undefined);
  return resolved;
}

function requireName(name: string): void {
  check(
    /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name),
    'apps',
    `has a name that cannot be used: ${JSON.stringify(name.slice(0, 40))}`,
    'Start with a letter; letters, digits, "-" and "_", at most 32.',
  );
}

function readApp(
  name: string,
  app: WechatAppOptions,
  prefix: string,
  defaults: ModuleDefaults,
  allowHttp: boolean,
  complaints: Complaints,
): AppConfig {
  const types = Object.keys(SCOPES) as WechatAppType[];
  // Of an unknown type nothing more can be said about scope and public URL, so neither is
  // complained about.
  const type = complaints.attempt(() => readOneOf(`${prefix}type`, app.type, types), undefined);
  const publicUrl =
    app.publicUrl === undefined
      ? defaults.publicUrl
      : complaints.attempt(() => readPublicUrl(`${prefix}publicUrl`, app.publicUrl, allowHttp), UNREAD_URL);
  return {
    name,
    type: type ?? 'mobile',
    appId: complaints.attempt(() => readAppId(`${prefix}appId`, app.appId), ''),
    secrets: complaints.attempt(() => readAppSecrets(`${prefix}secret`, app.secret), []),
    scope: type && complaints.attempt(() => readScope(`${prefix}scope`, app.scope, type), undefined),
    publicUrl,
    callbackPath: complaints.attempt(
      () => callbackPathOf(`${prefix}callbackPath`, app.callbackPath, type, defaults),
      undefined,
    ),
    verificationFiles: complaints.attempt(
      () => readAppFiles(`${prefix}verificationFiles`, app.verificationFiles, publicUrl),
      undefined,
    ),
    unionRealm: complaints.attempt(() => readRealm(`${prefix}unionRealm`, app.unionRealm), ''),
    appToken: complaints.attempt(() => readAppToken(`${prefix}appToken`, app.appToken, type), undefined),
    push: type && complaints.attempt(() => readPush(`${prefix}push`, app.push, type, complaints), undefined),
    scan:
      type &&
      complaints.attempt(
        () => readScan(`${prefix}scan`, app.scan, { type, hasPush: app.push !== undefined }, complaints),
        undefined,
      ),
  };
}

/** Only an app with pages is one that WeChat sends people back from. */
function callbackPathOf(
  option: string,
  value: unknown,
  type: WechatAppType | undefined,
  defaults: ModuleDefaults,
): string | undefined {
  const comesBack = type === undefined || hasPages({ type });
  if (value === undefined) return comesBack ? defaults.callbackPath : undefined;
  const fix = 'Leave it out: nobody is sent back from WeChat to such an app.';
  check(comesBack, option, 'does not fit the type of the app', fix);
  return readCallbackPath(option, value);
}

/** It is part of a key in the application's database. */
function readRealm(option: string, value: unknown): string {
  if (value === undefined) return 'default';
  const isOne = typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value);
  const fix =
    'Letters, digits, ".", "_" and "-", at most 64, the same for all apps of one open-platform account.';
  check(isOne, option, 'is no name of a realm', fix);
  return value;
}

/** @param type undefined while it is not known, which is complained about already */
function readAppToken(
  option: string,
  value: unknown,
  type: WechatAppType | undefined,
): WechatAppTokenSource | undefined {
  if (value === undefined) return undefined;
  const fix = 'Write a function that fetches the token of this app: async () => "…".';
  check(typeof value === 'function', option, 'is not a function', fix);
  const mayHave = type === undefined || hasOwnToken({ type });
  check(
    mayHave,
    option,
    `stands at an app of type "${type}", which has no token of its own`,
    'Leave it out.',
  );
  return value as WechatAppTokenSource;
}

/** Whether WeChat gives such an app a token of its own, beside those of people. */
export function hasOwnToken({ type }: { type: WechatAppType }): boolean {
  return type === 'official-account' || type === 'mini-program';
}

function readAppId(option: string, value: unknown): string {
  const problem = value === undefined ? 'is missing' : 'is not an app id';
  const isOne = typeof value === 'string' && /^[A-Za-z0-9-]{4,64}$/.test(value);
  check(isOne, option, problem, 'Copy it from WeChat\'s console: "wx" and 16 characters.');
  return value;
}

function readScope(option: string, value: unknown, type: WechatAppType): WechatScope | undefined {
  const scopes = SCOPES[type];
  if (value === undefined) return scopes[0];
  if (scopes.includes(value as WechatScope)) return value as WechatScope;
  const fix =
    scopes.length === 0
      ? 'A mini program has no scopes: leave it out.'
      : `An app of type "${type}" knows ${scopes.join(' and ')}.`;
  throw new WechatConfigError(option, 'does not fit the type of the app', fix);
}

function readAppSecrets(option: string, value: unknown): WechatSecret[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  const problem = value === undefined ? 'is missing' : 'is not one secret or two';
  const fix = 'Write the AppSecret, or [current, previous] while it is being changed.';
  check(value !== undefined && list.length > 0 && list.length <= 2, option, problem, fix);
  return list.map((secret) => {
    check(
      typeof secret === 'string' && secret !== '' && !/\s/.test(secret) && secret.length <= 256,
      option,
      'is empty, not a string, or holds white space',
      "Copy the AppSecret from WeChat's console without blanks or line ends.",
    );
    return new WechatSecret(secret);
  });
}

/** The app the service speaks for, where there is one. */
export function readDefaultApp(name: unknown, apps: ReadonlyMap<string, AppConfig>): AppConfig | undefined {
  if (name === undefined) return apps.size === 1 ? [...apps.values()][0] : undefined;
  const app = typeof name === 'string' ? apps.get(name) : undefined;
  if (!app)
    throw new WechatConfigError(
      'defaultApp',
      'names no configured app',
      `Write one of: ${[...apps.keys()].join(', ')}.`,
    );
  return app;
}
