// Classes that extend ours: with fields, methods and constructors of their own, and names that ours
// might have used.
import {
  Controller,
  type ExecutionContext,
  forwardRef,
  Get,
  HttpException,
  Inject,
  Injectable,
  Logger,
  Module,
  Scope,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  MemoryTokenStore,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  type WechatError,
  WechatExceptionFilter,
  WechatLoginHandler,
  WechatOAuthModule,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { failureOf } from '../support/failure.js';
import { browserFor, setStage } from '../support/stage.js';

@Injectable()
class Clock {
  hour = 9;
}

/** Every name that the classes of this package have used for something private, and some more. */
const NAMES = {
  config: 'mine',
  logger: 'mine',
  service: 'mine',
  sessions: 'mine',
  reader: 'mine',
  flows: 'mine',
  revocations: 'mine',
  refusals: 'mine',
  setup: 'mine',
  codeLogin: 'mine',
  host: 'mine',
  reflector: 'mine',
  parts: 'mine',
  app: 'mine',
} as const;

class WithFields extends WechatAuthController {
  config = 'mine';
  logger = new Logger('mine');
  service = 1;
  sessions = 2;
  reader = 3;
  flows = 4;
  revocations = 5;
  refusals = 6;
  setup = 7;
  codeLogin = 8;
  host = 9;
  servesFor = 10;
  requireStore = () => 'mine';
  answerIncomplete = () => 'mine';
  toException = () => 'mine';
}

@Controller('fields')
class FieldsController extends WithFields {}

@Controller('injected')
class InjectedController extends WechatAuthController {
  @Inject(Clock) readonly config!: Clock;
  @Inject(WechatSessionService) protected readonly sessions!: WechatSessionService;

  @Get('hour')
  hour() {
    return { hour: this.config.hour, issues: typeof this.sessions.issue };
  }
}

@Controller('constructed')
class ConstructedController extends WechatAuthController {
  readonly logger: string;

  constructor(@Inject(Clock) private readonly config: Clock) {
    super();
    this.logger = 'mine';
  }

  @Get('hour')
  hour() {
    return { hour: this.config.hour };
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController extends WechatAuthController {
  config = 'mine';

  constructor(@Inject(Clock) private readonly clock: Clock) {
    super();
  }

  @Get('hour')
  hour() {
    return { hour: this.clock.hour };
  }
}

@Controller('circular')
class CircularController extends WechatAuthController {
  constructor(@Inject(forwardRef(() => Clock)) readonly config: Clock) {
    super();
  }
}

@Injectable()
class OpenGuard extends WechatAuthGuard {
  logger = 'mine';
  config = 'mine';
  setup = 'mine';
  host = 'mine';
  reflector = 'mine';
  hasWarned = 'mine';
  unknownApps = 'mine';
  attach = () => 'mine';
  refusal = () => 'mine';
}

@Injectable()
class OfficeHours extends WechatAuthGuard {
  @Inject(Clock) readonly config!: Clock;

  override async canActivate(context: ExecutionContext) {
    return (await super.canActivate(context)) && this.config.hour < 17;
  }
}

@Injectable()
class ConstructedGuard extends WechatAuthGuard {
  constructor(@Inject(Clock) private readonly setup: Clock) {
    super();
  }

  override async canActivate(context: ExecutionContext) {
    return (await super.canActivate(context)) && this.setup.hour < 17;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends WechatAuthGuard {
  config = 'mine';

  constructor(@Inject(forwardRef(() => Clock)) readonly clock: Clock) {
    super();
  }
}

@Injectable()
class CircularGuard extends WechatAuthGuard {
  constructor(@Inject(forwardRef(() => Clock)) readonly host: Clock) {
    super();
  }
}

function pageBehind(guard: Type<WechatAuthGuard>): Type {
  @Controller('page')
  @UseGuards(guard)
  class PageController {
    @Get()
    page(@WechatUser('openid') openid: string) {
      return { openid };
    }
  }
  return PageController;
}

describe.each(PLATFORMS)('A class that extends one of ours on %s', (_, adapter) => {
  const stage = setStage(adapter);
  const openid = () => stage.wechat.openidOf('wx00000000official', 'ming');

  it.each([
    ['fields', FieldsController],
    ['injected', InjectedController],
    ['constructed', ConstructedController],
    ['scoped', ScopedController],
    ['circular', CircularController],
  ])('is a whole controller: %s', async (path, controller) => {
    const running = await stage.start({ controllers: [controller], providers: [Clock] });
    const browser = browserFor(running);
    const at = `${SHOP}/${path}`;
    const headers = { origin: SHOP };

    await browser.follow(`${at}/login?returnTo=/${path}/me`);
    expect((await browser.fetch(`${at}/me`)).json()).toMatchObject({ user: { openid: openid() } });
    expect((await browser.fetch(`${at}/session`, { method: 'POST', headers })).status).toBe(400);
    expect((await browser.fetch(`${at}/logout`, { method: 'POST', headers })).status).toBe(204);
    expect((await browser.fetch(`${at}/me`)).json()).toEqual({ user: null });
  });

  it.each([
    ['injected', InjectedController, { hour: 9, issues: 'function' }],
    ['constructed', ConstructedController, { hour: 9 }],
    ['scoped', ScopedController, { hour: 9 }],
  ])('has what it injects itself: %s', async (path, controller, expected) => {
    const running = await stage.start({ controllers: [controller], providers: [Clock] });

    expect((await browserFor(running).fetch(`${SHOP}/${path}/hour`)).json()).toEqual(expected);
  });

  it.each([
    ['fields', OpenGuard],
    ['an injected property', OfficeHours],
    ['a constructor', ConstructedGuard],
    ['request scope', ScopedGuard],
    ['a circular dependency', CircularGuard],
  ])('is a whole guard with %s', async (_name, guard) => {
    const running = await stage.start({ controllers: [pageBehind(guard)], providers: [Clock] });
    const browser = browserFor(running);

    expect((await browser.fetch(`${SHOP}/page`)).status).toBe(401);
    expect((await browser.follow(`${SHOP}/page`)).at(-1)!.json()).toEqual({ openid: openid() });
  });

  it('is a guard of the whole application', async () => {
    const running = await stage.start({
      controllers: [pageBehind(OpenGuard)],
      providers: [Clock, { provide: APP_GUARD, useClass: ConstructedGuard }],
    });

    expect((await browserFor(running).follow(`${SHOP}/page`)).at(-1)!.json()).toEqual({ openid: openid() });
  });

  it.each([
    ['fields', OpenGuard],
    ['a constructor', ConstructedGuard],
    ['a circular dependency', CircularGuard],
  ])('is missed options at the start, as ours does: a guard with %s', async (_name, guard) => {
    const options = stage.options({ sessionSecret: undefined });
    const start = stage.startModules({
      imports: [WechatOAuthModule.forRoot(options)],
      controllers: [pageBehind(guard)],
      providers: [Clock],
    });

    expect(await failureOf(() => start)).toBeInstanceOf(WechatConfigError);
  });

  it('stands in a module that imports one of two that are not global', async () => {
    @Module({
      imports: [WechatOAuthModule.forRoot({ ...stage.options(), isGlobal: false })],
      controllers: [FieldsController, pageBehind(ConstructedGuard)],
      providers: [Clock],
    })
    class ShopModule {}
    const running = await stage.startModules({
      imports: [
        ShopModule,
        WechatOAuthModule.forRoot({
          ...stage.options({ publicUrl: 'https://other.example.com' }),
          isGlobal: false,
        }),
      ],
    });
    const browser = browserFor(running);

    const start = await browser.visit(`${SHOP}/page`);
    expect(start.headers.location).toContain(encodeURIComponent(`${SHOP}/page`));
    expect((await browser.fetch(`${SHOP}/fields/me`)).json()).toEqual({ user: null });
  });

  it('keeps fields of its own: login handler, store, filter', async () => {
    const logins: string[] = [];
    class Handler extends WechatLoginHandler {
      config = 'mine';
      logger = 'mine';
      async onLogin() {
        logins.push(this.config + this.logger);
      }
    }
    class Store extends MemoryTokenStore {
      logger = 'mine';
      config = 'mine';
      now = 'mine';
      read = 'mine';
      write = 'mine';
      max = 'mine';
    }
    class Filter extends WechatExceptionFilter {
      logger = 'mine';
      host = 'mine';
      config = 'mine';
    }
    const store = new Store();
    const running = await stage.start({
      controllers: [pageBehind(WechatAuthGuard)],
      extras: { loginHandler: { useClass: Handler }, tokenStore: { useValue: store } },
      providers: [Filter],
    });

    await browserFor(running).follow(`${SHOP}/page`);
    expect(logins).toEqual(['minemine']);
    expect(store.size).toBeGreaterThan(0);
    const replies: unknown[] = [];
    const filter = running.app.get(Filter);
    const host = {
      getType: () => 'ws',
      switchToHttp: () => ({ getResponse: () => replies }),
    };
    const error = new WechatConfigError('x', 'is wrong', 'Mend it.') as WechatError;
    const answer: (...args: [WechatError, never]) => void = filter.catch.bind(filter);
    expect(() => answer(error, host as never)).toThrow(HttpException);
  });

  it('has room for any name', () => {
    expect(Object.assign(Object.create(WechatAuthController.prototype) as object, NAMES)).toMatchObject(
      NAMES,
    );
  });
});
