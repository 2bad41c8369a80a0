// One start of an application, in a process of its own: prints how long the import took and how long
// the start, in ms.
import 'reflect-metadata';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';

const SECRET = 'a secret of the benchmark, 32 bytes or more';
const sides = {
  async ours() {
    const { WechatAuthGuard, WechatOAuthModule } = await import('nestjs-wechat-oauth');
    return () => ({
      guard: WechatAuthGuard,
      imports: [
        WechatOAuthModule.forRoot({
          apps: { website: { type: 'website', appId: 'wx0000000000000000', secret: '0'.padStart(32, 'a') } },
          publicUrl: 'http://127.0.0.1',
          sessionSecret: SECRET,
        }),
      ],
    });
  },
  async passport() {
    const { AuthGuard, PassportModule, PassportStrategy } = await import('@nestjs/passport');
    const { JwtModule } = await import('@nestjs/jwt');
    const { ExtractJwt, Strategy } = (await import('passport-jwt')).default;
    return () => {
      class JwtStrategy extends PassportStrategy(Strategy) {
        constructor() {
          super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: SECRET });
        }
        validate(payload) {
          return payload;
        }
      }
      const imports = [PassportModule, JwtModule.register({ secret: SECRET })];
      return { guard: AuthGuard('jwt'), imports, providers: [JwtStrategy] };
    };
  },
};

const importedAt = performance.now();
const make = await sides[process.argv[2]]();
const startedAt = performance.now();
const { guard, ...rest } = make();
class HelloController {
  hello() {}
}
const descriptor = Object.getOwnPropertyDescriptor(HelloController.prototype, 'hello');
Get('hello')(HelloController.prototype, 'hello', descriptor);
if (guard) UseGuards(guard)(HelloController);
Controller()(HelloController);
class AppModule {
  hello() {}
}
Module({ ...rest, controllers: [HelloController] })(AppModule);
const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger: false });
await app.init();
const doneAt = performance.now();
console.log(JSON.stringify({ import: startedAt - importedAt, start: doneAt - startedAt }));
process.exit();
