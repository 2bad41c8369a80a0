// A Nest application in which the same handler stands behind every guard that is compared. One
// process for all of them: how well its compiler and its collector fare is the same for each.
import 'reflect-metadata';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Redirect,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import passportJwt from 'passport-jwt';
import { answer } from './processes.mjs';

const { ADAPTER = 'express', PACKAGE = 'nestjs-wechat-oauth', APPS = '1' } = process.env;
const { WECHAT_URL, REDIS_PREFIX } = process.env;
const own = await import(PACKAGE);
const SECRET = 'a secret of the benchmark, 32 bytes or more';
const TWO_HOURS = { secret: SECRET, signOptions: { expiresIn: '2h' } };

/** A controller at `path` with a handler for each name; decorators as calls, this is JavaScript. */
function controller(path, handlers) {
  class Routes {}
  for (const [name, decorators] of Object.entries(handlers)) {
    Routes.prototype[name] = () => ({ hello: 'world' });
    for (const decorate of [Get(name), ...decorators]) {
      decorate(Routes.prototype, name, Object.getOwnPropertyDescriptor(Routes.prototype, name));
    }
  }
  Controller(path)(Routes);
  return Routes;
}

/** The least that a guard with sessions can do: find the cookie, look it up. */
const mapped = new Map();
class MapGuard {
  canActivate(context) {
    const request = context.switchToHttp().getRequest();
    request.user = mapped.get(/(?:^|; )sid=([^;]*)/.exec(request.headers.cookie ?? '')?.[1]);
    return request.user !== undefined;
  }
}
Injectable()(MapGuard);

/** What a refusal costs whoever makes it. */
class ThrowingGuard {
  canActivate() {
    throw new UnauthorizedException({
      statusCode: 401,
      code: 'WECHAT_LOGIN_REQUIRED',
      message: '请先使用微信登录。',
      loginUrl: 'http://127.0.0.1/wechat/login',
      app: 'app0',
      ref: '0123456789',
    });
  }
}
Injectable()(ThrowingGuard);

/** Behind express-session and passport. */
class LoggedInGuard {
  canActivate(context) {
    return context.switchToHttp().getRequest().isAuthenticated();
  }
}
Injectable()(LoggedInGuard);

class JwtGuard {
  constructor(jwt) {
    this.jwt = jwt;
  }
  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    request.user = await this.jwt.verifyAsync(request.headers.authorization.slice(7));
    return true;
  }
}
Injectable()(JwtGuard);
Inject(JwtService)(JwtGuard, undefined, 0);

class JwtStrategy extends PassportStrategy(passportJwt.Strategy) {
  constructor() {
    super({
      jwtFromRequest: passportJwt.ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: SECRET,
    });
  }
  validate(payload) {
    return payload;
  }
}
Injectable()(JwtStrategy);

const appOf = (index) => ({
  type: 'website',
  appId: `wx${String(index).padStart(16, '0')}`,
  secret: `${index}`.padStart(32, 'a'),
});
const store = REDIS_PREFIX ? await redisStore(REDIS_PREFIX) : undefined;

class AppModule {}
Module({
  imports: [
    JwtModule.register(TWO_HOURS),
    PassportModule,
    own.WechatOAuthModule.forRoot({
      apps: Object.fromEntries(
        Array.from({ length: Number(APPS) }, (_, index) => [`app${index}`, appOf(index)]),
      ),
      publicUrl: 'http://127.0.0.1',
      sessionSecret: SECRET,
      ...(store ? { tokenStore: { useValue: store } } : {}),
      ...(WECHAT_URL ? { endpoints: { api: WECHAT_URL } } : {}),
    }),
  ],
  providers: [JwtStrategy],
  controllers: [
    controller('bare', { hello: [], away: [Redirect('https://open.weixin.qq.com/connect/qrconnect', 302)] }),
    controller('map', { hello: [UseGuards(MapGuard)] }),
    controller('throws', { hello: [UseGuards(ThrowingGuard)] }),
    controller('jwt', { hello: [UseGuards(JwtGuard)] }),
    controller('passport', { hello: [UseGuards(AuthGuard('jwt'))] }),
    controller('session', { hello: [UseGuards(LoggedInGuard)] }),
    controller('ours', {
      hello: [UseGuards(own.WechatAuthGuard)],
      optional: [UseGuards(own.WechatAuthGuard), own.WechatAuth({ mode: 'optional' })],
    }),
    own.WechatAuthController,
  ],
})(AppModule);

