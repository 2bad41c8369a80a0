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

/** All apps as a list, which never changes: there may be a thousand, and every refusal asks. */
const lists = new WeakMap<WechatConfig['apps'], readonly AppConfig[]>();

/**
 * The apps whose sessions a route accepts. A name that is not configured is the developer's mistake
 * and lets nobody in.
 */
export function acceptedApps(
  config: Pick<WechatConfig, 'apps'>,
  names: readonly string[] | undefined,
): readonly AppConfig[] {
  if (names !== undefined) return names.flatMap((name) => config.apps.get(name) ?? []);
  let all = lists.get(config.apps);
  if (!all) lists.set(config.apps, (all = [...config.apps.values()]));
  return all;
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
): readonly AppConfig[] {
  const type = pageAppFor(client);
  const fitting = accepted.filter((app) => app.type === type && app.publicUrl);
  if (fitting.length < 2) return fitting;
  const [here, elsewhere]: [AppConfig[], AppConfig[]] = [[], []];
  for (const app of fitting) (isAt(app.publicUrl!, host) ? here : elsewhere).push(app);
  return here.concat(elsewhere);
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
