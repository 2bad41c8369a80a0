// Run through `npm run test:browser`: the quick start as a person meets it, in a headless Chromium. CHROME_PATH names another one than /usr/bin/chromium.
import base from '../jest.config.js';

const { coverageThreshold: _, ...config } = base;

export default {
  ...config,
  rootDir: '../..',
  testRegex: 'test/browser/.*\\.spec\\.ts$',
  testTimeout: 60_000,
};
