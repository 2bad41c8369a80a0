// An application whose gateways work without @nestjs/websockets, the optional peer that a refusal
// to a socket wants.
import { type ExecutionContext, HttpException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { readRule } from '../../../lib/auth/decorators/wechat-auth.decorator.js';
import type { GuardSetup } from '../../../lib/auth/guard-setup.js';
import { makeProblem } from '../../../lib/auth/problems/problems.js';
import { GUARD_SETUP, WechatAuthGuard } from '../../../lib/auth/wechat-auth.guard.js';
import { jest } from '@jest/globals';

jest.unstable_mockModule('@nestjs/websockets', () => {
  throw Object.assign(new Error("Cannot find package '@nestjs/websockets'"), {
    code: 'ERR_MODULE_NOT_FOUND',
  });
});

class Gateway {
  me() {}
}

it.each(['ws', 'rpc'])(
  'a context of kind %s is refused with the body of the contract all the same',
  async (kind) => {
    const problem = makeProblem('WECHAT_LOGIN_REQUIRED', 'en', 'REF');
    const setup = {
      hooks: {},
      requireOptions() {},
      said: new Set(['request']),
      ruleOf: (context: ExecutionContext) => readRule(new Reflector(), context),
      loginJudge: { judge: async () => ({ kind: 'deny', problem }) },
    } as unknown as GuardSetup;
    const guard = Object.assign(new WechatAuthGuard(), { [GUARD_SETUP]: setup });
    const context = {
      getType: () => kind,
      getClass: () => Gateway,
      getHandler: () => Gateway.prototype.me,
      switchToHttp: () => ({ getRequest: () => undefined }),
      switchToWs: () => ({ getClient: () => ({ request: { headers: {} } }) }),
    } as unknown as ExecutionContext;

    const error = await (guard.canActivate(context) as Promise<boolean>).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(HttpException);
    expect((error as HttpException).getStatus()).toBe(401);
    expect((error as HttpException).getResponse()).toEqual(problem);
  },
);
