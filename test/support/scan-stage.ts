// A stage for logins by a scan: the application is connected with WeChat, its clock can be set, and
// its events are kept.
import type { AbstractHttpAdapter } from '@nestjs/core';
import {
  type WechatEvent,
  WechatEvents,
  type WechatLogin,
  type WechatLoginDecision,
} from '../../lib/index.js';
import type { MockPushResult, MockScanOptions, WechatMockServerOptions } from '../../lib/testing/index.js';
import { MemoryTokenStore } from '../../lib/tokens/memory-token-store.js';
import { type ApplicationOptions, type Running, SHOP } from './application.js';
import { AGENTS, type Answer, type Browser, type RequestOptions } from './browser.js';
import { PUSH_APP_ID } from './push-kit.js';
import { connect, scanSetup } from './scan-kit.js';
import { browserFor, setStage, type Stage } from './stage.js';

export const CREATE = '/cgi-bin/qrcode/create';

export interface ScanRunning extends Running {
  /** At a desktop. */
  readonly browser: Browser;
}

export interface ScanStage extends Stage {
  readonly events: WechatEvent[];
  /** Whoever signed in, as the login handler saw it. */
  readonly logins: WechatLogin[];
  /** What the login handler says. */
  onLogin: (login: WechatLogin) => Promise<WechatLoginDecision | void>;
  /** Moves the clock of the application. */
  later(ms: number): void;
  /** @param setup with `imports`: in place of the WechatPushModule that there is otherwise */
  startScan(setup?: Partial<ApplicationOptions>, scan?: unknown): Promise<ScanRunning>;
  /** The newest scene that WeChat was asked for. */
  scene(): string;
  /** How many codes WeChat was asked for. */
  created(): number;
  /** Somebody scans the newest code. */
  scan(user?: string, more?: Partial<MockScanOptions>): Promise<MockPushResult>;
  said(type: WechatEvent['type']): WechatEvent[];
}

export function setScanStage(
  adapter: () => AbstractHttpAdapter,
  world: WechatMockServerOptions = {},
): ScanStage {
  const stage = setStage(adapter, world);
  let ahead = 0;
  let [events, logins]: [WechatEvent[], WechatLogin[]] = [[], []];

  beforeEach(() => {
    ahead = 0;
    [events, logins] = [[], []];
    own.onLogin = async () => undefined;
    for (const id of ['ming', 'hong']) stage.wechat.setUser(id, { follower: false });
  });

  const own = {
    get events() {
      return events;
    },
    get logins() {
      return logins;
    },
    onLogin: async (): Promise<WechatLoginDecision | void> => undefined,
    later: (ms: number) => void (ahead += ms),
    async startScan(
      { extras = {}, options = {}, imports, ...more }: Partial<ApplicationOptions> = {},
      scan?: unknown,
    ) {
      const now = () => Date.now() + ahead;
      const onLogin = (login: WechatLogin) => {
        logins.push(login);
        return (own.onLogin as ScanStage['onLogin'])(login);
      };
      const running = await stage.start({
        ...scanSetup(
          {
            options: { now, ...options },
            extras: {
              loginHandler: { useValue: { onLogin } },
              tokenStore: { useValue: new MemoryTokenStore({ now }) },
              ...extras,
            },
            ...more,
          },
          scan,
        ),
        ...(imports ? { imports } : {}),
      });
      // Of several apps the test knows which one is pushed to.
      if (!options.apps) await connect(stage.wechat, running);
      running.app.get(WechatEvents).events$.subscribe((event) => void events.push(event));
      return { ...running, browser: browserFor(running, AGENTS.desktop) };
    },
    created: () => stage.wechat.callsTo(CREATE).length,
    scene() {
      const { body } = stage.wechat.callsTo(CREATE).at(-1)!;
      return /"scene_str":"([^"]+)"/.exec(body)![1]!;
    },
    scan: (user = 'ming', more: Partial<MockScanOptions> = {}) =>
      stage.wechat.scan({ appId: PUSH_APP_ID, scene: own.scene(), user, ...more }),
    said: (type: WechatEvent['type']) => events.filter((event) => event.type === type),
  };
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(stage)) as unknown as ScanStage;
}

/** A route of the page, with the state of that page. */
export const at = (page: Pick<Answer, 'url'>, end: string): string => {
  const { origin, pathname, search } = new URL(page.url);
  return `${origin}${pathname}${end}${search}`;
};

/** Which part of the page is shown. */
export const shownIn = ({ body }: Answer): string =>
  [...body.matchAll(/<section data-on="(\w+)"[^>]*?( hidden)?>/g)].find(([, , hidden]) => !hidden)?.[1] ?? '';

/** The form of the page, as the browser sends it. */
export function send(
  browser: Browser,
  page: Pick<Answer, 'url'>,
  fields: Record<string, string>,
  headers: Record<string, string> = { origin: SHOP },
  options: RequestOptions = {},
): Promise<Answer> {
  return browser.visit(at(page, '/finish'), {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
    ...options,
  });
}

export const openidOf = ({ wechat }: Stage, user = 'ming'): string => wechat.openidOf(PUSH_APP_ID, user);
