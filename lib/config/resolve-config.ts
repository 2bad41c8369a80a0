// Judges the options once, while the application starts. Every complaint names the option, what is
// wrong with it and what to write instead.
import { WechatConfigError } from '../errors/errors.js';
import type {
  WechatBrandOptions,
  WechatDevOptions,
  WechatHooks,
  WechatHttpOptions,
  WechatOAuthModuleOptions,
  WechatReturnToOptions,
  WechatSessionOptions,
} from '../wechat-oauth.options.js';
import { CLIENT_KINDS } from '../model/client-kind.js';
import { Complaints } from './complaints.js';
import { missingForGuard } from './guard-needs.js';
import { EXTRAS } from './read-extras.js';
import { readApps, readDefaultApp } from './apps/read-apps.js';
import { readBrand } from './read-brand.js';
import { readCallbackPath } from './apps/read-callback-path.js';
import { readSession, readSessionSecrets } from './read-session.js';
import { readVerificationFiles, requireOneContent } from './apps/read-verification-files.js';
import { readEndpoint, readOrigin, readPublicUrl, UNREAD_URL } from './read-url.js';
import {
  check,
  isRecord,
  readFunctions,
  readOneOf,
  readPath,
  readPositive,
  refuseUnknown,
  type OptionNames,
} from './read-value.js';
import type { WechatConfig } from './wechat-config.js';

/** The options there are, by group. The compiler holds every group against its type. */
// prettier-ignore
const KNOWN_OPTIONS = {
  '': {
    appId: 1, secret: 1, type: 1, scope: 1, appToken: 1, push: 1, scan: 1, apps: 1, defaultApp: 1, publicUrl: 1,
    callbackPath: 1, verificationFiles: 1, sessionSecret: 1, session: 1, returnTo: 1, loginPath: 1, endpoints: 1, http: 1, lang: 1, hooks: 1, brand: 1,
    dev: 1, now: 1,
  } satisfies OptionNames<WechatOAuthModuleOptions>,
  session: { ttl: 1, idle: 1, cookieName: 1, bearer: 1, revocable: 1 } satisfies OptionNames<WechatSessionOptions>,
  returnTo: { origins: 1, default: 1 } satisfies OptionNames<WechatReturnToOptions>,
  endpoints: { open: 1, api: 1 } satisfies OptionNames<NonNullable<WechatOAuthModuleOptions['endpoints']>>,
  http: { timeout: 1, maxSockets: 1, httpAgent: 1, httpsAgent: 1 } satisfies OptionNames<WechatHttpOptions>,
  hooks: { selectApp: 1, detectClient: 1, getRequest: 1, describePlace: 1, renderProblem: 1 } satisfies OptionNames<WechatHooks>,
  brand: { name: 1, logoUrl: 1, color: 1 } satisfies OptionNames<WechatBrandOptions>,
  dev: { client: 1, allowHttp: 1 } satisfies OptionNames<WechatDevOptions>,
};

/**
 * @param production whether `NODE_ENV` is `production`
 * @param hasGuard whether the application uses `WechatAuthGuard`; what it needs is listed with the
 * rest. Where nothing else is wrong, the guard says so itself
 * @throws WechatConfigError that lists all that is wrong
 */
export function resolveConfig(
  options: WechatOAuthModuleOptions,
  production: boolean,
  hasGuard = false,
): WechatConfig {
  requireOptionsObject(options);
  const complaints = new Complaints();
  const { dev = {}, returnTo = {}, endpoints = {}, ...given } = readGroups(options, complaints);
  complaints.attempt(() => judgeDev(dev, production), undefined);
  const allowHttp = complaints.attempt(
    () => readOneOf('dev.allowHttp', dev.allowHttp ?? false, [true, false]),
    true,
  );
  const { now = Date.now } = readFunctions('', { now: given.now }, complaints);

  const publicUrl =
    given.publicUrl === undefined
      ? undefined
      : complaints.attempt(() => readPublicUrl('publicUrl', given.publicUrl, allowHttp), UNREAD_URL);
  const callbackPath =
    given.callbackPath === undefined
      ? undefined
      : complaints.attempt(() => readCallbackPath('callbackPath', given.callbackPath), undefined);
  const apps = complaints.attempt(
    () => readApps(given, { publicUrl, callbackPath }, allowHttp, complaints),
    new Map(),
  );
  const sessionSecrets = complaints.attempt(() => readSessionSecrets(given.sessionSecret, apps), []);
  const origins = new Set<string>();
  for (const app of apps.values()) if (app.publicUrl) origins.add(app.publicUrl.origin);
  for (const origin of readOrigins(returnTo.origins, allowHttp, complaints)) origins.add(origin);

  const config: WechatConfig = {
    apps,
    // The names are not worth a word while the apps themselves are wrong.
    defaultApp:
      apps.size === 0
        ? undefined
        : complaints.attempt(() => readDefaultApp(given.defaultApp, apps), undefined),
    publicUrl,
    sessionSecrets,
    session: readSession(given, complaints),
    returnTo: {
      origins,
      default: complaints.attempt(() => readPath('returnTo.default', returnTo.default ?? '/'), '/'),
    },
    loginPath: complaints.attempt(() => readLoginPath(given.loginPath), undefined),
    endpoints: {
      open: complaints.attempt(
        () => readEndpoint('endpoints.open', endpoints.open ?? 'https://open.weixin.qq.com', allowHttp),
        '',
      ),
      api: complaints.attempt(
        () => readEndpoint('endpoints.api', endpoints.api ?? 'https://api.weixin.qq.com', false),
        '',
      ),
    },
    http: readHttp(given.http ?? {}, complaints),
    lang: complaints.attempt(() => readOneOf('lang', given.lang ?? 'en', ['zh_CN', 'zh_TW', 'en']), 'en'),
    hooks: readFunctions('hooks', given.hooks ?? {}, complaints),
    brand: readBrand(given.brand, allowHttp, complaints),
    verificationFiles: complaints.attempt(
      () => readVerificationFiles('verificationFiles', given.verificationFiles),
      undefined,
    ),
    dev,
    now,
  };
  complaints.attempt(() => requireOneContent(config), undefined);
  if (hasGuard) addGuardNeeds(options, config, complaints);
  complaints.throwIfAny();
  return config;
}

