// Which HTTP status an error of this package deserves, for controllers that call the service.
import type { WechatErrorKind } from './error-kind.js';
import { WechatError, WechatNetworkError } from './errors.js';

const STATUS: Readonly<Record<WechatErrorKind, number>> = {
  config: 500,
  input: 400,
  code: 401,
  token: 401,
  consent: 403,
  blocked: 403,
  quota: 429,
  upstream: 502,
  network: 504,
  decrypt: 400,
  store: 503,
};

/**
 * The status an error of this package deserves; 500 for anything that is not one of ours.
 * @example
 * response.status(toHttpStatus(error)).end();
 */
export function toHttpStatus(error: unknown): number {
  // This process has too much to do; everything else of the network is WeChat's absence.
  if (error instanceof WechatNetworkError && error.fault === 'busy') return 503;
  return error instanceof WechatError ? STATUS[error.kind] : 500;
}
