// Run through `npm run test:browser`: the samples as a person meets them, in a headless Chromium. CHROME_PATH names another one than /usr/bin/chromium.
import base from '../jest.config.js';

const { coverageThreshold: _, ...config } = base;

export default {
  ...config,
  rootDir: '../..',
  testRegex: 'test/browser/.*\\.spec\\.ts$',
  testTimeout: 60_000,
  // Each sample builds the library when it starts, into the same place.
  maxWorkers: 1,
};
