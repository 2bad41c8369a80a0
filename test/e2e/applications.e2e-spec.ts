// Keeps logins and refusals working inside applications that have filters, pipes, prefixes, proxies
// and guards of their own.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import v8 from 'node:v8';
import vm from 'node:vm';
import {
  type ArgumentsHost,
  Body,
  type CallHandler,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  Post,
  Query,
  Scope,
  UseGuards,
  ValidationPipe,
  VersioningType,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, REQUEST } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { IsOptional, IsString } from 'class-validator';
import express from 'express';
import type { FastifyInstance } from 'fastify';
import { map, type Observable } from 'rxjs';
import {
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  type WechatIdentity,
  type WechatLogin,
  WechatLoginHandler,
  WechatOAuthModule,
  WechatOAuthService,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { signInAs } from '../../lib/testing/index.js';
import { ALL_APPS, PLATFORMS, SHOP } from '../support/application.js';
import { AGENTS, Browser } from '../support/browser.js';
import { LogCapture } from '../support/log-capture.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, redirectUriOf, setStage, watchForCrashes } from '../support/stage.js';
import { startProxy } from '../support/stripping-proxy.js';

/**
 * Answers every exception by itself, as filters of real applications do; `later` after asynchronous
 * work such as a log entry in a database.
 */
@Catch()
class WritingFilter implements ExceptionFilter {
  calls = 0;

  constructor(
    private readonly adapter: HttpAdapterHost['httpAdapter'],
    private readonly later: boolean,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void | Promise<void> {
    this.calls++;
    const response = host.switchToHttp().getResponse<unknown>();
    if (!this.later) return this.write(response, error);
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          resolve(this.write(response, error));
        } catch (fault) {
          reject(fault as Error);
        }
      });
    });
  }

  private write(response: unknown, error: unknown): void {
    const status = error instanceof HttpException ? error.getStatus() : 500;
    const problem = error instanceof HttpException ? error.getResponse() : String(error);
    this.adapter.reply(response, { ok: false, problem }, status);
  }
}

@Injectable()
class EnvelopeInterceptor implements NestInterceptor {
  calls = 0;

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.calls++;
    return next.handle().pipe(map((data: unknown) => ({ ok: true, data })));
  }
}

class SearchDto {
  @IsOptional()
  @IsString()
  q?: string;
}

class OrderDto {
  @IsString()
  tea!: string;
}

@Controller('search')
@UseGuards(WechatAuthGuard)
class SearchController {
  @Get()
  search(
    @Query() query: SearchDto,
    @WechatUser() user: WechatIdentity,
    @WechatUser('openid') openid: string,
  ) {
    return { q: query.q, openid, same: user.openid === openid };
  }

  @Post()
  order(@Body() body: OrderDto, @WechatUser() user: WechatIdentity) {
    return { tea: body.tea, openid: user.openid };
  }
}

@Controller('pages')
@UseGuards(WechatAuthGuard)
class AnyPathController {
  @Get(':first/:second')
  page(@Param('first') first: string, @Param('second') second: string) {
    return { first, second };
  }
}

@Controller('public')
@WechatAuth({ mode: 'off' })
class PublicController {
  @Get()
  page(@WechatUser() user?: WechatIdentity) {
    return { user: user ?? null };
  }

  @WechatAuth({ mode: 'required' })
  @Get('not')
  guarded(@WechatUser('openid') openid: string) {
    return { openid };
  }
}

/** Guarded by nothing of its own. */
@Controller('plain')
class PlainController {
  @Get()
  page(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }
}

