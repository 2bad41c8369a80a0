// Sessions: how the application reads, issues and shapes them, when they end, and what happens to
// those that are not genuine.
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Inject,
  Injectable,
  type NestInterceptor,
  Post,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import {
  getWechatIdentity,
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatConfigError,
  type WechatIdentity,
  WechatInputError,
  type WechatLogin,
  type WechatLoginDecision,
  WechatOAuthModule,
  type WechatOAuthModuleOptions,
  WechatSessionService,
  WechatUser,
} from '../../lib/index.js';
import { MockServerError, signInAs } from '../../lib/testing/index.js';
import {
  ALL_APPS,
  MOCK_APPS,
  PLATFORMS,
  type Running,
  SESSION_SECRET,
  SHOP,
} from '../support/application.js';
import { AGENTS, type Browser } from '../support/browser.js';
import { guardedAt } from '../support/guarded.js';
import { OrdersController } from '../support/orders.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

const [official, , mini] = MOCK_APPS;
const NEW_SECRET = 'new-session-secret-canary-0123456789abcdef';
const GOOD_JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.signature';

const PERSON: WechatIdentity = {
  app: 'default',
  appId: official.appId,
  openid: 'oPersonOfTheTests',
  scope: ['snsapi_base'],
  isSnapshotUser: false,
};

/** What an application writes that has its own tokens beside WeChat. */
@Injectable()
class JwtOrWechatGuard implements CanActivate {
  constructor(@Inject(WechatSessionService) private readonly sessions: WechatSessionService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: unknown;
    }>();
    if (request.headers['authorization'] === `Bearer ${GOOD_JWT}`) {
      request.user = { id: 7 };
      return true;
    }
    if (await this.sessions.authenticate(context)) return true;
    throw new UnauthorizedException();
  }
}

@Injectable()
class OpenidHeader implements NestInterceptor {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<{ raw?: object }>();
    const identities = [getWechatIdentity(request), getWechatIdentity(request.raw ?? request)];
    this.host.httpAdapter.setHeader(
      http.getResponse(),
      'x-openid',
      identities.map((identity) => identity?.openid ?? 'nobody').join(' '),
    );
    return next.handle();
  }
}

@Controller('either')
@UseInterceptors(OpenidHeader)
class EitherController {
  @UseGuards(JwtOrWechatGuard)
  @Get()
  page(@WechatUser() wechat: WechatIdentity | undefined, @Req() request: { user?: unknown }) {
    return { openid: wechat?.openid ?? null, user: request.user ?? null };
  }

  @UseGuards(JwtOrWechatGuard)
  @Post()
  @HttpCode(200)
  write(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }

  @Get('unguarded')
  unguarded(@WechatUser() user?: unknown) {
    return { user: user ?? null };
  }

  @Post('unguarded')
  @HttpCode(200)
  unguardedWrite(@WechatUser('openid') openid?: string) {
    return { openid: openid ?? null };
  }
}

/** A sign-in of the application's own, e.g. after a password. */
@Controller('own-sign-in')
class OwnSignInController {
  constructor(@Inject(WechatSessionService) private readonly sessions: WechatSessionService) {}

  @Post()
  @HttpCode(200)
  signIn(@Res({ passthrough: true }) response: unknown) {
    return this.sessions.issue(response, PERSON, { ttl: 90, claims: { by: 'password' } });
  }
}

@Controller('modes')
@UseGuards(WechatAuthGuard)
@WechatAuth({ app: 'official', scope: 'snsapi_userinfo', mode: 'optional' })
class ModesController {
  @Get('optional')
  optional(@WechatUser() user?: WechatIdentity) {
    return { openid: user?.openid ?? null };
  }

  @WechatAuth({ mode: 'required' })
  @Get('required')
  required(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ mode: 'required', scope: 'snsapi_base' })
  @Get('base')
  base(@WechatUser('openid') openid: string) {
    return { openid };
  }

  @WechatAuth({ mode: 'required', scope: undefined, app: ['mini', 'website'] })
  @Get('others')
  others(@WechatUser('app') app: string) {
    return { app };
  }

  @WechatAuth({ mode: 'off' })
  @Get('off')
  off(@WechatUser() user?: WechatIdentity) {
    return { openid: user?.openid ?? null };
  }

  @WechatAuth({ mode: 'required', app: 'renamed-last-year' })
  @Get('unknown-app')
  unknownApp(@WechatUser('openid') openid: string) {
    return { openid };
  }
}

class InheritingController extends ModesController {}
Controller('inherited')(InheritingController);

