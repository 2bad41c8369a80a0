// What WechatAuthController is made of.
import type { HttpAdapterHost } from '@nestjs/core';
import type { WechatConfig } from '../config/wechat-config.js';
import type { CodeLogin } from './login/code-login.js';
import type { Flows } from './login/flow.js';
import type { GuardSetup } from './guard-setup.js';
import type { Refusals } from './login/refusals.js';
import type { Revocations } from './session/revocations.js';
import type { SealedSessions } from './session/sealed-sessions.js';
import type { SessionReader } from './session/session-reader.js';
import type { WechatSessionService } from './session/wechat-session.service.js';

/** In one object under a symbol, so that a class that extends the controller may give its fields and methods any name. */
export class ControllerParts {
  constructor(
    readonly config: WechatConfig,
    readonly service: WechatSessionService,
    readonly sessions: SealedSessions,
    readonly reader: SessionReader,
    readonly flows: Flows,
    readonly revocations: Revocations,
    readonly refusals: Refusals,
    readonly setup: GuardSetup,
    readonly codeLogin: CodeLogin,
    readonly host: HttpAdapterHost,
  ) {}
}

// As of GuardSetup: what Nest prints where it is missing.
Object.defineProperty(ControllerParts, 'name', { value: 'WechatOAuthModule.forRoot()' });
