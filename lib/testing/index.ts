// What applications may import from `nestjs-wechat-oauth/testing`.
export { DEFAULT_MOCK_APPS } from './mock-server/mock-apps.js';
export { MockServerError } from './mock-server/mock-server-error.js';
export { WechatMockServer } from './mock-server/mock-server.js';
export type { MockClock } from './mock-server/mock-clock.js';
export type {
  MockAppOptions,
  MockAppType,
  MockAuthorizeOptions,
  MockAuthorizeResult,
  MockAutoConsent,
  MockCall,
  MockEncryptedData,
  MockEncryptedOptions,
  MockJsConfig,
  MockFault,
  MockFaultHandle,
  MockUnsure,
  MockUser,
  MockUserOptions,
  WechatMockServerOptions,
} from './mock-server/mock-server.types.js';
export type {
  MockPushDelivery,
  MockPushFields,
  MockPushOptions,
  MockPushResult,
  MockPushSettings,
} from './mock-server/push/push.types.js';
export type { MockChatMessage, MockScanOptions } from './mock-server/scan/scan.types.js';
export { describeTokenStore } from './token-store-contract/describe-token-store.js';
export type {
  OpenTokenStore,
  TokenStoreCapabilities,
  TokenStoreHarness,
} from './token-store-contract/harness.js';
export { describeIdentityLinker } from './identity-linker-contract/describe-identity-linker.js';
export type { IdentityLinkerHarness } from './identity-linker-contract/harness.js';
export { InMemoryIdentityLinker, type InMemoryIdentityLinkerOptions } from './in-memory-identity-linker.js';
export { letIn } from './let-in.js';
export { signInAs, type SignedIn, type SignInAsIdentity } from './sign-in-as.js';
