// Run through `npm run test:services`: the token stores against real servers. Without the servers it fails; compose.yaml starts them.
// With `--coverage` it measures lib/stores alone.
import base from '../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testRegex: 'test/services/.*\\.spec\\.ts$',
  testTimeout: 30_000,
  // One after the other: they stop servers, count what waits, and start processes of their own.
  maxWorkers: 1,
  coverageDirectory: '<rootDir>/coverage/services',
  collectCoverageFrom: ['lib/stores/**/*.ts'],
};
