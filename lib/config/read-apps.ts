// Reads which WeChat apps there are.
import { WechatConfigError } from '../api/errors.js';
import { Secret } from '../sealing/secret.js';
import type {
  WechatAppOptions,
  WechatAppType,
  WechatOAuthOptions,
  WechatScope,
} from '../wechat-oauth.options.js';
import { readPublicUrl } from './read-url.js';
import { isRecord, readOneOf, refuseUnknown } from './read-value.js';
import type { WechatApp } from './wechat-config.js';

const KNOWN_APP_OPTIONS = 'type appId secret scope publicUrl';

/** The scopes each kind of app knows, the default first. Source: WeChat's pages on authorization of each kind. */
const SCOPES: Readonly<Record<WechatAppType, readonly WechatScope[]>> = {
  'official-account': ['snsapi_base', 'snsapi_userinfo'],
  website: ['snsapi_login'],
  mobile: ['snsapi_userinfo'],
  'mini-program': [],
};

export function readApps(
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

export function readDefaultApp(name: unknown, apps: ReadonlyMap<string, WechatApp>): WechatApp | undefined {
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
