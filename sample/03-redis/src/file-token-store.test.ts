// Holds the store to the contract that every store can be held to: npm test
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { describeTokenStore } from 'nestjs-wechat-oauth/testing';
import { FileTokenStore } from './file-token-store.js';

// jest, vitest and mocha have them as globals; Node's own runner has not.
Object.assign(globalThis, { describe, it });

const directory = await mkdtemp(join(tmpdir(), 'file-token-store-'));
after(() => rm(directory, { recursive: true }));

describeTokenStore(
  'FileTokenStore',
  () => ({ open: async () => ({ store: await FileTokenStore.open(directory) }) }),
  // What it cannot do is said, not hidden: one process only, and a directory cannot be stopped like
  // a server.
  { atomic: false, outage: false },
);
