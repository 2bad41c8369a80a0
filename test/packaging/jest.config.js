// Run through `npm run test:packaging`: what `npm publish` would upload, looked at and used from outside.
// A deliberate change of the public API or of the file list is recorded with `npm run test:packaging -- -u`.
import base from '../jest.config.js';

const { coverageThreshold: _, ...config } = base;

export default {
  ...config,
  rootDir: '../..',
  testRegex: 'test/packaging/.*\\.spec\\.ts$',
  globalSetup: '<rootDir>/test/packaging/pack.ts',
  setupFilesAfterEnv: [...base.setupFilesAfterEnv, '<rootDir>/test/packaging/to-match-record.ts'],
  testTimeout: 240_000,
  // Half of them install and compile, which is enough for two at a time.
  maxWorkers: 2,
};
