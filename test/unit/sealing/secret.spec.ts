// A secret gives its value to reveal(), and to nothing else.
import { format, inspect } from 'node:util';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { everythingOf, expectFreeOf } from '../../support/canary.js';

describe('WechatSecret', () => {
  const secret = new WechatSecret('canary-value');

  it('reveals its value when it is asked to', () => {
    expect(secret.reveal()).toBe('canary-value');
  });

  it.each([
    ['a template literal', () => `${secret}`],
    ['concatenation', () => 'key: ' + secret],
    ['String()', () => String(secret)],
    ['JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect(secret)],
    [
      'inspect of an object around it',
      () => inspect({ a: { b: [secret] } }, { depth: 10, showHidden: true }),
    ],
    ['inspect that ignores custom views', () => inspect(secret, { customInspect: false, showHidden: true })],
    ['format', () => format('%s %o %O %j', secret, secret, secret, secret)],
    ['Object.assign', () => JSON.stringify(Object.assign({}, secret))],
    ['a structured clone', () => inspect(structuredClone({ ...secret }))],
    ['own properties', () => Reflect.ownKeys(secret).map(String).join()],
    ['an error message', () => new Error(`failed with ${secret}`).stack ?? ''],
    ['a URL', () => new URLSearchParams({ secret: secret as unknown as string }).toString()],
  ])('shows nothing of it to %s', (_name, show) => {
    expect(show()).not.toContain('canary-value');
  });

  it('says what it is wherever it stands in for its value', () => {
    expect(`${secret}`).toBe('[secret]');
    expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}');
    expect(inspect({ secret })).toBe('{ secret: [secret] }');
  });

  it('stays hidden in whatever holds it', () => {
    expectFreeOf({ config: { apps: new Map([['a', { secrets: [secret] }]]) } }, ['canary-value']);
    expect(everythingOf({ secret })).toContain('[secret]');
  });
});
