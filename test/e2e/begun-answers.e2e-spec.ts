// Somebody else answers while a login is judged: a middleware whose patience is over, a proxy's
// health check, a mistake of the application.
import type { ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  type INestApplication,
  UseGuards,
} from '@nestjs/common';
import {
  MemoryTokenStore,
  WechatAuthController,
  WechatAuthGuard,
  WechatLoginHandler,
  type WechatHooks,
} from '../../lib/index.js';
import { PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { type CrashWatch, browserFor, setStage, watchForCrashes } from '../support/stage.js';

let answers: ServerResponse[] = [];
let handled = 0;
let caught: unknown[] = [];

/** What a middleware with a timer does when the time is over. */
function answerNow(): void {
  for (const response of answers.splice(0)) response.writeHead(503, { 'x-by': 'timer' }).end('busy');
}

@Controller('orders')
@UseGuards(WechatAuthGuard)
class OrdersController {
  @Get()
  list() {
    handled++;
    return {};
  }
}

/** As many write it: it answers whatever it is given, after something it waits for. */
@Catch()
class CatchAll implements ExceptionFilter {
  async catch(thrown: unknown, host: ArgumentsHost) {
    caught.push(thrown);
    await Promise.resolve();
    host.switchToHttp().getResponse<{ status(code: number): { send(body: object): void } }>().status(500).send({}); // prettier-ignore
  }
}

class SlowStore extends MemoryTokenStore {
  isSlow = false;

  override async get(key: string) {
    if (this.isSlow) answerNow();
    return super.get(key);
  }

  override async set(key: string, value: string, ttlMs: number) {
    if (this.isSlow) answerNow();
    return super.set(key, value, ttlMs);
  }
}

describe.each(PLATFORMS)('An answer that somebody else has begun on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  let crashes: CrashWatch;
  let store: SlowStore;
  let onLogin: () => unknown;

  class Login extends WechatLoginHandler {
    async onLogin() {
      onLogin();
      return {};
    }
  }

  beforeEach(() => {
    [answers, handled, caught] = [[], 0, []];
    store = new SlowStore();
    onLogin = () => undefined;
    crashes = watchForCrashes();
  });

  afterEach(() => crashes.stop());

  const start = (hooks: WechatHooks = {}) =>
    stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { hooks, session: { revocable: true } },
      extras: { loginHandler: { useClass: Login }, tokenStore: { useValue: store } },
      configure: (app: INestApplication) => {
        app.useGlobalFilters(new CatchAll());
        app.use((_request: unknown, response: ServerResponse, next: () => void) => {
          answers.push(response);
          next();
        });
      },
    });

  /** The other one's answer arrives whole, and nothing of ours happens behind it. */
  async function expectTheirs(ask: Promise<{ status: number; body: string; setCookies: string[] }>) {
    const { status, body, setCookies } = await ask;
    expect([status, body, setCookies]).toEqual([503, 'busy', []]);
    // Whatever would still come has come when the next request is through.
    await new Promise((resolve) => setImmediate(resolve));
    expect([caught, handled, crashes.crashes]).toEqual([[], 0, []]);
  }

  const slowToSee: WechatHooks = { detectClient: () => void answerNow() };

  it('is not followed by a redirect to WeChat', async () => {
    const running = await start(slowToSee);
    await expectTheirs(browserFor(running).visit(`${SHOP}/orders`));
  });

  it('is not followed by a 401', async () => {
    const running = await start(slowToSee);
    await expectTheirs(browserFor(running).fetch(`${SHOP}/orders`));
  });

  it('is not followed by a page', async () => {
    const running = await start(slowToSee);
    await expectTheirs(browserFor(running, AGENTS.desktop).visit(`${SHOP}/orders`));
  });

  it('is not followed by the application’s own page', async () => {
    const running = await start({
      renderProblem: async () => {
        answerNow();
        return { status: 403, html: 'own' };
      },
    });
    await expectTheirs(browserFor(running, AGENTS.desktop).visit(`${SHOP}/orders`));
  });

  it.each([
    ['signs in', () => undefined],
    ['fails', () => { throw new Error('database'); }], // prettier-ignore
  ])('is not followed by the end of a login that %s', async (_what, then) => {
    const running = await start();
    const browser = browserFor(running);
    const begun = await browser.visit(`${SHOP}/orders`);
    const sent = await browser.visit(begun.headers.location!);
    answers = [];
    onLogin = () => {
      answerNow();
      then();
    };
    await expectTheirs(browser.visit(sent.headers.location!));
  });

  it('is not followed by the handler of somebody signed in, nor by a logout', async () => {
    const running = await start();
    const browser = browserFor(running);
    expect((await browser.follow(`${SHOP}/orders`)).at(-1)!.status).toBe(200);
    [answers, handled, store.isSlow] = [[], 0, true];
    await expectTheirs(browser.fetch(`${SHOP}/orders`));
    await expectTheirs(browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', headers: { origin: SHOP } }));
  });
});