/**
 * What the guard misses is only worth saying here together with something else; alone, the guard
 * says it better, for the module that it uses.
 */
function addGuardNeeds(
  options: WechatOAuthModuleOptions,
  { apps }: WechatConfig,
  complaints: Complaints,
): void {
  if (complaints.isEmpty) return;
  for (const need of missingForGuard(apps.values(), options.sessionSecret !== undefined))
    complaints.add(need);
}

/** The options without the groups that are no objects and cannot be read. */
function readGroups(options: WechatOAuthModuleOptions, complaints: Complaints): WechatOAuthModuleOptions {
  const read: Record<string, unknown> = {};
  // By name, not spread: what an instance of a class inherits counts too.
  for (const name of Object.keys(KNOWN_OPTIONS['']))
    read[name] = options[name as keyof WechatOAuthModuleOptions];
  for (const [group, known] of Object.entries(KNOWN_OPTIONS)) {
    const value = group ? read[group] : options;
    if (value === undefined) continue;
    if (isRecord(value)) {
      if (group === 'http' && value['proxy'] !== undefined) complaints.attempt(refuseProxy, undefined);
      if (group === '') refuseExtras(value, complaints);
      if (group === 'session' && value['codec'] !== undefined) complaints.attempt(refuseCodec, undefined);
      refuseUnknown(value, known, group, complaints);
    } else {
      complaints.check(false, group, 'is not an object', 'See the page docs/configuration.md.');
      delete read[group];
    }
  }
  return read as unknown as WechatOAuthModuleOptions;
}

/**
 * In what a factory returns: Nest has taken them from where they belong before anything of it is
 * there.
 */
function refuseExtras(options: object, complaints: Complaints): void {
  for (const name of EXTRAS.filter((one) => one in options)) {
    const fix = `Write forRootAsync({ useFactory, ${name}: … }).`;
    complaints.check(false, name, 'belongs beside useFactory, not into what it returns', fix);
  }
}

function judgeDev(dev: WechatDevOptions, production: boolean): void {
  const isSet = dev.client !== undefined || Boolean(dev.allowHttp);
  const fix = 'Leave it out there: it takes protections away.';
  check(!production || !isSet, 'dev', 'is set while NODE_ENV is "production"', fix);
  if (dev.client !== undefined && typeof dev.client !== 'function') {
    readOneOf('dev.client', dev.client, CLIENT_KINDS);
  }
}

function readOrigins(value: unknown, allowHttp: boolean, complaints: Complaints): string[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as unknown[]) : undefined;
  const fix = 'Write origins: ["https://app.example.com"].';
  complaints.check(list !== undefined, 'returnTo.origins', 'is not an array', fix);
  return (list ?? []).map((origin, index) =>
    complaints.attempt(() => readOrigin(`returnTo.origins[${index}]`, origin, allowHttp), ''),
  );
}

/** @throws WechatConfigError */
export function requireOptionsObject(options: unknown): void {
  if (isRecord(options)) return;
  throw new WechatConfigError('options', 'is missing', 'Pass an object, or return one from useFactory.');
}

function readHttp(http: WechatHttpOptions, complaints: Complaints): WechatConfig['http'] {
  const { httpAgent, httpsAgent } = http;
  for (const [name, agent] of Object.entries({ httpAgent, httpsAgent })) {
    const { addRequest } = (agent ?? {}) as { addRequest?: unknown };
    const fix = `Pass an Agent of node:${name.slice(0, -5)}, or one that extends it.`;
    const isOne = agent === undefined || typeof addRequest === 'function';
    complaints.check(isOne, `http.${name}`, 'is not an agent', fix);
  }
  const maxSockets = http.maxSockets ?? 256;
  const isWhole = Number.isInteger(maxSockets) && maxSockets >= 1;
  complaints.check(isWhole, 'http.maxSockets', 'is not a whole number from 1', 'Write a plain number.');
  const timeout = complaints.attempt(
    () => readPositive('http.timeout', http.timeout ?? 5_000, 'milliseconds', 120_000, 5_000),
    1,
  );
  return { ...http, timeout, maxSockets };
}

/**
 * axios would hand a proxy of this kind the whole address in clear, app secret included; an agent
 * shows it the host alone.
 */
function refuseProxy(): never {
  throw new WechatConfigError(
    'http.proxy',
    'is no option, because a proxy must not read the app secret',
    'Write httpsAgent: new HttpsProxyAgent("http://proxy.example.com:3128"), of the package https-proxy-agent.',
  );
}

/**
 * What a codec opened was trusted unseen and remembered, so its tokens could neither be ended nor
 * told from another's.
 */
function refuseCodec(): never {
  throw new WechatConfigError(
    'session.codec',
    'is no option',
    'Use a guard of your own that takes your token or asks WechatSessionService.authenticate(), as docs/jwt.md shows. What signs somebody in is the token of issue().',
  );
}

/** Without a query or fragment: the guard appends its own. */
function readLoginPath(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const path = readPath('loginPath', value);
  if (!/[?#]/.test(path)) return path;
  throw new WechatConfigError('loginPath', 'has a query or a fragment', 'Write the path alone.');
}