const platform =
  ADAPTER === 'express' ? [] : [new (await import('@nestjs/platform-fastify')).FastifyAdapter()];
const app = await NestFactory.create(AppModule, ...platform, { logger: ['error'] });
if (ADAPTER === 'express') await withPassportWechat();
await app.listen(0, '127.0.0.1');

const sessions = app.get(own.WechatSessionService, { strict: false });
let people = 0;

answer({
  port: () => app.getHttpServer().address().port,

  /** Header fields of people who are signed in, as each guard wants them. */
  async map(count) {
    return Array.from({ length: count }, () => {
      const sid = String(people++).padStart(22, 's');
      mapped.set(sid, { openid: `o${people}` });
      return { cookie: `sid=${sid}` };
    });
  },
  async jwt(count) {
    const jwt = app.get(JwtService, { strict: false });
    const tokens = Array.from({ length: count }, () => jwt.signAsync({ sub: `o${people++}` }));
    return (await Promise.all(tokens)).map((token) => ({ authorization: `Bearer ${token}` }));
  },
  async session(count) {
    const { port } = app.getHttpServer().address();
    const signIn = () => fetch(`http://127.0.0.1:${port}/session/in`);
    const answers = await Promise.all(Array.from({ length: count }, signIn));
    return answers.map(({ headers }) => ({ cookie: headers.get('set-cookie').split(';')[0] }));
  },
  async ours(count) {
    const list = [];
    for (let round = 0; round < count; round++) {
      const id = String(people++).padStart(18, '0');
      const lines = [];
      const keep = (_name, line) => lines.push(line);
      const response = {
        getHeader: () => undefined,
        setHeader: keep,
        header: keep,
        appendHeader: keep,
        append: keep,
      };
      const { token } = await sessions.issue(response, {
        app: 'app0',
        appId: appOf(0).appId,
        openid: `oBenchmark${id}`,
        unionid: `uBenchmark${id}`,
        scope: ['snsapi_login'],
        isSnapshotUser: false,
        claims: { userId: people, roles: ['member'] },
      });
      list.push({ cookie: lines.flat()[0].split(';')[0], authorization: `Bearer ${token}` });
    }
    return list;
  },
});

/** What people do with Express today: express-session, passport and passport-wechat, below /session. */
async function withPassportWechat() {
  const { default: session } = await import('express-session');
  const { default: passport } = await import('passport');
  const { default: WechatStrategy } = await import('passport-wechat');
  const id = { appID: appOf(0).appId, appSecret: appOf(0).secret };
  const strategy = {
    ...id,
    client: 'web',
    callbackURL: 'http://127.0.0.1/session/back',
    scope: 'snsapi_login',
  };
  passport.use(new WechatStrategy(strategy, (_token, _refresh, profile, done) => done(null, profile)));
  passport.serializeUser((user, done) => done(null, user));
  passport.deserializeUser((user, done) => done(null, user));
  app.use('/session', session({ secret: SECRET, resave: false, saveUninitialized: false }));
  app.use('/session', passport.initialize(), passport.session());
  app.use('/session/in', (request, response) => {
    request.logIn({ openid: `o${people++}` }, () => response.json({ in: true }));
  });
  app.use('/session/away', passport.authenticate('wechat'));
}

async function redisStore(keyPrefix) {
  const { Redis } = await import('ioredis');
  const { RedisTokenStore } = await import(`${PACKAGE}/redis`);
  return new RedisTokenStore(new Redis({ keyPrefix }));
}
