// What the console says of a message push, right and wrong.
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import type { WechatOAuthModuleOptions } from '../../../lib/index.js';
import { WechatConfigError } from '../../../lib/index.js';
import { expectFreeOf } from '../../support/canary.js';

const TOKEN = 'PushTokenCanary01';
const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const OTHER = 'A'.repeat(43);
const app = { appId: 'wx0123456789abcdef', secret: 'app-secret-canary-0123456789' };

const read = (push: unknown, more: object = {}) =>
  resolveConfig({ ...app, ...more, push } as WechatOAuthModuleOptions, false).apps.get('default')!.push;

function complaintOf(push: unknown, more: object = {}): WechatConfigError {
  try {
    read(push, more);
  } catch (error) {
    return error as WechatConfigError;
  }
  throw new Error('was taken');
}

it('reads a token and a key, and keeps both from being printed', () => {
  const push = read({ token: TOKEN, encodingAesKey: KEY })!;
  expect(push.token.reveal()).toBe(TOKEN);
  expect(push.keys.map((key) => key.reveal())).toEqual([KEY]);
  expectFreeOf(push, [TOKEN, KEY]);
});

it('reads the current and the former key, and a push of one of several apps', () => {
  expect(read({ token: TOKEN, encodingAesKey: [KEY, OTHER] })!.keys).toHaveLength(2);
  const apps = {
    shop: { type: 'official-account', ...app, push: { token: TOKEN, encodingAesKey: KEY } },
    site: { type: 'website', appId: 'wx0123456789abcde0', secret: app.secret },
  } as const;
  const config = resolveConfig({ apps }, false);
  expect([...config.apps.values()].map(({ push }) => push !== undefined)).toEqual([true, false]);
});

it('leaves out what is not there', () => {
  expect(read(undefined)).toBeUndefined();
});

it.each([
  ['push', 'a token', 'is not an object'],
  ['push', null, 'is not an object'],
  ['push.token', { encodingAesKey: KEY }, 'is missing'],
  ['push.token', { token: 'ab', encodingAesKey: KEY }, 'is not 3 to 32 letters and digits'],
  ['push.token', { token: 'a-b-c', encodingAesKey: KEY }, 'is not 3 to 32 letters and digits'],
  ['push.token', { token: `${TOKEN}\n`, encodingAesKey: KEY }, 'is not 3 to 32 letters and digits'],
  ['push.token', { token: 12345, encodingAesKey: KEY }, 'is not 3 to 32 letters and digits'],
  ['push.encodingAesKey', { token: TOKEN }, 'is missing'],
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: [] }, 'is not one key or two'],
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: [KEY, OTHER, KEY] }, 'is not one key or two'],
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: `${KEY}=` }, 'is not 43 letters and digits'],
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: `${KEY}\n` }, 'is not 43 letters and digits'],
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: [KEY, undefined] }, 'is not 43 letters and digits'],
  // Only bits that nobody reads differ.
  ['push.encodingAesKey', { token: TOKEN, encodingAesKey: [OTHER, `${'A'.repeat(42)}B`] }, 'is the same key'],
  ['push.encodingAESKey', { token: TOKEN, encodingAesKey: KEY, encodingAESKey: KEY }, 'is not known'],
])('%s: complains of %j', (option, push, problem) => {
  const error = complaintOf(push);
  expect(error).toMatchObject({ option, problem: expect.stringContaining(problem) as string });
  expect(error.fix).toMatch(/^(Write|Copy|Leave|Known)/);
  expectFreeOf(error, [TOKEN, KEY]);
});

it('is refused for an app that has no message push, and beside several apps', () => {
  const push = { token: TOKEN, encodingAesKey: KEY };
  expect(complaintOf(push, { type: 'website' })).toMatchObject({
    option: 'push',
    problem: 'does not fit the type of the app',
  });
  const several = { appId: undefined, secret: undefined, apps: { site: { type: 'website', ...app } } };
  expect(complaintOf(push, several)).toMatchObject({ option: 'apps' });
});
