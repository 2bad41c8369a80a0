// Sessions for code of the application's own: a guard that takes its JWT or WeChat, a sign-in that WeChat had no part in, tests.
import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WechatConfigError, WechatInputError } from '../api/errors.js';
import type { WechatConfig } from '../config/wechat-config.js';
import { WECHAT_CONFIG } from '../wechat-oauth.constants.js';
import { attachIdentity } from './attached-identity.js';
import { HttpAnswer } from './http-answer.js';
import { HttpRequest } from './http-request.js';
import type { WechatClaims, WechatIdentity } from './identity.js';
import { SealedSessions } from './sealed-sessions.js';
import { SessionReader } from './session-reader.js';

export interface IssueOptions {
  /** Seconds. Default: `session.ttl`. */
  ttl?: number;
  /** Replaces the claims of the identity. */
  claims?: WechatClaims;
}

export interface IssuedSession {
  /** For `Authorization: Bearer`. */
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  identity: WechatIdentity;
}

@Injectable()
export class WechatSessionService {
  readonly #config: WechatConfig;
  readonly #sessions: SealedSessions;
  readonly #reader: SessionReader;
  readonly #host: HttpAdapterHost;

  constructor(
    @Inject(WECHAT_CONFIG) config: WechatConfig,
    @Inject(SealedSessions) sessions: SealedSessions,
    @Inject(SessionReader) reader: SessionReader,
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
  ) {
    this.#config = config;
    this.#sessions = sessions;
    this.#reader = reader;
    this.#host = host;
  }

  /** Who the request comes from, by the same rules as the guard. Never throws, never answers; a visitor of a snapshot page is nobody. */
  async authenticate(target: ExecutionContext | object): Promise<WechatIdentity | undefined> {
    try {
      const request = isContext(target) ? target.switchToHttp().getRequest<object>() : target;
      const found = this.#reader.find(new HttpRequest(request), [...this.#config.apps.values()]);
      const sessions = found === 'forged' ? [] : found;
      const identity = sessions.find(({ session }) => !session.identity.isSnapshotUser)?.session.identity;
      if (identity) attachIdentity(request, identity);
      return identity;
    } catch {
      // Fail closed: whatever this is, it is no request that shows a session.
      return undefined;
    }
  }

  /**
   * Signs somebody in by the application's own decision: puts the session cookie on the response and returns the same session as a bearer token.
   * @param response the platform's response; undefined where only the token is wanted
   * @throws WechatConfigError when `sessionSecret` is missing or the session would not fit into a cookie, WechatInputError when the identity names no app
   */
  issue(response: unknown, identity: WechatIdentity, { ttl, claims }: IssueOptions = {}): IssuedSession {
    if (this.#config.sessionSecrets.length === 0) {
      throw new WechatConfigError(
        'sessionSecret',
        'is missing, and sessions are sealed with it',
        'Make one with: openssl rand -base64 32',
      );
    }
    const app = this.#config.apps.get(identity.app);
    if (!app || app.appId !== identity.appId) {
      throw new WechatInputError(
        'config',
        'identity',
        'names no configured app',
        'Set app and appId to those of one of your apps.',
      );
    }
    const session = this.#sessions.create(claims === undefined ? identity : { ...identity, claims }, ttl);
    if (response !== undefined) {
      new HttpAnswer(this.#host.httpAdapter, response).setCookies([this.#sessions.toCookie(app, session)]);
    }
    return {
      token: this.#sessions.toBearer(session),
      expiresAt: session.expiresAt,
      identity: session.identity,
    };
  }
}

function isContext(target: object): target is ExecutionContext {
  return typeof (target as Partial<ExecutionContext>).switchToHttp === 'function';
}
