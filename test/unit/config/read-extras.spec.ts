// What stands beside the options, looked at before Nest sees it.
import { requireOptionsWay, requireProvider } from '../../../lib/config/read-extras.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';
import { WechatConfigError } from '../../../lib/errors/errors.js';
import { thrownBy } from '../../support/failure.js';

class Store extends MemoryTokenStore {}

it.each([
  [undefined],
  [{ useClass: Store }],
  [{ useValue: null }],
  [{ useExisting: Store }],
  [{ useFactory: () => new Store(), inject: [] }],
])('takes the provider %p', (value) => {
  expect(() => requireProvider('tokenStore', value, '{ useClass: Store }')).not.toThrow();
});

it.each([
  [Store, 'is a class, not a provider'],
  [new Store(), 'is a value, not a provider'],
  [null, 'is a value, not a provider'],
  ['redis', 'is a value, not a provider'],
  [[{ useClass: Store }], 'is a value, not a provider'],
  [{ useclass: Store }, 'is a value, not a provider'],
  [{ useClass: Store, useValue: new Store() }, 'has two ways to be made'],
])('complains of %p', (value, problem) => {
  const error = thrownBy(WechatConfigError, () =>
    requireProvider('tokenStore', value, '{ useClass: Store }'),
  );
  expect(error).toMatchObject({
    option: 'tokenStore',
    problem,
    fix: 'Write tokenStore: { useClass: Store }.',
  });
});

it.each([
  [undefined, 'forRootAsync'],
  [null, 'forRootAsync'],
  [() => ({}), 'forRootAsync'],
  [{}, 'useFactory'],
  [{ inject: [], imports: [] }, 'useFactory'],
  [{ useFactory: undefined }, 'useFactory'],
  [{ useValue: {} }, 'useFactory'],
])('wants a way to the options in %p', (options, option) => {
  expect(thrownBy(WechatConfigError, () => requireOptionsWay(options)).option).toBe(option);
});

it.each([[{ useFactory: () => ({}) }], [{ useClass: Store }], [{ useExisting: Store }]])(
  'takes %p',
  (options) => {
    expect(() => requireOptionsWay(options)).not.toThrow();
  },
);
