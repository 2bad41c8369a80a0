// Starts Nest applications for tests, on Express and on Fastify, and closes them afterwards.
import type { AddressInfo } from 'node:net';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { WechatOAuthModuleExtras } from '../../lib/wechat-oauth.module-definition.js';
import { WechatOAuthModule, type WechatOAuthModuleOptions } from '../../lib/index.js';
import { WechatMockServer, type WechatMockServerOptions } from '../../lib/testing/index.js';
import { LogCapture } from './log-capture.js';

/** The one table through which every end-to-end test runs. */
export const PLATFORMS: [name: string, adapter: () => AbstractHttpAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

export const SHOP = 'https://shop.example.com';
export const SESSION_SECRET = 'session-secret-canary-0123456789abcdef';

export const MOCK_APPS = [
  {
    type: 'official-account',
    appId: 'wx00000000official',
    secret: 'secretcanaryofficial000000000000',
    domains: ['shop.example.com'],
    openPlatform: 'shop',
  },
  {
    type: 'website',
    appId: 'wx000000000website',
    secret: 'secretcanarywebsite0000000000000',
    domains: ['shop.example.com'],
    openPlatform: 'shop',
  },
  {
    type: 'mini-program',
    appId: 'wx00000000000mini0',
    secret: 'secretcanarymini0000000000000000',
    openPlatform: 'shop',
  },
  {
    type: 'mobile',
    appId: 'wx0000000000mobile',
    secret: 'secretcanarymobile00000000000000',
    openPlatform: 'shop',
  },
] as const satisfies WechatMockServerOptions['apps'];

const [official, website, mini, mobile] = MOCK_APPS;

/** One module with an app of every kind. */
export const ALL_APPS: WechatOAuthModuleOptions['apps'] = {
  official: { type: official.type, appId: official.appId, secret: official.secret },
  website: { type: website.type, appId: website.appId, secret: website.secret },
  mini: { type: mini.type, appId: mini.appId, secret: mini.secret },
  mobile: { type: mobile.type, appId: mobile.appId, secret: mobile.secret },
};

export function startWechat(options: WechatMockServerOptions = {}): Promise<WechatMockServer> {
  return WechatMockServer.start({ apps: [...MOCK_APPS], autoConsent: 'ming', ...options });
}

export interface ApplicationOptions {
  wechat: Pick<WechatMockServer, 'endpoints'>;
  adapter: () => AbstractHttpAdapter;
  controllers?: Type[];
  providers?: ModuleMetadata['providers'];
  imports?: ModuleMetadata['imports'];
  options?: Partial<WechatOAuthModuleOptions>;
  extras?: WechatOAuthModuleExtras;
  configure?: (app: INestApplication) => void;
}

export interface Running {
  app: INestApplication;
  port: number;
  logs: LogCapture;
}

/**
 * An application at `https://shop.example.com` whose one app is the official account, unless
 * `options` say otherwise.
 */
export async function startApplication(setup: ApplicationOptions): Promise<Running> {
  const {
    wechat,
    adapter,
    controllers = [],
    providers = [],
    imports = [],
    options = {},
    extras = {},
    configure,
  } = setup;
  const single = options.apps ? {} : { appId: official.appId, secret: official.secret };
  const module = await Test.createTestingModule({
    imports: [
      WechatOAuthModule.forRoot({
        ...single,
        publicUrl: SHOP,
        sessionSecret: SESSION_SECRET,
        endpoints: wechat.endpoints,
        ...options,
        ...extras,
      }),
      ...imports,
    ],
    controllers,
    providers,
  }).compile();
  const logs = new LogCapture();
  const app = module.createNestApplication(adapter());
  app.useLogger(logs);
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, port: (app.getHttpServer().address() as AddressInfo).port, logs };
}
