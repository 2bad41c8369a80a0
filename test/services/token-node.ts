// One process of a fleet that shares a token store: an application without a server, told by the
// parent what to do. Ends when the parent does.
import 'reflect-metadata';
import type { HttpService } from '@nestjs/axios';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  WECHAT_HTTP_SERVICE,
  WechatError,
  WechatEvents,
  WechatOAuthModule,
  type WechatOAuthModuleOptions,
  WechatOAuthService,
  type WechatUserProfile,
} from '../../lib/index.js';
import { openStore, type StorePlace } from './shared-stores.js';

/** What the node can be told to do, by name. */
export interface TokenNodeOrders {
  /** Starts an application, in place of the one before. */
  open(setup: {
    place: StorePlace;
    options: Omit<WechatOAuthModuleOptions, 'now'>;
    /**
     * Stops the process once, by SIGSTOP, between WeChat's answer to a refresh and what comes
     * after.
     */
    stopAfterRefresh?: true;
  }): void;
  /** Moves the node's clock ahead. */
  advance(ms: number): void;
  /** Signs in with a code, and returns the openid. */
  login(code: string): string;
  /** So many callers at once want the profile of one person. */
  ask(question: { openid: string; callers: number }): Answers;
  close(): void;
}

export interface Answers {
  /** How many callers were answered what; the profiles as JSON. */
  profiles: Record<string, number>;
  /** How many callers failed how: class, kind and, where WeChat said so, its code. */
  failures: Record<string, number>;
  /** When the last one had its answer, in ms since 1970. */
  endedAt: number;
  /** Of all the node's life: what happened to the store, and how often it refreshed a token. */
  events: Record<string, number>;
}

export type TokenNodeOrder = {
  [Name in keyof TokenNodeOrders]: { id: number; name: Name; argument: Parameters<TokenNodeOrders[Name]>[0] };
}[keyof TokenNodeOrders];
export type TokenNodeReply = { id: number; result: unknown } | { id: number; error: string };

const { name: nodeName } = JSON.parse(process.argv[2]!) as { name: string };
let ahead = 0;
let app: INestApplicationContext | undefined;
let closeStore: (() => unknown) | undefined;
let events: Record<string, number> = {};

const orders: { [Name in keyof TokenNodeOrders]: (...all: Parameters<TokenNodeOrders[Name]>) => unknown } = {
  async open({ place, options, stopAfterRefresh }) {
    await orders.close();
    const { store, close } = await openStore(place);
    closeStore = close;
    const module = WechatOAuthModule.forRoot({
      ...options,
      now: () => Date.now() + ahead,
      tokenStore: { useValue: store },
    });
    app = await NestFactory.createApplicationContext(module, { logger: false });
    events = {};
    app.get(WechatEvents).events$.subscribe(({ type }) => add(events, type));
    const { axiosRef } = app.get<HttpService>(WECHAT_HTTP_SERVICE);
    // So that WeChat's side can tell who called.
    axiosRef.defaults.headers.common['User-Agent'] = nodeName;
    if (!stopAfterRefresh) return;
    const stopper = axiosRef.interceptors.response.use((response) => {
      if (response.config.url?.includes('/refresh_token')) {
        axiosRef.interceptors.response.eject(stopper);
        process.kill(process.pid, 'SIGSTOP');
      }
      return response;
    });
  },
  advance: (ms) => void (ahead += ms),
  login: async (code) => (await service().getAccessToken(code)).openid,
  async ask({ openid, callers }) {
    const answers: Answers = { profiles: {}, failures: {}, endedAt: 0, events };
    await Promise.all(
      Array.from({ length: callers }, async () => {
        try {
          add(answers.profiles, textOf(await service().getUser(openid)));
        } catch (error) {
          add(answers.failures, describe(error));
        }
      }),
    );
    answers.endedAt = Date.now();
    return answers;
  },
  async close() {
    await app?.close();
    app = undefined;
    await closeStore?.();
    closeStore = undefined;
    ahead = 0;
  },
};

process.on('disconnect', () => process.exit());
process.on('message', async ({ id, name, argument }: TokenNodeOrder) => {
  const tell = (reply: TokenNodeReply) => void process.send!(reply);
  try {
    tell({ id, result: await orders[name](argument as never) });
  } catch (error) {
    tell({ id, error: (error as Error).stack ?? String(error) });
  }
});

function service(): WechatOAuthService {
  return app!.get(WechatOAuthService);
}

function textOf({ openid, unionid, nickname }: WechatUserProfile): string {
  return JSON.stringify({ openid, unionid, nickname });
}

function describe(error: unknown): string {
  const { errcode, fault } = error as { errcode?: number; fault?: string };
  const kind = error instanceof WechatError ? error.kind : 'not ours';
  return [(error as Error).constructor.name, kind, errcode ?? fault].filter(Boolean).join(' ');
}

function add(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
