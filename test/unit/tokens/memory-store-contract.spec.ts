// The default store against the contract every store keeps; it has no server and ends with its
// process.
import { describeTokenStore } from '../../../lib/testing/token-store-contract/describe-token-store.js';
import { MemoryTokenStore } from '../../../lib/tokens/memory-token-store.js';

describeTokenStore(
  'MemoryTokenStore',
  () => {
    const store = new MemoryTokenStore();
    return { open: () => ({ store }) };
  },
  { shared: false, outage: false },
);
