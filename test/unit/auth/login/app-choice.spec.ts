// Which apps count, and which can sign a client in.
import {
  acceptedApps,
  isAt,
  pageAppFor,
  scopeToAsk,
  servingApps,
} from '../../../../lib/auth/login/app-choice.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';

const configOf = (host = 'shop.example.com') =>
  resolveConfig(
    {
      apps: {
        first: {
          type: 'website',
          appId: 'wx0000000000first',
          secret: 'a',
          publicUrl: 'https://a.example.com',
        },
        second: { type: 'website', appId: 'wx000000000second', secret: 'a', publicUrl: `https://${host}` },
        official: {
          type: 'official-account',
          appId: 'wx00000000official',
          secret: 'a',
          publicUrl: `https://${host}`,
        },
        mini: { type: 'mini-program', appId: 'wx0000000000mini', secret: 'a' },
      },
      sessionSecret: 'app-choice-secret-0123456789abcdef',
    },
    false,
  );
const config = configOf();
const names = (apps: readonly { name: string }[]) => apps.map(({ name }) => name);

it('counts all without names, else those that are configured, in the order of the rule', () => {
  expect(names(acceptedApps(config, undefined))).toEqual(['first', 'second', 'official', 'mini']);
  expect(names(acceptedApps(config, ['official', 'typo', 'first']))).toEqual(['official', 'first']);
  expect(acceptedApps(config, [])).toEqual([]);
});

it('knows the apps of each application by themselves, whatever the names have in common', () => {
  const other = configOf('other.example.com');
  const shared = ['second'];
  expect(acceptedApps(config, shared)[0]!.publicUrl!.host).toBe('shop.example.com');
  expect(acceptedApps(other, shared)[0]!.publicUrl!.host).toBe('other.example.com');
  expect(acceptedApps(other, undefined)[1]!.publicUrl!.host).toBe('other.example.com');
});

it.each([
  ['desktop-browser', 'shop.example.com', ['second', 'first']],
  ['desktop-browser', 'SHOP.example.com', ['second', 'first']],
  ['desktop-browser', 'nowhere.example.com', ['first', 'second']],
  ['desktop-browser', undefined, ['first', 'second']],
  ['wechat', 'a.example.com', ['official']],
  ['mini-program', 'shop.example.com', ['official']],
] as const)('serves a %s that asks %s with %j', (client, host, expected) => {
  expect(names(servingApps(acceptedApps(config, undefined), client, host))).toEqual(expected);
});

it('serves nobody with an app that has no pages', () => {
  expect(servingApps(acceptedApps(config, ['mini']), 'wechat', undefined)).toEqual([]);
});

it('compares hosts with their ports', () => {
  const url = new URL('https://shop.example.com:8443');
  expect([isAt(url, 'shop.example.com:8443'), isAt(url, 'shop.example.com'), isAt(url, undefined)]).toEqual([
    true,
    false,
    false,
  ]);
});

it.each([
  ['wechat', 'official-account'],
  ['wechat-desktop', 'official-account'],
  ['mini-program', 'official-account'],
  ['wecom', 'website'],
  ['desktop-browser', 'website'],
  ['mobile-browser', 'website'],
  ['crawler', 'website'],
] as const)('sends a %s to the pages of an app of type %s', (client, type) => {
  expect(pageAppFor(client)).toBe(type);
});

it.each([
  ['official', undefined, 'snsapi_base'],
  ['official', 'snsapi_base', 'snsapi_base'],
  ['official', 'snsapi_userinfo', 'snsapi_userinfo'],
  ['official', 'snsapi_login', 'snsapi_userinfo'],
  ['first', undefined, 'snsapi_login'],
  ['first', 'snsapi_userinfo', 'snsapi_login'],
] as const)('asks %s, of which a route needs %s, for %s', (name, needed, scope) => {
  expect(scopeToAsk(config.apps.get(name)!, needed)).toBe(scope);
});