@Controller('snapshots')
@UseGuards(WechatAuthGuard)
@WechatAuth({ scope: 'snsapi_userinfo' })
class SnapshotsController {
  @Get('refuse')
  refuse(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ snapshot: 'readonly' })
  @Get('readonly')
  read(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ snapshot: 'readonly' })
  @Post('readonly')
  write(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ snapshot: 'allow' })
  @Get('allow')
  allow(@WechatUser() user: WechatIdentity) {
    return { user };
  }

  @WechatAuth({ snapshot: 'allow' })
  @Post('allow')
  @HttpCode(200)
  allowWrite(@WechatUser() user: WechatIdentity) {
    return { user };
  }
}

describe.each(PLATFORMS)('Sessions on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  const mingsOpenid = () => stage.wechat.openidOf(official.appId, 'ming');

  let running: Running;
  let browser: Browser;
  let onLogin: (login: WechatLogin) => Promise<WechatLoginDecision | void>;
  /** Milliseconds that the application's clock is ahead. */
  let ahead: number;

  const start = async (options: Partial<WechatOAuthModuleOptions> = {}): Promise<Running> => {
    running = await stage.start({
      controllers: [
        OrdersController,
        EitherController,
        OwnSignInController,
        ModesController,
        InheritingController,
        SnapshotsController,
        WechatAuthController,
        guardedAt('home'),
      ],
      options: { now: () => Date.now() + ahead, ...options },
      extras: { loginHandler: { useValue: { onLogin: (login: WechatLogin) => onLogin(login) } } },
    });
    browser = browserFor(running);
    return running;
  };
  const service = () => running.app.get(WechatSessionService);
  const mine = (headers: Record<string, string> = {}) =>
    browser.another().fetch(`${SHOP}/orders/mine`, { headers });
  const page = (headers: Record<string, string>) =>
    browser.another().visit(`${SHOP}/orders/mine`, { headers });
  const place = (headers: Record<string, string>) =>
    browser.another().fetch(`${SHOP}/orders`, { method: 'POST', headers });

  beforeEach(() => {
    ahead = 0;
    onLogin = async () => undefined;
  });

  describe('in a guard of the application that takes its own token or WeChat', () => {
    beforeEach(() => start());

    const ask = async (headers: Record<string, string>) => {
      const answer = await browser.another().fetch(`${SHOP}/either`, { headers });
      return [answer.status, answer.status === 200 ? answer.json() : answer.headers['x-openid']];
    };

    it('either is enough, and none is 401', async () => {
      const { cookie, bearer } = signInAs(running.app, { openid: 'oMing' });
      expect(await ask({})).toEqual([401, undefined]);
      expect(await ask({ authorization: `Bearer ${GOOD_JWT}` })).toEqual([
        200,
        { openid: null, user: { id: 7 } },
      ]);
      expect(await ask({ cookie })).toEqual([200, { openid: 'oMing', user: null }]);
      expect(await ask({ authorization: bearer })).toEqual([200, { openid: 'oMing', user: null }]);
      expect(await ask({ cookie, authorization: 'Bearer eyJ.foreign.token' })).toEqual([
        200,
        { openid: 'oMing', user: null },
      ]);
      expect(await ask({ cookie, authorization: 'Bearer v1.forged' })).toEqual([401, undefined]);
    });

    it('a page is not sent to WeChat by it', async () => {
      expect((await browser.visit(`${SHOP}/either`)).status).toBe(401);
    });

    it('a cookie does not count on a write from another origin', async () => {
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      const write = async (origin: string) =>
        (await browser.another().fetch(`${SHOP}/either`, { method: 'POST', headers: { cookie, origin } }))
          .status;
      expect([await write(SHOP), await write('https://evil.example.net')]).toEqual([200, 401]);
    });

    it('a visitor of a snapshot page is nobody', async () => {
      const { cookie, bearer } = signInAs(running.app, { openid: 'oVirtual', isSnapshotUser: true });
      expect(await ask({ cookie })).toEqual([401, undefined]);
      expect(await ask({ authorization: bearer })).toEqual([401, undefined]);
    });

    it('whatever the request is, authenticate() gives undefined and never throws', async () => {
      const hostile = new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      );
      const targets: unknown[] = [
        undefined,
        null,
        0,
        'GET / HTTP/1.1',
        [],
        {},
        hostile,
        { headers: null },
        { headers: { cookie: 5 } },
        { headers: { cookie: ['a=b', 'c'] } },
        { headers: { authorization: ['Bearer v1.x', 'Bearer v1.y'] } },
        { headers: {}, url: 5 },
        { headers: {}, url: 'http://[' },
        { headers: {}, method: 5, originalUrl: {} },
        { switchToHttp: () => ({ getRequest: () => undefined }) },
        { switchToHttp: () => hostile, getType: () => 'http' },
        { switchToHttp: 5 },
      ];
      for (const target of targets) {
        await expect(service().authenticate(target as object)).resolves.toBeUndefined();
      }
    });

    it('authenticate() takes a request as well as a context', async () => {
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      const request = { method: 'GET', url: '/', headers: { cookie } };
      expect(await service().authenticate(request)).toMatchObject({ openid: 'oMing' });
      expect(getWechatIdentity(request)).toMatchObject({ openid: 'oMing' });
    });
  });

  describe('read by decorators and interceptors', () => {
    beforeEach(() => start());

    it('only what a guard verified is there', async () => {
      const { cookie } = signInAs(running.app, { openid: 'oMing', nickname: '小明' });
      const signedIn = await browser.fetch(`${SHOP}/either`, { headers: { cookie } });
      expect(signedIn.headers['x-openid']).toBe('oMing oMing');
      // Nobody looked at the cookie here.
      const unguarded = await browser.fetch(`${SHOP}/either/unguarded`, { headers: { cookie } });
      expect([unguarded.headers['x-openid'], unguarded.json()]).toEqual(['nobody nobody', { user: null }]);
    });

    it('nothing from body, query or headers gets in', async () => {
      const forged = { openid: 'oForged', user: { openid: 'oForged' }, wechat: { openid: 'oForged' } };
      const answer = await browser.fetch(`${SHOP}/either/unguarded?openid=oForged&user[openid]=oForged`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-openid': 'oForged', 'x-wechat-user': 'oForged' },
        body: JSON.stringify(forged),
      });
      expect(answer.json()).toEqual({ openid: null });
      expect(getWechatIdentity(forged)).toBeUndefined();
      expect(getWechatIdentity(undefined)).toBeUndefined();
    });

    it('what one request is given cannot be changed for the next one', async () => {
      const { cookie } = signInAs(running.app, { openid: 'oMing', claims: { roles: ['buyer'] } as never });
      const identity = await service().authenticate({ headers: { cookie } });
      expect(() => Object.assign(identity!, { openid: 'oForged' })).toThrow(TypeError);
      expect(() => (identity as { claims?: { roles: string[] } }).claims!.roles.push('admin')).toThrow(
        TypeError,
      );
      expect((await browser.fetch(`${SHOP}/home`, { headers: { cookie } })).json()).toMatchObject({
        user: { openid: 'oMing', claims: { roles: ['buyer'] } },
      });
    });
  });

  describe('issued by the application', () => {
    it('open guarded routes by cookie and by token, with claims and an end of their own', async () => {
      await start();
      const answer = await browser.fetch(`${SHOP}/own-sign-in`, { method: 'POST' });
      const issued = answer.json<{ token: string; expiresAt: number; identity: WechatIdentity }>();
      expect(answer.status).toBe(200);
      expect(answer.setCookies).toHaveLength(1);
      expect(answer.setCookies[0]).toContain('; Max-Age=90;');
      expect(Math.abs(issued.expiresAt - Date.now() - 90_000)).toBeLessThan(5_000);
      expect(issued.identity).toEqual({ ...PERSON, claims: { by: 'password' } });

      const home = await browser.fetch(`${SHOP}/home`);
      expect(home.json()).toEqual({ user: { ...PERSON, claims: { by: 'password' } } });
      const authorization = `Bearer ${issued.token}`;
      expect((await mine({ authorization })).json()).toEqual({ openid: PERSON.openid });

      const { cookie } = { cookie: answer.setCookies[0]!.split(';')[0]! };
      ahead = 89_000;
      expect((await mine({ cookie })).status).toBe(200);
      ahead = 90_001;
      expect([(await mine({ cookie })).status, (await mine({ authorization })).status]).toEqual([401, 401]);
      expect((await page({ cookie })).status).toBe(302);
    });

    it('need no response where only the token is wanted', async () => {
      await start();
      const { token } = await service().issue(undefined, PERSON);
      expect((await mine({ authorization: `Bearer ${token}` })).json()).toEqual({ openid: PERSON.openid });
    });

    it('are refused for an app that is not configured, and when they would not fit', async () => {
      await start();
      const issue = (identity: object, options = {}) =>
        service().issue(undefined, { ...PERSON, ...identity }, options);
      await expect(issue({ app: 'other' })).rejects.toThrow(WechatInputError);
      await expect(issue({ app: 'constructor' })).rejects.toThrow(WechatInputError);
      await expect(issue({ appId: mini.appId })).rejects.toThrow(WechatInputError);
      for (const openid of [undefined, null, '', {}, 7])
        await expect(issue({ openid })).rejects.toThrow(WechatInputError);
      for (const ttl of [0, -1, Number.NaN, Infinity])
        await expect(issue({}, { ttl })).rejects.toThrow(WechatInputError);
      const response = new Proxy({}, { get: () => () => undefined });
      await expect(
        service().issue(response, { ...PERSON, claims: { big: 'x'.repeat(5_000) } as never }),
      ).rejects.toThrow(WechatConfigError);
    });

    it('need a sessionSecret', async () => {
      const { sessionSecret: _, ...options } = stage.options();
      const { app } = await stage.startModules({ imports: [WechatOAuthModule.forRoot(options)] });
      await expect(app.get(WechatSessionService).issue(undefined, PERSON)).rejects.toThrow(/sessionSecret/);
      expect(() => signInAs(app, { openid: 'oMing' })).toThrow(/sessionSecret/);
      expect(
        await app.get(WechatSessionService).authenticate({ headers: { cookie: 'a=v1.b' } }),
      ).toBeUndefined();
    });
  });

  describe('of signInAs', () => {
    it('open guarded routes by cookie and by token, for the app that is named', async () => {
      await start({ apps: ALL_APPS });
      const one = signInAs(running.app, { openid: 'oMing' });
      expect(one.identity).toMatchObject({ app: 'official', appId: official.appId, scope: ['snsapi_base'] });
      expect((await mine({ cookie: one.cookie })).json()).toEqual({ openid: 'oMing' });
      expect((await mine({ authorization: one.bearer })).json()).toEqual({ openid: 'oMing' });

      const two = signInAs(running.app, {
        app: 'mini',
        openid: 'oMini',
        unionid: 'uMing',
        claims: { id: 1 } as never,
      });
      expect(two.identity).toEqual({
        app: 'mini',
        appId: mini.appId,
        openid: 'oMini',
        unionid: 'uMing',
        scope: [],
        isSnapshotUser: false,
        claims: { id: 1 },
      });
      const answer = await browser.fetch(`${SHOP}/home`, { headers: { authorization: two.bearer } });
      expect(answer.json()).toEqual({ user: two.identity });
      expect(() => signInAs(running.app, { app: 'other', openid: 'o' })).toThrow(MockServerError);
    });

    it('do not exist in production', async () => {
      await start();
      const before = process.env['NODE_ENV'];
      process.env['NODE_ENV'] = 'production';
      try {
        expect(() => signInAs(running.app, { openid: 'oMing' })).toThrow(MockServerError);
      } finally {
        process.env['NODE_ENV'] = before;
      }
    });
  });

  describe('shaped by the login handler', () => {
    beforeEach(() => start({ returnTo: { origins: ['https://app.example.com'] } }));

    it('carry its claims, as JSON, from the first request on', async () => {
      onLogin = async () => ({
        claims: { userId: 7, since: new Date(0), none: undefined, roles: ['buyer'] } as never,
      });
      const end = await expectLogin(browser, `${SHOP}/home`);
      expect(end.json()).toMatchObject({
        user: { claims: { userId: 7, since: '1970-01-01T00:00:00.000Z', roles: ['buyer'] } },
      });
    });

    it('hears once who it is, from where, and where the person is going', async () => {
      const logins: WechatLogin[] = [];
      onLogin = async (login) => void logins.push(login);
      await expectLogin(browser, `${SHOP}/home?a=1`);
      expect(logins).toHaveLength(1);
      expect(logins[0]).toMatchObject({
        identity: { app: 'default', appId: official.appId, openid: mingsOpenid() },
        reason: 'login',
        client: 'wechat',
        returnTo: `${SHOP}/home?a=1`,
        request: expect.objectContaining({ method: 'GET' }),
      });
      expect(logins[0]).not.toHaveProperty('previous');
    });

    it.each([
      ['/orders/mine', `${SHOP}/orders/mine#`],
      [`${SHOP}/orders/mine?a=1#b`, `${SHOP}/orders/mine?a=1#b`],
      ['https://app.example.com/welcome', 'https://app.example.com/welcome#'],
    ])('end where it says: %s', async (redirectTo, end) => {
      onLogin = async () => ({ redirectTo });
      browser.route('https://app.example.com', running.port);
      const answers = await browser.follow(`${SHOP}/home`);
      expect(answers[2]!.headers.location).toBe(end);
      expect((await browser.fetch(`${SHOP}/orders/mine`)).status).toBe(200);
    });

    it.each(['https://evil.example.net/', '//evil.example.net', 'javascript:alert(1)', ''])(
      'do not come to be where it says a place that is not allowed: "%s"',
      async (redirectTo) => {
        onLogin = async () => ({ redirectTo });
        const end = (await browser.follow(`${SHOP}/home`)).at(-1)!;
        expect([end.status, end.headers.location]).toEqual([502, undefined]);
        expect(end.body).toContain('LOGIN_FAILED');
        expect(end.setCookies.some((line) => line.includes('wechat_session'))).toBe(false);
        expect(running.logs.text).toContain('returnTo.origins');
      },
    );

    it('do not come to be where it refuses, and the person reads why', async () => {
      onLogin = async () => ({ refuse: { code: 'BANNED', message: 'Banned <b>for</b> "reasons"' } });
      const end = (await browser.follow(`${SHOP}/home`)).at(-1)!;
      expect([end.status, end.headers['cache-control']]).toEqual([403, 'no-store']);
      expect(end.body).toContain('Banned &lt;b&gt;for&lt;/b&gt; &quot;reasons&quot;');
      expect(
        end.setCookies.some((line) => line.includes('wechat_session') && !line.includes('Max-Age=0')),
      ).toBe(false);
      expect((await browser.fetch(`${SHOP}/home`)).status).toBe(401);
    });

    it('fail with a page and a log line that says why when the claims are too big for a cookie', async () => {
      onLogin = async () => ({ claims: { everything: 'x'.repeat(5_000) } as never });
      const end = (await browser.follow(`${SHOP}/home`)).at(-1)!;
      expect(end.status).toBe(502);
      expect(end.body).toContain('LOGIN_FAILED');
      const ref = /LOGIN_FAILED · ([0-9A-F]{10})/.exec(end.body)![1]!;
      const line = running.logs.lines.find(({ text }) => text.includes(ref));
      expect([line!.level, line!.text]).toEqual([
        'error',
        expect.stringMatching(/claims.*longer than \d+ bytes/),
      ]);
      expect((await browser.fetch(`${SHOP}/home`)).status).toBe(401);
    });
  });

  describe('end', () => {
    const setCookiesOf = async (headers: Record<string, string>) => (await mine(headers)).setCookies;

    it('after ttl, whatever the browser still sends', async () => {
      await start({ session: { ttl: 100 } });
      const { cookie, bearer } = signInAs(running.app, { openid: 'oMing' });
      ahead = 99_000;
      expect([(await mine({ cookie })).status, (await mine({ authorization: bearer })).status]).toEqual([
        200, 200,
      ]);
      expect(await setCookiesOf({ cookie })).toEqual([]);
      ahead = 101_000;
      expect([(await mine({ cookie })).status, (await mine({ authorization: bearer })).status]).toEqual([
        401, 401,
      ]);
      expect((await page({ cookie })).status).toBe(302);
      expect(await service().authenticate({ headers: { cookie } })).toBeUndefined();
    });

    it('after idle seconds without use; use past the half of it moves the end on, but never past ttl', async () => {
      await start({ session: { ttl: 300, idle: 100 } });
      let { cookie } = signInAs(running.app, { openid: 'oMing' });
      const unused = cookie;
      ahead = 49_000;
      expect(await setCookiesOf({ cookie })).toEqual([]);

      for (ahead = 60_000; ahead < 300_000; ahead += 60_000) {
        const [line, ...more] = await setCookiesOf({ cookie });
        expect([line, more]).toEqual([expect.stringContaining(`; Max-Age=${300 - ahead / 1_000};`), []]);
        cookie = `${unused}; ${line!.split(';')[0]!}`;
      }
      ahead = 101_000;
      expect((await mine({ cookie: unused })).status).toBe(401);
      ahead = 301_000;
      expect((await mine({ cookie })).status).toBe(401);
    });

    it('when the browser was away for longer than idle, although ttl is far', async () => {
      await start({ session: { ttl: 10_000, idle: 100 } });
      const { cookie } = signInAs(running.app, { openid: 'oMing' });
      ahead = 101_000;
      const answer = await mine({ cookie });
      expect([answer.status, answer.setCookies]).toEqual([401, []]);
    });

    it('for a bearer token when it says, because no answer can hand its owner a newer one', async () => {
      await start({ session: { ttl: 300, idle: 100 } });
      const { token, expiresAt } = await service().issue(undefined, PERSON);
      const authorization = `Bearer ${token}`;
      ahead = 299_000;
      expect(expiresAt).toBeGreaterThan(Date.now() + 290_000);
      const answer = await mine({ authorization });
      expect([answer.status, answer.setCookies]).toEqual([200, []]);
      ahead = 301_000;
      expect((await mine({ authorization })).status).toBe(401);
    });

    it('not when sessionSecret gets a new first entry: the old still opens, the new seals, flows under way go on', async () => {
      await start();
      const old = signInAs(running.app, { openid: 'oOld' });
      const begun = await browser.visit(`${SHOP}/orders/mine`);
      const before = browser;

      await start({ sessionSecret: [NEW_SECRET, SESSION_SECRET] });
      expect((await mine({ cookie: old.cookie })).json()).toEqual({ openid: 'oOld' });
      expect((await mine({ authorization: old.bearer })).json()).toEqual({ openid: 'oOld' });
      before.route(SHOP, running.port);
      const end = (await before.follow(begun.headers.location!)).at(-1)!;
      expect([end.url, end.json()]).toEqual([`${SHOP}/orders/mine`, { openid: mingsOpenid() }]);
      const fresh = signInAs(running.app, { openid: 'oNew' });

      await start({ sessionSecret: [NEW_SECRET] });
      expect((await mine({ cookie: fresh.cookie })).json()).toEqual({ openid: 'oNew' });
      expect((await mine({ authorization: fresh.bearer })).json()).toEqual({ openid: 'oNew' });
      expect([
        (await mine({ cookie: old.cookie })).status,
        (await mine({ authorization: old.bearer })).status,
      ]).toEqual([401, 401]);
    });
  });

  describe('have cookies', () => {
    const lineFor = async (options: Partial<WechatOAuthModuleOptions>) => {
      await start(options);
      const { setCookies } = await browser.fetch(`${SHOP}/own-sign-in`, { method: 'POST' });
      return setCookies[0]!.replace(/_[0-9a-f]{8}=v1\.[\w-]+;/, '_TAG=SEALED;');
    };

    it('bound to host and TLS where the public address has TLS', async () => {
      expect(await lineFor({})).toBe(
        '__Host-wechat_session_TAG=SEALED; Max-Age=90; Path=/; HttpOnly; Secure; SameSite=Lax',
      );
      expect(await lineFor({ publicUrl: `${SHOP}/below/a/path` })).toBe(
        '__Host-wechat_session_TAG=SEALED; Max-Age=90; Path=/; HttpOnly; Secure; SameSite=Lax',
      );
    });

    it('that a browser keeps on loopback without TLS', async () => {
      const line = 'wechat_session_TAG=SEALED; Max-Age=90; Path=/; HttpOnly; SameSite=Lax';
      expect(await lineFor({ publicUrl: 'http://localhost:3000' })).toBe(line);
      expect(await lineFor({ publicUrl: 'http://127.0.0.1:3000' })).toBe(line);
    });

    it('with a name of the application', async () => {
      expect(await lineFor({ session: { cookieName: 'shop' } })).toMatch(/^__Host-shop_TAG=SEALED;/);
    });

    it('whose flows die after ten minutes', async () => {
      await start();
      const { setCookies } = await browser.visit(`${SHOP}/orders`);
      expect(
        setCookies.map((line) => line.replace(/(_[0-9a-f]{8}){2}=v1\.[\w-]+;/, '_TAGS=SEALED;')),
      ).toEqual(['__Host-wechat_flow_TAGS=SEALED; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax']);
    });
  });

  describe('that are not genuine', () => {
    let cookieName: string;
    let sealed: string;
    let bearerToken: string;

    beforeEach(async () => {
      await start();
      const { cookie, bearer } = signInAs(running.app, { openid: 'oMing' });
      [cookieName, sealed] = cookie.split('=') as [string, string];
      bearerToken = bearer.slice('Bearer '.length);
    });

    const flip = (text: string, index: number) => {
      const at = index < 0 ? text.length + index : index;
      return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    };
    const FORGERIES: [string, (genuine: string) => string | Promise<string>][] = [
      ['nothing', () => ''],
      ['the prefix alone', () => 'v1.'],
      ['one byte', () => 'v1.AA'],
      ['another version', (genuine) => genuine.replace('v1.', 'v2.')],
      ['a changed first byte', (genuine) => flip(genuine, 3)],
      ['a changed middle', (genuine) => flip(genuine, Math.floor(genuine.length / 2))],
      ['a changed seal', (genuine) => flip(genuine, -4)],
      ['a missing end', (genuine) => genuine.slice(0, -1)],
      ['half of it', (genuine) => genuine.slice(0, genuine.length / 2)],
      ['something behind it', (genuine) => `${genuine}A`],
      ['padding', (genuine) => `${genuine}=`],
      ['something oversized', () => `v1.${'A'.repeat(7_000)}`],
      ['percent signs', (genuine) => `${genuine.slice(0, 40)}%00%E0%A4%A`],
      ['quotes', (genuine) => `"${genuine}`],
      [
        'a seal of another secret',
        async () => {
          const other = await stage.start({ options: { sessionSecret: NEW_SECRET } });
          return signInAs(other.app, { openid: 'oMing' }).cookie.split('=')[1]!;
        },
      ],
      [
        'the cookie of a flow',
        async () => (await browser.another().visit(`${SHOP}/orders`)).setCookies[0]!.split(/[=;]/)[1]!,
      ],
    ];

    it.each(FORGERIES)('are nobody as a cookie: %s', async (_what, forge) => {
      const cookie = `${cookieName}=${await forge(sealed)}`;
      const answers = [await mine({ cookie }), await page({ cookie })];
      expect(answers.map(({ status }) => status)).toEqual([401, 302]);
      expect((await browser.fetch(`${SHOP}/wechat/me`, { headers: { cookie } })).json()).toEqual({
        user: null,
      });
      expect((await mine({ cookie: `${cookieName}=${sealed}` })).status).toBe(200);
    });

    it.each(FORGERIES)('are nobody as a token: %s', async (_what, forge) => {
      const authorization = `Bearer ${await forge(bearerToken)}`;
      expect((await mine({ authorization })).status).toBe(401);
      expect((await browser.fetch(`${SHOP}/either`, { headers: { authorization } })).status).toBe(401);
    });

    it('open nowhere but where they were put: not a cookie as a token, nor a token as a cookie', async () => {
      expect((await mine({ authorization: `Bearer ${sealed}` })).status).toBe(401);
      expect((await mine({ cookie: `${cookieName}=${bearerToken}` })).status).toBe(401);
      expect((await mine({ cookie: `${cookieName.replace('__Host-', '')}=${sealed}` })).status).toBe(401);
    });

    it('count no more when a second cookie of their name stands beside them', async () => {
      const good = `${cookieName}=${sealed}`;
      expect((await mine({ cookie: `a=1; ${good}; b=2` })).status).toBe(200);
      for (const cookie of [`${good}; ${good}`, `${cookieName}=x; ${good}`, `${good}; ${cookieName}=`]) {
        expect((await mine({ cookie })).status).toBe(401);
      }
    });

    it('count no more on a write that another site made', async () => {
      const cookie = `${cookieName}=${sealed}`;
      const statusOf = async (headers: Record<string, string>) =>
        (await place({ cookie, ...headers })).status;
      const authorization = `Bearer ${bearerToken}`;
      expect(await statusOf({ origin: SHOP })).toBe(201);
      expect(await statusOf({ 'sec-fetch-site': 'same-origin' })).toBe(201);
      expect(await statusOf({ 'sec-fetch-site': 'same-site' })).toBe(401);
      expect(await statusOf({ 'sec-fetch-site': 'cross-site' })).toBe(401);
      for (const origin of [
        'https://evil.example.net',
        'https://pay.shop.example.com',
        'http://shop.example.com',
        'null',
        '',
      ]) {
        expect(await statusOf({ origin, 'sec-fetch-site': 'cross-site' })).toBe(401);
      }
      // A token is sent by nobody but its owner.
      expect((await place({ authorization, origin: 'https://evil.example.net' })).status).toBe(201);
    });

    it('never cost more than an answer', async () => {
      expect(running.logs.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
      for (const cookie of [
        ';;;',
        '=',
        '====',
        `${cookieName}`,
        `=${sealed}`,
        '\u00ff=\u00ff',
        `${'a=b;'.repeat(1_000)}`,
      ]) {
        expect((await mine({ cookie })).status).toBe(401);
      }
      expect(running.logs.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
    });
  });

  describe.each(['modes', 'inherited'])('are asked for as @WechatAuth says, on /%s', (path) => {
    beforeEach(() => start({ apps: ALL_APPS }));

    const statusOf = async (route: string, headers: Record<string, string> = {}) =>
      (await browser.another().visit(`${SHOP}/${path}/${route}`, { headers })).status;
    const as = (app: string, ...scope: string[]) => ({
      cookie: signInAs(running.app, { app, openid: `oAt_${app}`, scope }).cookie,
    });

    it('keys of the handler win, the others of the class stay', async () => {
      expect(await statusOf('required', as('official', 'snsapi_userinfo'))).toBe(200);
      expect(await statusOf('required', as('official', 'snsapi_base'))).toBe(302);
      expect(await statusOf('required', as('website', 'snsapi_login'))).toBe(302);
      expect(await statusOf('base', as('official', 'snsapi_base'))).toBe(200);
      expect(await statusOf('others', as('website', 'snsapi_login'))).toBe(200);
      const { headers } = await browser.visit(`${SHOP}/${path}/required`);
      expect(new URL(headers.location!).searchParams.get('scope')).toBe('snsapi_userinfo');
    });

    it('a key that the handler leaves undefined is the one of the class', async () => {
      // A mini program cannot have granted the scope that the class asks for.
      const answer = await browser.fetch(`${SHOP}/${path}/others`, { headers: as('mini') });
      expect([answer.status, answer.json()]).toEqual([
        403,
        expect.objectContaining({ code: 'WECHAT_SCOPE_REQUIRED', scope: 'snsapi_userinfo' }),
      ]);
    });

    it('optional asks nobody, and knows whoever is signed in', async () => {
      const ask = async (headers: Record<string, string>) =>
        (await browser.another().visit(`${SHOP}/${path}/optional`, { headers })).json();
      expect(await ask({})).toEqual({ openid: null });
      expect(await ask(as('official', 'snsapi_userinfo'))).toEqual({ openid: 'oAt_official' });
      expect(await ask(as('official', 'snsapi_base'))).toEqual({ openid: 'oAt_official' });
      expect(await ask(as('website', 'snsapi_login'))).toEqual({ openid: null });
    });

    it('off does not look', async () => {
      const answer = await browser.visit(`${SHOP}/${path}/off`, {
        headers: as('official', 'snsapi_userinfo'),
      });
      expect(answer.json()).toEqual({ openid: null });
    });

    it('an app that is not configured lets nobody in', async () => {
      expect(await statusOf('unknown-app', as('official', 'snsapi_userinfo'))).toBe(401);
      expect(await statusOf('unknown-app')).toBe(401);
      const warnings = running.logs.lines.filter(
        ({ level, text }) => level === 'warn' && /@WechatAuth/.test(text),
      );
      expect(warnings.map(({ text }) => text)).toEqual([
        expect.stringMatching(/unknownApp.* names the app "[^"]+", which is not configured/),
      ]);
    });
  });

  describe('of visitors of a snapshot page', () => {
    let logins: WechatLogin[];

    beforeEach(async () => {
      await start();
      logins = [];
      onLogin = async (login) => void logins.push(login);
      stage.wechat.autoConsent = 'visitor';
    });

    const visit = async (route: string) => (await browser.follow(`${SHOP}/snapshots/${route}`)).at(-1)!;
    const post = (route: string) =>
      browser.fetch(`${SHOP}/snapshots/${route}`, { method: 'POST', headers: { origin: SHOP } });

    it('are refused by default: a page, no session, no login handler', async () => {
      const end = await visit('refuse');
      expect([end.status, end.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
      expect(end.body).toContain('SNAPSHOT_USER');
      expect(end.body).toContain('使用完整服务');
      expect(logins).toEqual([]);
      expect((await browser.cookieNames(SHOP)).filter((name) => name.includes('session'))).toEqual([]);
      expect((await browser.fetch(`${SHOP}/snapshots/refuse`)).status).toBe(401);
    });

    it('may read where the route says readonly, and write nowhere', async () => {
      const end = await visit('readonly');
      expect([end.status, end.json()]).toEqual([
        200,
        { user: expect.objectContaining({ isSnapshotUser: true, openid: expect.any(String) }) },
      ]);
      expect((await browser.visit(`${SHOP}/snapshots/readonly`, { method: 'HEAD' })).status).toBe(200);
      for (const route of ['readonly', 'allow']) {
        const written = await post(route);
        expect(written.status).toBe(route === 'allow' ? 200 : 403);
        if (route === 'readonly') expect(written.json()).toMatchObject({ code: 'SNAPSHOT_USER' });
      }
      const elsewhere = await browser.visit(`${SHOP}/orders`);
      expect([elsewhere.status, elsewhere.body.includes('SNAPSHOT_USER')]).toEqual([403, true]);
      expect((await browser.fetch(`${SHOP}/orders`)).json()).toMatchObject({
        statusCode: 403,
        code: 'SNAPSHOT_USER',
      });
      expect((await browser.fetch(`${SHOP}/wechat/me`)).json()).toEqual({ user: null });
    });

    it('may do everything where the route says allow, and the login handler knows what they are', async () => {
      const end = await visit('allow');
      expect(end.json()).toMatchObject({ user: { isSnapshotUser: true } });
      expect(logins.map(({ identity }) => identity.isSnapshotUser)).toEqual([true]);
      expect((await post('allow')).status).toBe(200);
      expect((await post('readonly')).status).toBe(403);
    });

    it('are nobody on optional routes', async () => {
      await visit('allow');
      expect((await browser.visit(`${SHOP}/modes/optional`)).json()).toEqual({ openid: null });
    });
  });

  it('are found for the right app where a browser is signed in at several', async () => {
    await start({ apps: ALL_APPS });
    await expectLogin(browser, `${SHOP}/home`);
    browser.userAgent = AGENTS.desktop;
    await browser.follow(`${SHOP}/wechat/login?app=website&returnTo=%2Fhome`);

    expect((await browser.fetch(`${SHOP}/home`)).json()).toMatchObject({ user: { app: 'official' } });
    expect((await browser.fetch(`${SHOP}/modes/others`)).json()).toEqual({ app: 'website' });
    // Only the website's session has been granted the profile.
    expect((await browser.fetch(`${SHOP}/orders/profile`)).json()).toMatchObject({
      user: { app: 'website' },
    });
  });
});
