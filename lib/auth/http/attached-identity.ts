// What the guard found out about a request, kept beside the request and not on it: nothing a body
// parser or another guard writes can look like it.
import type { WechatIdentity } from '../../model/identity.js';

const identities = new WeakMap<object, WechatIdentity>();

/**
 * @param request the request, or whatever carries one: a GraphQL context, a socket
 * @param identity undefined when nobody is signed in
 */
export function attachIdentity(request: object, identity: WechatIdentity | undefined): void {
  const key = keyOf(request);
  if (identity) identities.set(key, identity);
  else identities.delete(key);
}

/**
 * Fastify wraps Node's request; loggers and interceptors may hold either, and both stand for the
 * same one.
 */
function keyOf(request: object): object {
  const { raw } = request as { raw?: unknown };
  return typeof raw === 'object' && raw !== null && 'headers' in raw ? raw : request;
}

/**
 * Who `WechatAuthGuard` let in with this request, for interceptors, loggers and middleware.
 * Undefined before the guard has run.
 * @example
 * const openid = getWechatIdentity(context.switchToHttp().getRequest())?.openid;
 */
export function getWechatIdentity(request: unknown): WechatIdentity | undefined {
  return typeof request === 'object' && request !== null ? identities.get(keyOf(request)) : undefined;
}
