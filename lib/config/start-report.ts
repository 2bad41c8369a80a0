// What the start says of the options: what is configured, and in production what is legal but can
// only be a mistake. Never a secret.
import { hasPages } from './guard-needs.js';
import type { AppConfig, WechatConfig } from './wechat-config.js';

/** One line for the log. @param store name of the token store's class */
export function describeSetup(config: WechatConfig, loginPath: string | undefined, store: string): string {
  const apps = [...config.apps.values()];
  const callbacks = new Set(apps.flatMap(callbackOf));
  const hosts = new Set(apps.filter(hasPages).flatMap(({ publicUrl }) => publicUrl?.host ?? []));
  return [
    `WeChat apps: ${apps.map(({ name, type }) => `${name} (${type})`).join(', ')}`,
    `hosts to register at WeChat: ${[...hosts].join(', ') || 'none'}`,
    ...(callbacks.size > 0 ? [`callback addresses: ${[...callbacks].join(', ')}`] : []),
    `login path: ${loginPath ?? 'none'}`,
    `token store: ${store}`,
  ].join('; ');
}

/** As it is registered where a console wants the exact address. */
function callbackOf({ publicUrl, callbackPath }: AppConfig): string[] {
  if (!publicUrl || callbackPath === undefined) return [];
  return [publicUrl.href.replace(/\/$/, '') + callbackPath];
}

/** For production alone: each is how somebody develops or tests. @returns one text for each */
export function suspicions(config: WechatConfig): string[] {
  const { endpoints, http, returnTo } = config;
  const found = [...config.apps.values()].flatMap((app) => suspicionsOfApp(app, config.apps.size > 1));
  const hosts = new Set([...config.apps.values()].flatMap(({ publicUrl }) => publicUrl?.hostname ?? []));
  for (const host of hosts) {
    if (isNoPublicName(host))
      found.push(
        `publicUrl is on "${host}", which WeChat sends nobody to. Write the domain that is registered at WeChat.`,
      );
  }
  for (const origin of returnTo.origins) {
    const { hostname } = new URL(origin);
    if (isOwnMachine(hostname) && !hosts.has(hostname))
      found.push(`returnTo.origins holds "${origin}", somebody's own machine. Leave it out in production.`);
  }
  for (const [name, address] of Object.entries(endpoints)) {
    const { hostname } = new URL(address);
    if (isOwnMachine(hostname) || /(^|[.-])mock([.-]|$)/.test(hostname))
      found.push(
        `endpoints.${name} is "${hostname}" and not WeChat: whoever answers there decides who is signed in. Leave endpoints out in production.`,
      );
  }
  if (http.timeout < 200)
    found.push(
      `http.timeout is ${http.timeout} ms, and WeChat is seldom so fast. Write milliseconds, e.g. 5000.`,
    );
  return found;
}

function suspicionsOfApp({ name, appId, secrets }: AppConfig, several: boolean): string[] {
  const prefix = several ? `apps.${name}.` : '';
  const found: string[] = [];
  if (!/^wx[0-9a-f]{16}$/.test(appId))
    found.push(
      `${prefix}appId is not "wx" and 16 digits or letters from a to f, in small letters. Copy it from WeChat's console.`,
    );
  if (secrets.some((secret) => /^["'`“‘]|["'`”’]$/.test(secret.reveal())))
    found.push(`${prefix}secret stands in quotes. Write the AppSecret without them.`);
  else if (secrets.some((secret) => !/^[0-9a-f]{32}$/i.test(secret.reveal())))
    found.push(`${prefix}secret is not 32 hex digits. Copy the AppSecret from WeChat's console.`);
  return found;
}

/** As URLs write hosts: IPv4 in four decimals, IPv6 in brackets. */
function isOwnMachine(host: string): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1?\])\.?$/.test(host);
}

/** Addresses, names of a private network, and names that nobody can own. */
function isNoPublicName(host: string): boolean {
  return (
    isOwnMachine(host) ||
    /^\[|^\d+\.\d+\.\d+\.\d+$/.test(host) ||
    !host.includes('.') ||
    /(^|\.)example\.(com|net|org)$|\.(local|localhost|internal|lan|test|invalid|example)$/.test(host)
  );
}
