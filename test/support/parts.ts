// The module's parts without Nest around them, for unit tests: real code down to the wire, with
// time, chance and pauses held still.
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { randomBytes } from 'node:crypto';
import { AppApi } from '../../lib/api/app-api.js';
import { withoutDefaults } from '../../lib/api/own-client.js';
import { SnsApi } from '../../lib/api/sns-api.js';
import { WechatTransport } from '../../lib/api/transport.js';
import type { CodeLogin } from '../../lib/auth/login/code-login.js';
import { resolveConfig } from '../../lib/config/resolve-config.js';
import type { AppConfig, WechatConfig } from '../../lib/config/wechat-config.js';
import { FailedDecryptions } from '../../lib/mini-program/failed-decryptions.js';
import { MiniProgramCalls } from '../../lib/mini-program/mini-program-calls.js';
import { JsSdk } from '../../lib/js-sdk/js-sdk.js';
import { JsTickets } from '../../lib/js-sdk/js-tickets.js';
import { SessionKeys } from '../../lib/mini-program/session-keys.js';
import type { Runtime } from '../../lib/common/runtime.js';
import { Sealer } from '../../lib/sealing/sealer.js';
import { AppCalls } from '../../lib/tokens/app-calls.js';
import { AppTokens } from '../../lib/tokens/app-tokens.js';
import { ForcedRefreshes } from '../../lib/tokens/forced-refreshes.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import { TokenServer } from '../../lib/tokens/token-server.js';
import type { TokenStore } from '../../lib/tokens/token-store.js';
import { UserTokens } from '../../lib/tokens/user-tokens.js';
import { Vault } from '../../lib/tokens/vault.js';
import { WechatEvents } from '../../lib/common/wechat-events.js';
import type { WechatOAuthModuleOptions } from '../../lib/wechat-oauth.options.js';
import { ClientParts } from '../../lib/wechat-oauth.client.js';
import { WechatOAuthService } from '../../lib/wechat-oauth.service.js';

/** Stands still until a test moves `time`; pauses take no time at all and are written down. */
export class FakeRuntime implements Runtime {
  time = Date.UTC(2026, 0, 1);
  chance = 0.5;
  readonly pauses: number[] = [];

  now = (): number => this.time;
  monotonic = (): number => this.time;
  random = (): number => this.chance;
  randomBytes = randomBytes;
  sleep = async (ms: number): Promise<void> => {
    this.pauses.push(ms);
  };
}

export const APP_ID = 'wx0123456789abcdef';
export const APP_SECRET = 'app-secret-canary-0123456789';

export interface Parts {
  config: WechatConfig;
  /** The first app that is configured. */
  app: AppConfig;
  runtime: FakeRuntime;
  events: WechatEvents;
  transport: WechatTransport;
  api: SnsApi;
  store: TokenStore;
  vault: Vault;
  tokens: UserTokens;
  sessionKeys: SessionKeys;
  appTokens: AppTokens;
  appCalls: AppCalls;
  decryptions: FailedDecryptions;
  service: WechatOAuthService;
}

export interface PartsSetup {
  store?: TokenStore;
  http?: HttpService;
  codeLogin?: Pick<CodeLogin, 'run'>;
}

/** A vault, by itself and with the clock of the machine unless a test holds one. */
export function makeVault(
  store: TokenStore,
  sealer: Sealer,
  events = new WechatEvents(),
  runtime: Pick<Runtime, 'monotonic'> = { monotonic: () => performance.now() },
  patienceMs?: number,
): Vault {
  return new Vault(store, sealer, events, runtime, patienceMs);
}

/** @param options on top of one official account */
export function makeParts(options: WechatOAuthModuleOptions = {}, setup: PartsSetup = {}): Parts {
  const single = options.apps ? {} : { appId: APP_ID, secret: APP_SECRET };
  const config = resolveConfig({ ...single, ...options }, false);
  const app = [...config.apps.values()][0]!;
  const runtime = new FakeRuntime();
  const events = new WechatEvents();
  const http = setup.http ?? withoutDefaults(new HttpService(axios.create()));
  const store = setup.store ?? new MemoryTokenStore({ now: runtime.now });
  const transport = new WechatTransport(http, config, runtime, events);
  const api = new SnsApi(transport);
  const vault = new Vault(store, new Sealer(config.sessionSecrets), events, runtime);
  const tokens = new UserTokens(api, vault, runtime, config, events);
  const sessionKeys = new SessionKeys(api, vault);
  const appTokens = new AppTokens(
    new AppApi(transport),
    vault,
    new TokenServer(config, runtime),
    new ForcedRefreshes(vault, runtime),
    runtime,
  );
  const appCalls = new AppCalls(transport, appTokens, config);
  const decryptions = new FailedDecryptions(events, runtime);
  const jsSdk = new JsSdk(config, new JsTickets(appCalls, vault, runtime), runtime);
  const codeLogin = (setup.codeLogin ?? {}) as CodeLogin;
  const service = new WechatOAuthService(
    new ClientParts(
      config,
      api,
      tokens,
      sessionKeys,
      codeLogin,
      runtime,
      appTokens,
      appCalls,
      new MiniProgramCalls(appCalls, sessionKeys),
      decryptions,
      jsSdk,
    ),
  );
  return {
    config,
    app,
    runtime,
    events,
    transport,
    api,
    store,
    vault,
    tokens,
    sessionKeys,
    appTokens,
    appCalls,
    decryptions,
    service,
  };
}
