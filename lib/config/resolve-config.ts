// Judges the options once, while the application starts. Every complaint names the option, what is wrong with it and what to write instead.
import { WechatConfigError } from '../api/errors.js';
import { Secret } from '../sealing/secret.js';
import type {
  WechatAppOptions,
  WechatAppType,
  WechatDevOptions,
  WechatHttpOptions,
  WechatOAuthOptions,
  WechatScope,
  WechatSessionCodec,
} from '../wechat-oauth.options.js';
import { readEndpoint, readOrigin, readPublicUrl } from './read-url.js';
import type { WechatApp, WechatConfig } from './wechat-config.js';

const DAY = 86_400;

/** The scopes each kind of app knows, the default first. Source: WeChat's pages on authorization of each kind. */
const SCOPES: Readonly<Record<WechatAppType, readonly WechatScope[]>> = {
  'official-account': ['snsapi_base', 'snsapi_userinfo'],
  website: ['snsapi_login'],
  mobile: ['snsapi_userinfo'],
  'mini-program': [],
};

const KNOWN_OPTIONS: Readonly<Record<string, string>> = {
  '': 'appId secret type scope apps defaultApp publicUrl sessionSecret session returnTo loginPath endpoints http lang hooks dev now',
  session: 'ttl idle cookieName bearer revocable codec',
  returnTo: 'origins default',
  endpoints: 'open api',
  http: 'timeout proxy httpAgent httpsAgent',
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
const KNOWN_APP_OPTIONS = 'type appId secret scope publicUrl';

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

function readApps(
  options: WechatOAuthOptions,
  publicUrl: URL | undefined,
  allowHttp: boolean,
): Map<string, WechatApp> {
  const { apps, appId, secret, type, scope } = options;
  if (apps === undefined) {
    const single = { type: type ?? 'official-account', appId, secret, scope } as WechatAppOptions;
    return new Map([['default', readApp('default', single, '', publicUrl, allowHttp)]]);
  }
  if (appId !== undefined || secret !== undefined || type !== undefined || scope !== undefined) {
    throw new WechatConfigError(
      'apps',
      'stands beside appId, secret, type or scope',
      'Write one app or several, not both.',
    );
  }
  if (!isRecord(apps) || Object.keys(apps).length === 0) {
    throw new WechatConfigError('apps', 'holds no app', 'Write apps: { official: { type, appId, secret } }.');
  }
  const resolved = new Map<string, WechatApp>();
  const seen = new Map<string, string>();
  for (const [name, app] of Object.entries(apps)) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name)) {
      throw new WechatConfigError(
        'apps',
        `has a name that cannot be used: ${JSON.stringify(name.slice(0, 40))}`,
        'Start with a letter; letters, digits, "-" and "_", at most 32.',
      );
    }
    const option = `apps.${name}`;
    if (!isRecord(app))
      throw new WechatConfigError(option, 'is not an object', 'Write { type, appId, secret }.');
    refuseUnknown(app, KNOWN_APP_OPTIONS, option);
    const read = readApp(name, app, `${option}.`, publicUrl, allowHttp);
    const twin = seen.get(read.appId);
    if (twin !== undefined) {
      throw new WechatConfigError(
        `${option}.appId`,
        `is the same as that of "${twin}"`,
        'Everything is stored by app id: configure each app once.',
      );
    }
    seen.set(read.appId, name);
    resolved.set(name, read);
  }
  return resolved;
}

function readApp(
  name: string,
  app: WechatAppOptions,
  prefix: string,
  publicUrl: URL | undefined,
  allowHttp: boolean,
): WechatApp {
  const type = readOneOf(`${prefix}type`, app.type, Object.keys(SCOPES) as WechatAppType[]);
  if (typeof app.appId !== 'string' || !/^[A-Za-z0-9-]{4,64}$/.test(app.appId)) {
    throw new WechatConfigError(
      `${prefix}appId`,
      app.appId === undefined ? 'is missing' : 'is not an app id',
      'Copy it from WeChat\'s console: "wx" and 16 characters.',
    );
  }
  const scopes = SCOPES[type];
  if (app.scope !== undefined && !scopes.includes(app.scope)) {
    const fix =
      scopes.length === 0
        ? 'A mini program has no scopes: leave it out.'
        : `An app of type "${type}" knows ${scopes.join(' and ')}.`;
    throw new WechatConfigError(`${prefix}scope`, 'does not fit the type of the app', fix);
  }
  return {
    name,
    type,
    appId: app.appId,
    secrets: readAppSecrets(`${prefix}secret`, app.secret),
    scope: app.scope ?? scopes[0],
    publicUrl:
      app.publicUrl === undefined ? publicUrl : readPublicUrl(`${prefix}publicUrl`, app.publicUrl, allowHttp),
  };
}

function readAppSecrets(option: string, value: unknown): Secret[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (value === undefined || list.length === 0 || list.length > 2) {
    throw new WechatConfigError(
      option,
      value === undefined ? 'is missing' : 'is not one secret or two',
      'Write the AppSecret, or [current, previous] while it is being changed.',
    );
  }
  return list.map((secret) => {
    if (typeof secret !== 'string' || secret === '' || /\s/.test(secret) || secret.length > 256) {
      throw new WechatConfigError(
        option,
        'is empty, not a string, or holds white space',
        "Copy the AppSecret from WeChat's console without blanks or line ends.",
      );
    }
    return new Secret(secret);
  });
}

