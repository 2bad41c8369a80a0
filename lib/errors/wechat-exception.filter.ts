// Turns errors of this package into HTTP answers, for controllers that call the service themselves.
import { randomBytes } from 'node:crypto';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Inject,
  Logger,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { WechatErrorKind } from './error-kind.js';
import { WechatError } from './errors.js';
import { toHttpStatus } from './http-status.js';
import { newRef } from './ref.js';

/**
 * Words for the client. What exactly happened is for the log: an errmsg is nobody else's business.
 */
const MESSAGES: Readonly<Record<WechatErrorKind, string>> = {
  config: 'WeChat sign-in is not set up correctly.',
  input: 'The request holds a value that WeChat cannot take.',
  code: 'The code is no longer valid. Sign in with WeChat again.',
  token: 'Sign in with WeChat again.',
  consent: 'More permission is needed. Sign in with WeChat again and allow it.',
  blocked: 'WeChat refuses this request.',
  quota: 'WeChat is being asked too often. Try again later.',
  upstream: 'WeChat did not answer as expected. Try again later.',
  network: 'WeChat could not be reached. Try again later.',
  decrypt: 'The data does not fit the session. Call wx.login and try again.',
  store: 'This cannot be answered just now. Try again later.',
};

const logger = new Logger('WechatOAuth');

/**
 * `{ statusCode, code, kind, message, ref }`; the whole error stands in the log under the same
 * `ref`. Use it with `@UseFilters(WechatExceptionFilter)`.
 */
@Catch(WechatError)
export class WechatExceptionFilter implements ExceptionFilter<WechatError> {
  readonly #host: HttpAdapterHost;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost) {
    this.#host = host;
  }

  catch(error: WechatError, host: ArgumentsHost): void {
    const statusCode = toHttpStatus(error);
    const ref = newRef({ randomBytes });
    const body = { statusCode, code: error.code, kind: error.kind, message: MESSAGES[error.kind], ref };
    logger[statusCode >= 500 ? 'error' : 'warn'](`${error.name}, ref ${ref}: ${error.message}`);
    // GraphQL and WebSocket have no response to write to; there Nest turns the exception into an
    // error of their own.
    if (host.getType() !== 'http') throw new HttpException(body, statusCode);
    this.#host.httpAdapter.reply(host.switchToHttp().getResponse(), body, statusCode);
  }
}
