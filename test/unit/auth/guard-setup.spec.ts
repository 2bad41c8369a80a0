// The rule of a handler: read once, by class and handler, and what is said of a name that is not
// configured.
import { type ExecutionContext, Logger } from '@nestjs/common';
import { type HttpAdapterHost, Reflector } from '@nestjs/core';
import { WechatAuth } from '../../../lib/auth/decorators/wechat-auth.decorator.js';
import { GuardSetup } from '../../../lib/auth/guard-setup.js';
import type { LoginJudge } from '../../../lib/auth/login/login-judge.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts } from '../../support/parts.js';

class Routes {
  @WechatAuth({ scope: 'snsapi_userinfo' })
  profile() {}
  list() {}
}
@WechatAuth({ app: 'official', mode: 'optional' })
class Base extends Routes {}
@WechatAuth({ app: ['typo', 'other'], mode: 'silent' })
class Other extends Routes {}

let logs: LogCapture;
let reads: number;
let setup: GuardSetup;
beforeEach(() => {
  Logger.overrideLogger((logs = new LogCapture()));
  const { config, runtime } = makeParts({
    apps: { official: { type: 'official-account', appId: 'wx00000000official', secret: 'a' } },
  });
  const reflector = new Reflector();
  reads = 0;
  const get = reflector.get.bind(reflector);
  reflector.get = ((key: string, target: never) => (reads++, get(key, target))) as never;
  setup = new GuardSetup(config, {} as LoginJudge, runtime, reflector, {} as HttpAdapterHost);
});
afterEach(() => Logger.overrideLogger(false));

const contextOf = (type: unknown, handler: unknown) =>
  ({ getClass: () => type, getHandler: () => handler }) as ExecutionContext;
const ruleOf = (type: unknown, handler: unknown) => setup.ruleOf(contextOf(type, handler));

it('is read once for each handler of each class', () => {
  const first = ruleOf(Base, Routes.prototype.profile);
  const before = reads;
  expect(ruleOf(Base, Routes.prototype.profile)).toBe(first);
  expect(reads).toBe(before);
  expect(first).toEqual({
    apps: ['official'],
    scope: 'snsapi_userinfo',
    mode: 'optional',
    snapshot: 'refuse',
    isLoginRoute: false,
  });
});

it('is of its class, also where classes share a handler', () => {
  const modes = [Base, Other, Routes, Base].map((type) => ruleOf(type, Routes.prototype.list).mode);
  expect(modes).toEqual(['optional', 'silent', 'required', 'optional']);
  expect(ruleOf(Routes, Routes.prototype.profile).scope).toBe('snsapi_userinfo');
});

it('is of its application, where two of a process share a class', () => {
  const { config, runtime } = makeParts({
    apps: { typo: { type: 'website', appId: 'wx000000000website', secret: 'a' } },
  });
  const second = new GuardSetup(config, {} as LoginJudge, runtime, new Reflector(), {} as HttpAdapterHost);
  ruleOf(Other, Routes.prototype.list);
  logs.lines.length = 0;
  second.ruleOf(contextOf(Other, Routes.prototype.list));
  expect(logs.lines.map(({ text }) => text)).toEqual([expect.stringContaining('names the app "other"')]);
});

it('names an app that is not configured, once', () => {
  for (let turn = 0; turn < 3; turn++) {
    ruleOf(Other, Routes.prototype.list);
    ruleOf(Other, Routes.prototype.profile);
  }
  expect(logs.lines.map(({ text }) => text)).toEqual([
    expect.stringContaining('@WechatAuth at Other.list names the app "typo"'),
    expect.stringContaining('@WechatAuth at Other.list names the app "other"'),
  ]);
});
