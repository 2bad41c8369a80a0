// What WechatAuthController is made of.
import type { HttpAdapterHost } from '@nestjs/core';
import type { WechatConfig } from '../config/wechat-config.js';
import type { CodeLogin } from './login/code-login.js';
import type { PendingLogins } from './login/pending-logins.js';
import type { GuardSetup } from './guard-setup.js';
import type { ProblemFactory } from './login/problem-factory.js';
import type { QrLogins } from './session/qr-logins.js';
import type { Revocations } from './session/revocations.js';
import type { SealedSessions } from './session/sealed-sessions.js';
import type { SessionReader } from './session/session-reader.js';
import type { WechatSessionService } from './session/wechat-session.service.js';

/** Under which a controller of ours shows the options that it serves. */
export const OPTIONS_OF = Symbol('nestjs-wechat-oauth:options');

/**
 * In one object under a symbol, so that a class that extends the controller may give its fields and
 * methods any name.
 */
export class ControllerParts {
  constructor(
    readonly config: WechatConfig,
    readonly service: WechatSessionService,
    readonly sessions: SealedSessions,
    readonly reader: SessionReader,
    readonly flows: PendingLogins,
    readonly revocations: Revocations,
    readonly problems: ProblemFactory,
    readonly setup: GuardSetup,
    readonly codeLogin: CodeLogin,
    readonly host: HttpAdapterHost,
    readonly qrLogins: QrLogins,
  ) {}
}

// As of GuardSetup: what Nest prints where it is missing.
Object.defineProperty(ControllerParts, 'name', { value: 'WechatOAuthModule.forRoot()' });
