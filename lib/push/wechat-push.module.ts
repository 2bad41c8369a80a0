// The module of the message push: stands beside WechatOAuthModule and takes from it what it needs.
import type { ServerResponse } from 'node:http';
import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type ModuleMetadata,
  type NestModule,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { DoorParts } from '../auth/door-parts.js';
import { requireProvider } from '../config/read-extras.js';
import { check } from '../config/read-value.js';
import { WECHAT_PUSH_HANDLER } from '../wechat-oauth.constants.js';
import type { WechatProviderOf } from '../wechat-oauth.module-definition.js';
import type { PushRequest } from './wire/push-body.js';
import { PushDoor } from './push-door.js';
import { makeDoor, makeScan } from './make-door.js';
import { ScanParts } from './scan/scan-parts.js';
import type { WechatPushHandler } from './wechat-push-handler.js';

/** What `WechatPushModule.register` takes; nothing at all is enough. */
export interface WechatPushModuleOptions {
  /**
   * Where WeChat sends pushes: `{path}/{name of the app}`, and `{path}` alone where one app has
   * `push`. As it stands: no global prefix, no version.
   * @default `/wechat/push`
   */
  path?: string;
  /**
   * Who gets them: a class that extends `WechatPushHandler`. Without one they are received and
   * answered with `success`.
   * @default none
   */
  handler?: WechatProviderOf<WechatPushHandler>;
  /**
   * Modules whose exports the handler needs; `WechatOAuthModule` too where it is not global.
   * @default none
   */
  imports?: ModuleMetadata['imports'];
}

/** What Nest knows of a server: Express has `use`, Fastify hooks. */
interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: PushRequest },
      reply: { raw: ServerResponse; hijack(): unknown },
      done: () => void,
    ) => void,
  ): unknown;
}

const PATH = Symbol('WECHAT_PUSH_PATH');

/** Receives what WeChat pushes to the apps that have `push` among their options. */
@Module({})
export class WechatPushModule implements NestModule, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('WechatPush');

  constructor(
    @Inject(PushDoor) private readonly door: PushDoor,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ScanParts) private readonly scan: ScanParts,
  ) {}

  /**
   * Registers the address of the push, beside `WechatOAuthModule`.
   * @example
   * WechatPushModule.register({ handler: { useClass: ShopPushHandler } })
   * @throws WechatConfigError for a path or a handler that is none, and while the application
   * starts when no app has `push`
   */
  static register({
    path = '/wechat/push',
    handler,
    imports = [],
  }: WechatPushModuleOptions = {}): DynamicModule {
    const isPath = typeof path === 'string' && /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(path);
    const fix =
      "Write a path without an end, e.g. '/wechat/push': letters, digits and - . _ ~ between slashes.";
    check(isPath, 'WechatPushModule.path', 'is not a path', fix);
    requireProvider('WechatPushModule.handler', handler, '{ useClass: YourPushHandler }');
    return {
      module: WechatPushModule,
      imports,
      providers: [
        { provide: PATH, useValue: path },
        { provide: WECHAT_PUSH_HANDLER, ...(handler ?? { useValue: null }) },
        {
          provide: PushDoor,
          inject: [PATH, ModuleRef, ScanParts],
          useFactory: makeDoor,
        },
        {
          provide: ScanParts,
          inject: [{ token: DoorParts, optional: true }],
          useFactory: makeScan,
        },
      ],
      // For WechatScanController, in whichever module it stands.
      exports: [ScanParts],
    };
  }

  /** Before routes exist, so before anything that could answer in our place. */
  configure(): void {
    const { httpAdapter } = this.host;
    const server: unknown = httpAdapter.getInstance();
    if (isFastify(server)) {
      server.addHook('onRequest', ({ raw }, reply, done) => {
        if (!this.door.take(raw, reply.raw)) return done();
        reply.hijack();
      });
      return;
    }
    httpAdapter.use((request: PushRequest, response: ServerResponse, next: () => void) => {
      if (!this.door.take(request, response)) next();
    });
  }

  /** Before the server waits for its connections. */
  async onModuleDestroy(): Promise<void> {
    await this.scan.close();
  }

  /** Looks at what the application provided, and says what to enter in the console. */
  onModuleInit(): void {
    const ours = [...this.modules.values()].filter(({ metatype }) => metatype === WechatPushModule);
    const twins = ours.filter(({ instance }) => (instance as WechatPushModule).door.path === this.door.path);
    const isAlone = twins.length <= 1;
    check(
      isAlone,
      'WechatPushModule.path',
      'is the same for two WechatPushModules',
      'Write it in one place.',
    );
    const own = ours.find(({ instance }) => (instance as unknown) === this);
    const handler = own?.providers.get(WECHAT_PUSH_HANDLER);
    // One of request scope does not exist yet.
    if (handler?.isDependencyTreeStatic() && handler.instance !== null) {
      const { onPush } = (handler.instance ?? {}) as { onPush?: unknown };
      const isOne = typeof onPush === 'function';
      check(
        isOne,
        'WechatPushModule.handler',
        'has no onPush',
        'Use a class that extends WechatPushHandler.',
      );
    }
    const told = this.door.addresses.map(({ app, path }) => {
      const base = app.publicUrl ? `${app.publicUrl.origin}${app.publicUrl.pathname.replace(/\/$/, '')}` : '';
      return `${base}${path} (${app.name})`;
    });
    this.logger.log(`Message push, safe mode. Addresses for WeChat's console: ${told.join(', ')}`);
  }
}

function isFastify(server: unknown): server is FastifyLike {
  return typeof (server as Partial<FastifyLike> | undefined)?.addHook === 'function';
}
