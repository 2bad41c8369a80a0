// One WeChat for a describe block, and applications that are closed after each test, however it
// ended.
import type { AddressInfo } from 'node:net';
import vm from 'node:vm';
import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { WechatOAuthModuleOptions } from '../../lib/index.js';
import type { WechatMockServer, WechatMockServerOptions } from '../../lib/testing/index.js';
import {
  type ApplicationOptions,
  MOCK_APPS,
  type Running,
  SESSION_SECRET,
  SHOP,
  startApplication,
  startWechat,
} from './application.js';
import { type Answer, Browser } from './browser.js';
import { LogCapture } from './log-capture.js';

export interface Stage {
  readonly wechat: WechatMockServer;
  /** An application around one global module, closed after the test. */
  start(setup?: Omit<ApplicationOptions, 'wechat' | 'adapter'>): Promise<Running>;
  /**
   * An application of any modules, closed after the test. Rejects as `listen` does when it cannot
   * start.
   */
  startModules(metadata: ModuleMetadata, configure?: (app: INestApplication) => void): Promise<Running>;
  /** Good options for one official account, with these on top. */
  options(changes?: Partial<WechatOAuthModuleOptions>): WechatOAuthModuleOptions;
  /** Closes it after the test. */
  keep<T extends { close(): Promise<unknown> }>(resource: T): T;
}

/** Call it in a describe block. */
export function setStage(adapter: () => AbstractHttpAdapter, options: WechatMockServerOptions = {}): Stage {
  let wechat: WechatMockServer;
  let open: { close(): Promise<unknown> }[] = [];

  beforeAll(async () => {
    wechat = await startWechat(options);
  });

  afterEach(async () => {
    // The one that started last may depend on those before it.
    for (const resource of open.reverse()) await resource.close();
    open = [];
    wechat.clearFaults();
    wechat.clearCalls();
    wechat.autoConsent = 'ming';
  });

  afterAll(() => wechat.close());

  const keep: Stage['keep'] = (resource) => {
    open.push(resource);
    return resource;
  };
  const [{ appId, secret }] = MOCK_APPS;
  return {
    get wechat() {
      return wechat;
    },
    keep,
    options: (changes = {}) => ({
      ...(changes.apps ? {} : { appId, secret }),
      publicUrl: SHOP,
      sessionSecret: SESSION_SECRET,
      endpoints: wechat.endpoints,
      ...changes,
    }),
    async start(setup = {}) {
      const running = await startApplication({ wechat, adapter, ...setup });
      keep(running.app);
      return running;
    },
    async startModules(metadata, configure) {
      const logs = new LogCapture();
      const module = await Test.createTestingModule(metadata).setLogger(logs).compile();
      const app = keep(module.createNestApplication(adapter()));
      app.useLogger(logs);
      configure?.(app);
      await app.listen(0, '127.0.0.1');
      return { app, port: (app.getHttpServer().address() as AddressInfo).port, logs };
    },
  };
}

/** A browser that finds the application at `https://shop.example.com`, or at the origins named. */
export function browserFor(
  { port }: Pick<Running, 'port'>,
  userAgent?: string,
  ...origins: string[]
): Browser {
  const browser = new Browser(userAgent);
  for (const origin of origins.length > 0 ? origins : [SHOP]) browser.route(origin, port);
  return browser;
}

/** A whole login: to WeChat, back, to the clean address. Returns the page at the end. */
export async function expectLogin(browser: Browser, url: string, end = url): Promise<Answer> {
  const answers = await browser.follow(url);
  expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
  expect(answers.at(-1)!.url).toBe(end);
  return answers.at(-1)!;
}

/** The `redirect_uri` of a redirect to WeChat. */
export function redirectUriOf({ headers }: Answer): string {
  return new URL(headers.location!).searchParams.get('redirect_uri')!;
}

export interface CrashWatch {
  /** What would have ended the process. */
  readonly crashes: readonly unknown[];
  stop(): void;
}

/**
 * Counts unhandled rejections and uncaught exceptions. Jest hands tests a copy of `process`, whose
 * events are not the real ones.
 */
export function watchForCrashes(): CrashWatch {
  const real = vm.runInThisContext('process') as NodeJS.Process;
  const crashes: unknown[] = [];
  const keep = (reason: unknown) => void crashes.push(reason);
  real.on('unhandledRejection', keep);
  real.on('uncaughtException', keep);
  return {
    crashes,
    stop() {
      real.off('unhandledRejection', keep);
      real.off('uncaughtException', keep);
    },
  };
}
