// Run through `npm test`: jest needs Node's --experimental-vm-modules because Nest 12 and this package are ES modules.
import { availableParallelism } from 'node:os';

export default {
  rootDir: '..',
  testEnvironment: 'node',
  // For what hangs. How fast a machine is, and what else it does, no test may depend on.
  testTimeout: 60_000,
  // Many specs wait for sockets and clocks: on two cores, four of them at a time take half as long as one.
  maxWorkers: Math.max(4, availableParallelism()),
  testRegex: 'test/(unit|stores|e2e)/.*\\.(spec|e2e-spec)\\.ts$',
  setupFilesAfterEnv: ['<rootDir>/test/support/setup.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    // swc rather than ts-jest: its branch coverage has no phantom branches on decorated constructors.
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  coverageProvider: 'v8',
  coverageDirectory: '<rootDir>/coverage',
  coverageReporters: ['text', 'json-summary'],
  collectCoverageFrom: [
    'lib/**/*.ts',
    // v8 counts files that hold nothing but types as 0 %.
    '!lib/**/*.types.ts',
    '!lib/wechat-oauth.options.ts',
    '!lib/config/wechat-config.ts',
    '!lib/model/{identity,problem}.ts',
    '!lib/errors/error-kind.ts',
    // Run against real servers by `npm run test:services`, which has a threshold of its own.
    '!lib/stores/**',
    '!lib/testing/token-store-contract/**',
  ],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};
