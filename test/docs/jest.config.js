// Run through `npm run test:docs`: what README and docs say, held against the package. It installs
// applications from the npm registry.
import base from '../jest.config.js';

const { coverageThreshold: _, ...config } = base;

export default {
  ...config,
  rootDir: '../..',
  testRegex: 'test/docs/.*\\.spec\\.ts$',
  globalSetup: '<rootDir>/test/packaging/pack.ts',
  testTimeout: 600_000,
  maxWorkers: 2,
};