function readSessionSecrets(value: unknown, apps: ReadonlyMap<string, WechatApp>): Secret[] {
  if (value === undefined) return [];
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.length === 0)
    throw new WechatConfigError(
      'sessionSecret',
      'is an empty array',
      'Make one with: openssl rand -base64 32',
    );
  return list.map((secret) => {
    if (typeof secret !== 'string' || Buffer.byteLength(secret) < 32) {
      throw new WechatConfigError(
        'sessionSecret',
        'is shorter than 32 bytes',
        'Make one with: openssl rand -base64 32',
      );
    }
    // Never the AppSecret: whoever learns one of the two must not get the other's powers with it.
    for (const app of apps.values()) {
      if (app.secrets.some((appSecret) => appSecret.reveal() === secret)) {
        throw new WechatConfigError(
          'sessionSecret',
          `is the AppSecret of "${app.name}"`,
          'Make one of its own with: openssl rand -base64 32',
        );
      }
    }
    return new Secret(secret);
  });
}

function readDefaultApp(name: unknown, apps: ReadonlyMap<string, WechatApp>): WechatApp | undefined {
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

function readSession(options: WechatOAuthOptions): WechatConfig['session'] {
  const { ttl = 7 * DAY, idle, cookieName = 'wechat_session', bearer = true } = options.session ?? {};
  const { revocable = false, codec } = options.session ?? {};
  if (typeof cookieName !== 'string' || !/^[A-Za-z0-9_-]{1,40}$/.test(cookieName)) {
    throw new WechatConfigError(
      'session.cookieName',
      'is not a cookie name',
      'Letters, digits, "-" and "_", at most 40. The prefix __Host- is added where it may be.',
    );
  }
  let bearerHeader: string | undefined;
  if (bearer === true) bearerHeader = 'authorization';
  else if (bearer !== false) {
    const header: unknown = isRecord(bearer) ? bearer.header : undefined;
    if (typeof header !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(header)) {
      throw new WechatConfigError(
        'session.bearer',
        'is neither a boolean nor { header }',
        'Write true, false or { header: "x-wechat-session" }.',
      );
    }
    bearerHeader = header.toLowerCase();
  }
  return {
    ttl: readPositive('session.ttl', ttl, 's', 400 * DAY),
    idle: idle === undefined ? undefined : readPositive('session.idle', idle, 's', 400 * DAY),
    cookieName,
    bearerHeader,
    revocable: readOneOf('session.revocable', revocable, [true, false]),
    codec: codec === undefined ? undefined : readCodec(codec),
  };
}

function readHttp(http: WechatHttpOptions): WechatConfig['http'] {
  const { proxy, httpAgent, httpsAgent } = http;
  // axios takes anything: a proxy written as a URL sends the call, secret included, to port 80 of this machine.
  if (proxy !== undefined && proxy !== false && !(isRecord(proxy) && typeof proxy.host === 'string')) {
    throw new WechatConfigError(
      'http.proxy',
      'is neither false nor an object with a host',
      'Write { protocol: "http", host: "proxy.example.com", port: 3128 }.',
    );
  }
  for (const [name, agent] of Object.entries({ httpAgent, httpsAgent })) {
    if (agent !== undefined && typeof (agent as { addRequest?: unknown } | null)?.addRequest !== 'function') {
      throw new WechatConfigError(
        `http.${name}`,
        'is not an agent',
        `Pass an Agent of node:${name.slice(0, -5)}, or one that extends it.`,
      );
    }
  }
  return { ...http, timeout: readPositive('http.timeout', http.timeout ?? 5_000, 'ms', 120_000) };
}

function readCodec(codec: unknown): WechatSessionCodec {
  const methods = isRecord(codec)
    ? ['recognizes', 'seal', 'open'].filter((name) => typeof codec[name] !== 'function')
    : [];
  if (isRecord(codec) && methods.length === 0) return codec as unknown as WechatSessionCodec;
  throw new WechatConfigError(
    'session.codec',
    `has no ${methods.join(', ') || 'methods'}`,
    'Write { recognizes, seal, open }.',
  );
}

function readPositive(option: string, value: unknown, unit: 's' | 'ms', max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0 || value > max) {
    throw new WechatConfigError(
      option,
      `is not a number of ${unit} between 0 and ${max}`,
      'Write a plain number.',
    );
  }
  return value;
}

function readOneOf<T extends string | boolean>(option: string, value: unknown, known: readonly T[]): T {
  if (!known.includes(value as T)) {
    throw new WechatConfigError(
      option,
      value === undefined ? 'is missing' : 'is not known',
      `Write one of: ${known.join(', ')}.`,
    );
  }
  return value as T;
}

function readPath(option: string, value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(value) || value.includes('\\')) {
    throw new WechatConfigError(
      option,
      'is not a path',
      'Write a path of the application that starts with one "/".',
    );
  }
  return value;
}

/** Without a query or fragment: the guard appends its own. */
function readLoginPath(value: unknown): string {
  const path = readPath('loginPath', value);
  if (!/[?#]/.test(path)) return path;
  throw new WechatConfigError('loginPath', 'has a query or a fragment', 'Write the path alone.');
}

function readFunctions<T extends object>(option: string, group: T): T {
  for (const [name, value] of Object.entries(group)) {
    if (value !== undefined && typeof value !== 'function') {
      throw new WechatConfigError(
        option ? `${option}.${name}` : name,
        'is not a function',
        'See the configuration table in the README.',
      );
    }
  }
  return group;
}

function refuseUnknown(value: object, known: string, group: string): void {
  const names = known.split(' ');
  for (const key of Object.keys(value)) {
    if (!names.includes(key)) {
      throw new WechatConfigError(
        group ? `${group}.${key}` : key,
        'is not known',
        `Known here: ${names.join(', ')}.`,
      );
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
