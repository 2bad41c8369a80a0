// How people sign in by a scan: the option, right and wrong.
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import type { WechatOAuthModuleOptions } from '../../../lib/index.js';

const push = { token: 'PushTokenCanary01', encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG' };
const app = { appId: 'wx0123456789abcdef', secret: 'app-secret-canary-0123456789', push };

const read = (scan: unknown, more: object = {}) =>
  resolveConfig({ ...app, ...more, scan } as WechatOAuthModuleOptions, false).apps.get('default')!.scan;

it('has defaults for everything', () => {
  const all = { confirm: 'code', lifetime: 300_000, perClient: 10, streams: 10_000 };
  expect(read(true)).toEqual(all);
  expect(read({})).toEqual(all);
  expect(read({ confirm: 'tap', lifetime: 60, perClient: 1, streams: 0 })).toEqual({
    confirm: 'tap',
    lifetime: 60_000,
    perClient: 1,
    streams: 0,
  });
});

it.each([undefined, false])('is off with %s', (scan) => {
  expect(read(scan)).toBeUndefined();
});

it('is read of one of several apps', () => {
  const apps = { shop: { type: 'official-account', ...app, scan: true } } as const;
  expect(resolveConfig({ apps }, false).apps.get('shop')!.scan).toMatchObject({ confirm: 'code' });
});

it.each([
  ['scan', 'code', 'is neither true nor an object'],
  ['scan', null, 'is neither true nor an object'],
  ['scan', [], 'is neither true nor an object'],
  ['scan', 0, 'is neither true nor an object'],
  ['scan.confirm', { confirm: 'both' }, 'is not known'],
  ['scan.lifetime', { lifetime: 301 }, 'is not a whole number from 60 to 300'],
  ['scan.lifetime', { lifetime: 59 }, 'is not a whole number from 60 to 300'],
  ['scan.lifetime', { lifetime: '300' }, 'is not a whole number from 60 to 300'],
  ['scan.lifetime', { lifetime: 90.5 }, 'is not a whole number from 60 to 300'],
  ['scan.perClient', { perClient: 0 }, 'is not a whole number from 1 to 1000'],
  ['scan.perClient', { perClient: Infinity }, 'is not a whole number from 1 to 1000'],
  ['scan.streams', { streams: -1 }, 'is not a whole number from 0 to 100000'],
  ['scan.ttl', { ttl: 300 }, 'is not known'],
])('refuses %s: %j', (option, scan, problem) => {
  expect(() => read(scan)).toThrow(`"${option}" ${problem}`);
});

it('wants a message push beside it, at an official account', () => {
  expect(() => read(true, { push: undefined })).toThrow('"scan" needs the message push');
  expect(() => read(true, { type: 'mini-program' })).toThrow('"scan" does not fit the type of the app');
  const apps = { one: { type: 'official-account', ...app } };
  const both = { apps, scan: true } as unknown as WechatOAuthModuleOptions;
  expect(() => resolveConfig(both, false)).toThrow(/stands beside scan, which belongs to one of them/);
});

it('complains of the whole list at once', () => {
  expect(() => read({ lifetime: 1, perClient: 0, confirm: 'x' })).toThrow(/lifetime[^]*perClient/);
});
