// Which app a page login starts with, and with which scope.
import type { AppConfig, WechatConfig } from '../../config/wechat-config.js';
import type { WechatScope } from '../../wechat-oauth.options.js';
import type { WechatClientKind } from '../../model/client-kind.js';

/**
 * Only two kinds of app have pages to send a person to, and each works in one kind of client only.
 */
type PageApp = Extract<AppConfig['type'], 'official-account' | 'website'>;

/** The kind of app that can sign in a client that looks at pages. */
export function pageAppFor(client: WechatClientKind): PageApp {
  return client === 'wechat' || client === 'wechat-desktop' || client === 'mini-program'
    ? 'official-account'
    : 'website';
}

/**
 * The apps whose sessions a route accepts. A name that is not configured is the developer's mistake
 * and lets nobody in.
 */
export function acceptedApps(
  config: Pick<WechatConfig, 'apps'>,
  names: readonly string[] | undefined,
): AppConfig[] {
  if (names === undefined) return [...config.apps.values()];
  return names.flatMap((name) => config.apps.get(name) ?? []);
}

/**
 * The apps that can sign this client in, best first: those for the host the request came to, then
 * in the order of the options. The Host header only chooses among configured addresses and goes
 * into no answer.
 */
export function servingApps(
  accepted: readonly AppConfig[],
  client: WechatClientKind,
  host: string | undefined,
): AppConfig[] {
  const type = pageAppFor(client);
  const fitting = accepted.filter((app) => app.type === type && app.publicUrl);
  const here = fitting.filter((app) => isAt(app.publicUrl!, host));
  return [...here, ...fitting.filter((app) => !here.includes(app))];
}

/** Whether a request came to this host. */
export function isAt(publicUrl: URL, host: string | undefined): boolean {
  return publicUrl.host === host?.toLowerCase();
}

/**
 * The scope to ask this app for, given what the route needs. Website apps know one scope, which
 * gives the profile too.
 */
export function scopeToAsk(app: AppConfig, needed: WechatScope | undefined): WechatScope {
  if (app.type === 'website') return 'snsapi_login';
  return needed === undefined
    ? (app.scope ?? 'snsapi_base')
    : needed === 'snsapi_base'
      ? needed
      : 'snsapi_userinfo';
}