describe.each(PLATFORMS)('Inside an application on %s', (platform, adapter) => {
  const stage = setStage(adapter);
  const mingsOpenid = () => stage.wechat.openidOf('wx00000000official', 'ming');

  describe.each([
    ['at once', false],
    ['later', true],
  ])('whose catch-all filter writes its answer %s', (_when, later) => {
    it('logins complete without the filter, refusals go through it, and the process lives', async () => {
      let filter!: WritingFilter;
      const watch = watchForCrashes();
      const running = await stage.start({
        controllers: [OrdersController],
        configure: (app) => {
          filter = new WritingFilter(app.get(HttpAdapterHost).httpAdapter, later);
          app.useGlobalFilters(filter);
        },
      });
      const browser = browserFor(running);

      await expectLogin(browser, `${SHOP}/orders?page=2`);
      expect(filter.calls).toBe(0);

      const refused = await browser.another().fetch(`${SHOP}/orders`);
      expect(refused.status).toBe(401);
      expect(refused.json()).toMatchObject({ ok: false, problem: { code: 'WECHAT_LOGIN_REQUIRED' } });
      const forbidden = await browser.fetch(`${SHOP}/orders/profile`);
      expect(forbidden.status).toBe(403);
      expect(forbidden.json()).toMatchObject({ ok: false, problem: { code: 'WECHAT_SCOPE_REQUIRED' } });
      expect(filter.calls).toBe(2);

      // A page of ours is not an exception either.
      const page = await browser.another(AGENTS.desktop).visit(`${SHOP}/orders`);
      expect([page.status, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
      expect(filter.calls).toBe(2);

      await new Promise(setImmediate);
      watch.stop();
      expect(watch.crashes).toEqual([]);
    });
  });

  it('with an envelope filter and a wrapping interceptor, redirects and pages stay as they are and data gets its envelope', async () => {
    const interceptor = new EnvelopeInterceptor();
    const running = await stage.start({
      controllers: [OrdersController],
      configure: (app) => {
        app.useGlobalInterceptors(interceptor);
        app.useGlobalFilters(new WritingFilter(app.get(HttpAdapterHost).httpAdapter, false));
      },
    });
    const browser = browserFor(running);

    const start = await browser.visit(`${SHOP}/orders/mine`);
    expect([start.status, start.body.includes('"ok"')]).toEqual([302, false]);
    expect(interceptor.calls).toBe(0);

    const end = await expectLogin(browser, `${SHOP}/orders/mine`);
    expect(end.json()).toEqual({ ok: true, data: { openid: mingsOpenid() } });
    expect(interceptor.calls).toBe(1);

    const refused = await browser.another().fetch(`${SHOP}/orders`);
    expect([refused.status, refused.json()]).toEqual([
      401,
      { ok: false, problem: expect.objectContaining({ statusCode: 401, code: 'WECHAT_LOGIN_REQUIRED' }) },
    ]);
  });

  describe.each([
    ['a global prefix', '/api', true, false],
    ['URI versions', '/v1', false, true],
    ['a prefix and versions', '/api/v1', true, true],
  ])('with %s', (_what, path, prefix, versions) => {
    it('every address of a login carries it, and WechatAuthController works under it', async () => {
      const running = await stage.start({
        controllers: [OrdersController, WechatAuthController],
        options: { loginPath: `${prefix ? '/api' : ''}/wechat/login` },
        configure: (app) => {
          if (prefix) app.setGlobalPrefix('api');
          if (versions) app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
        },
      });
      const browser = browserFor(running);

      const start = await browser.visit(`${SHOP}${path}/orders/mine?page=2`);
      expect(redirectUriOf(start)).toBe(`${SHOP}${path}/orders/mine`);
      await expectLogin(browser, `${SHOP}${path}/orders/mine?page=2`);

      const refused = await browser.another().fetch(`${SHOP}${path}/orders`);
      expect(refused.status).toBe(401);
      const { loginUrl } = refused.json<{ loginUrl: string }>();
      expect(loginUrl).toBe(`${SHOP}${prefix ? '/api' : ''}/wechat/login`);
      const back = `${SHOP}${path}/orders/mine`;
      await expectLogin(browser.another(), `${loginUrl}?returnTo=${encodeURIComponent(back)}`, back);
    });
  });

  it('behind a proxy that strips a path, Location, redirect_uri and the last address carry it', async () => {
    const publicUrl = `${SHOP}/shop`;
    const running = await stage.start({
      controllers: [OrdersController, WechatAuthController],
      options: { publicUrl },
    });
    const proxy = stage.keep(await startProxy(running.port, '/shop'));
    const browser = browserFor(proxy);

    const start = await browser.visit(`${publicUrl}/orders/mine?page=2`);
    expect(redirectUriOf(start)).toBe(`${publicUrl}/orders/mine`);
    const end = await expectLogin(browser, `${publicUrl}/orders/mine?page=2`);
    expect(end.json()).toEqual({ openid: mingsOpenid() });
    expect(proxy.passedOn.every((path) => path.startsWith('/orders/mine'))).toBe(true);

    const refused = await browser.another().fetch(`${publicUrl}/orders`);
    expect(refused.json()).toMatchObject({ loginUrl: `${publicUrl}/wechat/login` });
    const [toWechat, , callback] = await browser.another().follow(`${publicUrl}/wechat/login`);
    expect(redirectUriOf(toWechat!)).toBe(
      `${publicUrl}/wechat/login?returnTo=${encodeURIComponent(`${publicUrl}/`)}`,
    );
    expect(callback!.headers.location).toBe(`${publicUrl}/#`);
  });

  it('behind such a proxy, a login handler that names a path means one of the application', async () => {
    const publicUrl = `${SHOP}/shop`;
    const running = await stage.start({
      controllers: [OrdersController],
      options: { publicUrl },
      extras: {
        loginHandler: { useValue: { onLogin: async () => ({ redirectTo: '/orders/mine?welcome=1' }) } },
      },
    });
    const browser = browserFor(stage.keep(await startProxy(running.port, '/shop')));

    await expectLogin(browser, `${publicUrl}/orders`, `${publicUrl}/orders/mine?welcome=1`);
  });

  it('a strict validation pipe has nothing to say about our parameters, and still refuses what is wrong', async () => {
    const running = await stage.start({
      controllers: [SearchController, WechatAuthController],
      configure: (app) =>
        app.useGlobalPipes(
          new ValidationPipe({
            whitelist: true,
            forbidNonWhitelisted: true,
            forbidUnknownValues: true,
            validateCustomDecorators: true,
            transform: true,
          }),
        ),
    });
    const browser = browserFor(running);

    const end = await expectLogin(browser, `${SHOP}/search?q=tea`);
    expect(end.json()).toEqual({ q: 'tea', openid: mingsOpenid(), same: true });
    expect((await browser.fetch(`${SHOP}/search?q=tea&more=1`)).status).toBe(400);
    const json = { 'content-type': 'application/json', origin: SHOP };
    const order = (body: unknown) =>
      browser.fetch(`${SHOP}/search`, { method: 'POST', headers: json, body: JSON.stringify(body) });
    expect((await order({ tea: 'pu-erh' })).json()).toEqual({ tea: 'pu-erh', openid: mingsOpenid() });
    expect((await order({ tea: 'pu-erh', openid: 'somebody-else' })).status).toBe(400);

    expect((await browser.fetch(`${SHOP}/wechat/me`)).json()).toMatchObject({
      user: { openid: mingsOpenid() },
    });
    expect(
      (await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST', headers: json, body: '{"a":1}' }))
        .status,
    ).toBe(204);
    await expectLogin(
      browser,
      `${SHOP}/wechat/login?returnTo=${encodeURIComponent('/search?q=1')}`,
      `${SHOP}/search?q=1`,
    );
  });

  describe('with a bearer scheme of its own', () => {
    const JWT = 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';

    it('ignores a foreign token, with and without a cookie of ours', async () => {
      const running = await stage.start({ controllers: [OrdersController] });
      const browser = browserFor(running);
      const headers = { authorization: JWT };

      expect((await browser.fetch(`${SHOP}/orders/mine`, { headers })).status).toBe(401);
      expect((await browser.visit(`${SHOP}/orders/mine`, { headers })).status).toBe(302);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await browser.fetch(`${SHOP}/orders/mine`, { headers })).json()).toEqual({
        openid: mingsOpenid(),
      });
    });

    it('refuses a bad token of our own even where the cookie is good, and answers pages with 401 too', async () => {
      const running = await stage.start({ controllers: [OrdersController] });
      const browser = browserFor(running);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      const { bearer } = signInAs(running.app, { openid: 'oBearerOfMing' });

      for (const authorization of ['Bearer v1.', 'bearer v1.AAAA', `${bearer.slice(0, -2)}AA`]) {
        const answer = await browser.fetch(`${SHOP}/orders/mine`, { headers: { authorization } });
        expect([answer.status, answer.json()]).toEqual([
          401,
          expect.objectContaining({ code: 'WECHAT_LOGIN_REQUIRED' }),
        ]);
        expect((await browser.visit(`${SHOP}/orders/mine`, { headers: { authorization } })).status).toBe(401);
      }
      expect(
        (await browser.fetch(`${SHOP}/orders/mine`, { headers: { authorization: bearer } })).json(),
      ).toEqual({ openid: 'oBearerOfMing' });
    });

    it('reads our token from the header it is told to, and leaves Authorization alone', async () => {
      const running = await stage.start({
        controllers: [OrdersController],
        options: { session: { bearer: { header: 'X-Wechat-Session' } } },
      });
      const browser = browserFor(running);
      const { bearer } = signInAs(running.app, { openid: 'oBearerOfMing' });
      const token = bearer.slice('Bearer '.length);
      const ask = (headers: Record<string, string>) => browser.fetch(`${SHOP}/orders/mine`, { headers });

      expect((await ask({ 'x-wechat-session': token, authorization: JWT })).json()).toEqual({
        openid: 'oBearerOfMing',
      });
      expect((await ask({ 'x-wechat-session': `${token}A` })).status).toBe(401);
      expect((await ask({ authorization: bearer })).status).toBe(401);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await ask({ authorization: 'Bearer v1.not-ours-any-more' })).json()).toEqual({
        openid: mingsOpenid(),
      });
    });

    it('takes no token at all where that is switched off', async () => {
      const running = await stage.start({
        controllers: [OrdersController],
        options: { session: { bearer: false } },
      });
      const browser = browserFor(running);
      const { bearer } = signInAs(running.app, { openid: 'oBearerOfMing' });
      const headers = { authorization: bearer };

      expect((await browser.fetch(`${SHOP}/orders/mine`, { headers })).status).toBe(401);
      await expectLogin(browser, `${SHOP}/orders/mine`);
      expect((await browser.fetch(`${SHOP}/orders/mine`, { headers })).json()).toEqual({
        openid: mingsOpenid(),
      });
    });
  });

  describe('with a login handler', () => {
    it('lets the handler use services that use ours, from a module that the extras import', async () => {
      @Injectable()
      class UsersService {
        constructor(
          @Inject(WechatOAuthService) readonly oauth: WechatOAuthService,
          @Inject(WechatSessionService) readonly sessions: WechatSessionService,
        ) {}

        find(openid: string) {
          return { userId: `user of ${openid}`, state: this.oauth.createState() };
        }
      }

      @Injectable()
      class ShopLoginHandler extends WechatLoginHandler {
        constructor(@Inject(UsersService) private readonly users: UsersService) {
          super();
        }

        override async onLogin({ identity }: WechatLogin) {
          return { claims: this.users.find(identity.openid) };
        }
      }

      @Module({ providers: [UsersService, ShopLoginHandler], exports: [UsersService, ShopLoginHandler] })
      class UsersModule {}

      for (const loginHandler of [{ useExisting: ShopLoginHandler }, { useClass: ShopLoginHandler }]) {
        const running = await stage.start({
          controllers: [OrdersController],
          extras: { imports: [UsersModule], loginHandler },
        });
        const end = await expectLogin(browserFor(running), `${SHOP}/orders`);
        expect(end.json()).toMatchObject({
          user: {
            claims: { userId: `user of ${mingsOpenid()}`, state: expect.stringMatching(/^[0-9a-f]{32}$/) },
          },
        });
      }
    });

    it('makes a transient handler anew for each login', async () => {
      let made = 0;
      @Injectable({ scope: Scope.TRANSIENT })
      class TransientHandler extends WechatLoginHandler {
        private readonly number = ++made;

        override async onLogin() {
          return { claims: { number: this.number } };
        }
      }
      const running = await stage.start({
        controllers: [OrdersController],
        extras: { loginHandler: { useClass: TransientHandler } },
      });
      const numbers: unknown[] = [];
      for (let round = 0; round < 2; round++) {
        const end = await expectLogin(browserFor(running), `${SHOP}/orders`);
        numbers.push(end.json<{ user: { claims: { number: number } } }>().user.claims.number);
      }
      expect(new Set(numbers).size).toBe(2);
    });

    it('gives a request-scoped handler the request it belongs to', async () => {
      let made = 0;
      @Injectable({ scope: Scope.REQUEST })
      class RequestHandler extends WechatLoginHandler {
        constructor(@Inject(REQUEST) private readonly request: { url?: string } | undefined) {
          super();
          made++;
        }

        override async onLogin({ request }: WechatLogin) {
          return { claims: { path: this.request?.url?.split('?')[0], same: this.request === request } };
        }
      }
      @Module({ providers: [RequestHandler], exports: [RequestHandler] })
      class HandlersModule {}
      for (const loginHandler of [
        { useClass: RequestHandler },
        { useExisting: RequestHandler },
        { useFactory: (request: object) => new RequestHandler(request), inject: [REQUEST] },
      ]) {
        made = 0;
        const running = await stage.start({
          controllers: [OrdersController],
          extras: { imports: [HandlersModule], loginHandler },
        });
        expect(made).toBe(0);

        const end = await expectLogin(browserFor(running), `${SHOP}/orders`);

        expect(end.json()).toMatchObject({ user: { claims: { path: '/orders', same: true } } });
        expect(made).toBe(1);
      }
    });
  });

  describe('with the guard on everything', () => {
    it('asks everywhere but on routes of mode off, and leaves WechatAuthController usable', async () => {
      const running = await stage.start({
        controllers: [PlainController, PublicController, WechatAuthController],
        providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }],
        options: { apps: ALL_APPS, defaultApp: 'official' },
      });
      const browser = browserFor(running);

      expect((await browser.visit(`${SHOP}/public`)).json()).toEqual({ user: null });
      expect((await browser.visit(`${SHOP}/public/not`)).status).toBe(302);
      expect((await browser.fetch(`${SHOP}/plain`)).status).toBe(401);
      expect((await browser.fetch(`${SHOP}/wechat/me`)).json()).toEqual({ user: null });
      const code = stage.wechat.loginCode({ appId: 'wx00000000000mini0', user: 'ming' });
      const session = await browser.fetch(`${SHOP}/wechat/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ app: 'mini', code }),
      });
      expect(session.status).toBe(200);

      await expectLogin(browser, `${SHOP}/wechat/login?returnTo=/plain`, `${SHOP}/plain`);
      expect((await browser.fetch(`${SHOP}/plain`)).json()).toEqual({ openid: mingsOpenid() });
      expect((await browser.fetch(`${SHOP}/public/not`)).json()).toEqual({ openid: mingsOpenid() });
      // A public route does not look, even at somebody who is signed in.
      expect((await browser.fetch(`${SHOP}/public`)).json()).toEqual({ user: null });
      expect((await browser.fetch(`${SHOP}/wechat/login`)).status).toBe(204);
      const logout = await browser.fetch(`${SHOP}/wechat/logout`, {
        method: 'POST',
        headers: { origin: SHOP },
      });
      expect(logout.status).toBe(204);
      expect((await browser.fetch(`${SHOP}/plain`)).status).toBe(401);
    });

    it('spends one code and sets one session where the guard stands twice, and on everything and on the route', async () => {
      @Controller('twice')
      @UseGuards(WechatAuthGuard, WechatAuthGuard)
      class TwiceController {
        @UseGuards(WechatAuthGuard)
        @Get()
        page(@WechatUser('openid') openid: string) {
          return { openid };
        }
      }
      const running = await stage.start({
        controllers: [TwiceController],
        providers: [{ provide: APP_GUARD, useClass: WechatAuthGuard }],
      });
      const browser = browserFor(running);

      const answers = await browser.follow(`${SHOP}/twice`);

      expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
      expect(answers[0]!.setCookies).toHaveLength(1);
      expect(answers[2]!.setCookies).toHaveLength(2);
      expect(answers[3]!.json()).toEqual({ openid: mingsOpenid() });
      expect(stage.wechat.callsTo('/sns/oauth2/access_token')).toHaveLength(1);
      expect((await browser.another().fetch(`${SHOP}/twice`)).status).toBe(401);
    });
  });

  it('works on controllers that are made anew for each request', async () => {
    @Controller({ path: 'per-request', scope: Scope.REQUEST })
    @UseGuards(WechatAuthGuard)
    class PerRequestController {
      constructor(@Inject(REQUEST) private readonly request: { headers?: object } | undefined) {}

      @Get()
      page(@WechatUser('openid') openid: string) {
        return { openid, hasRequest: this.request?.headers !== undefined };
      }
    }
    const running = await stage.start({ controllers: [PerRequestController] });
    const end = await expectLogin(browserFor(running), `${SHOP}/per-request`);
    expect(end.json()).toEqual({ openid: mingsOpenid(), hasRequest: true });
  });

  it('can be extended by a guard that lets others in too', async () => {
    @Injectable()
    class MachineOrWechatGuard extends WechatAuthGuard {
      override async canActivate(context: ExecutionContext): Promise<boolean> {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, unknown> }>();
        return headers['x-api-key'] === 'key-of-a-machine' || super.canActivate(context);
      }
    }
    const running = await stage.start({
      controllers: [PlainController],
      providers: [{ provide: APP_GUARD, useClass: MachineOrWechatGuard }],
    });
    const browser = browserFor(running);
    const machine = await browser.fetch(`${SHOP}/plain`, { headers: { 'x-api-key': 'key-of-a-machine' } });
    expect([machine.status, machine.json()]).toEqual([200, { openid: null }]);
    expect((await browser.fetch(`${SHOP}/plain`)).status).toBe(401);
    expect((await expectLogin(browser, `${SHOP}/plain`)).json()).toEqual({ openid: mingsOpenid() });
  });

  it('leaves the cookies alone that the application has set before, and not its word on caching', async () => {
    const running = await stage.start({
      controllers: [OrdersController],
      configure: (app) => {
        const server: unknown = app.getHttpAdapter().getInstance();
        if (platform === 'Express') {
          (server as express.Express).use((_request, response, next) => {
            response.setHeader('Set-Cookie', 'basket=1; Path=/');
            response.setHeader('Cache-Control', 'public, max-age=600');
            next();
          });
        } else {
          (server as FastifyInstance).addHook('onRequest', async (_request, reply) => {
            reply.header('set-cookie', 'basket=1; Path=/').header('cache-control', 'public, max-age=600');
          });
        }
      },
    });
    const [start, , callback] = await browserFor(running).follow(`${SHOP}/orders`);
    for (const answer of [start!, callback!]) {
      expect(answer.setCookies[0]).toBe('basket=1; Path=/');
      expect(answer.setCookies.length).toBe(answer === start ? 2 : 3);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  it('keeps a connection usable after a redirect, holds no request it has answered, and closes promptly', async () => {
    const requests: WeakRef<object>[] = [];
    const running = await stage.start({
      controllers: [OrdersController],
      configure: (app) =>
        app.use((request: object, _response: object, next: () => void) => {
          requests.push(new WeakRef(request));
          next();
        }),
    });
    let sockets = 0;
    (running.app.getHttpServer() as http.Server).on('connection', () => sockets++);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (accept: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { host: 'shop.example.com', accept, 'user-agent': AGENTS.wechat };
        const request = http.get(
          { host: '127.0.0.1', port: running.port, path: '/orders', agent, headers },
          (response) => response.resume().on('end', () => resolve(response.statusCode!)),
        );
        request.on('error', reject);
      });

    const statuses = new Set<number>();
    for (let round = 0; round < 200; round++) statuses.add(await ask('text/html'));
    expect([...statuses]).toEqual([302]);
    expect(await ask('application/json')).toBe(401);
    expect(sockets).toBe(1);

    // Guards that wait for ever would be a leak if anything still held them.
    v8.setFlagsFromString('--expose-gc');
    const collect = vm.runInNewContext('gc') as () => void;
    await new Promise(setImmediate);
    collect();
    expect(requests).toHaveLength(201);
    expect(requests.filter((request) => request.deref() !== undefined).length).toBeLessThan(20);

    const start = performance.now();
    await running.app.close();
    // An idle connection that nobody closed would hold it for five seconds.
    expect(performance.now() - start).toBeLessThan(3_000);
    agent.destroy();
  });

  it('believes no X-Forwarded header, whatever the platform is told to trust', async () => {
    const trusting = platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy: true });
    const module = await Test.createTestingModule({
      imports: [WechatOAuthModule.forRoot(stage.options())],
      controllers: [OrdersController],
    }).compile();
    const app = stage.keep(module.createNestApplication(trusting));
    app.useLogger(new LogCapture());
    if (platform === 'Express')
      (app.getHttpAdapter().getInstance() as express.Express).set('trust proxy', true);
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    const poison = {
      'x-forwarded-host': 'evil.example.net',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '203.0.113.66',
      'x-forwarded-port': '8080',
      'x-forwarded-prefix': '/evil',
      'x-original-url': '/evil',
      forwarded: 'host=evil.example.net;proto=http',
    };
    const clean = browserFor({ port });
    const poisoned = browserFor({ port });
    const steps = async (browser: Browser, headers: http.OutgoingHttpHeaders) => {
      const answers = await browser.follow(`${SHOP}/orders/mine?page=2`, { headers });
      const shape = (text: string) =>
        text.replaceAll(/state=\w+/g, 'state=').replaceAll(/code=\w+/g, 'code=');
      return answers.map((answer) => ({
        status: answer.status,
        url: shape(answer.url),
        location: shape(answer.headers.location ?? ''),
        cookies: answer.setCookies.map((line) =>
          line.replace(/_[0-9a-f]{8}=/, '=').replace(/=v1\.[^;]+/, '='),
        ),
      }));
    };

    const honest = await steps(clean, {});
    expect(await steps(poisoned, poison)).toEqual(honest);
    expect(honest.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(JSON.stringify(honest)).toContain('__Host-');
  });

  it('returns to paths and queries outside ASCII', async () => {
    const running = await stage.start({ controllers: [AnyPathController, WechatAuthController] });
    const url = `${SHOP}/pages/${encodeURIComponent('订单')}/${encodeURIComponent('茶')}?q=${encodeURIComponent('龙井 & 普洱')}`;

    const end = await expectLogin(browserFor(running), url);
    expect(end.json()).toEqual({ first: '订单', second: '茶' });

    // The address of a single-page application, as a script would pass it on.
    const returnTo = '/pages/订单/茶?q=龙井#第二页';
    const login = `${SHOP}/wechat/login?returnTo=${encodeURIComponent(returnTo)}`;
    const answers = await browserFor(running).follow(login);
    expect(answers.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
    expect(answers[2]!.headers.location).toBe(new URL(returnTo, SHOP).href);
    expect(decodeURIComponent(new URL(answers[3]!.addressBar).hash)).toBe('#第二页');
  });
});

describe('Inside an Express application that mounts Nest below a path', () => {
  const stage = setStage(() => new ExpressAdapter());

  it('every address carries that path', async () => {
    const mounted = express();
    const outer = express();
    outer.use('/shop', mounted);
    const module = await Test.createTestingModule({
      imports: [WechatOAuthModule.forRoot(stage.options())],
      controllers: [OrdersController],
    }).compile();
    const app = stage.keep(module.createNestApplication(new ExpressAdapter(mounted)));
    await app.init();
    const server = outer.listen(0, '127.0.0.1');
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    stage.keep({ close: async () => server.close() });
    const browser = browserFor({ port: (server.address() as AddressInfo).port });

    const start = await browser.visit(`${SHOP}/shop/orders/mine?page=2`);
    expect(redirectUriOf(start)).toBe(`${SHOP}/shop/orders/mine`);
    const end = await expectLogin(browser, `${SHOP}/shop/orders/mine?page=2`);
    expect(end.json()).toEqual({ openid: stage.wechat.openidOf('wx00000000official', 'ming') });
  });
});
