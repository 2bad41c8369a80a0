// What the guard found out about a request, kept beside the request and not on it: nothing a body
// parser or another guard writes can look like it.
import type { WechatIdentity } from '../../model/identity.js';

const identities = new WeakMap<object, WechatIdentity>();

/**
 * @param request the request, or whatever carries one: a GraphQL context, a socket
 * @param identity undefined when nobody is signed in
 */
export function attachIdentity(request: object, identity: WechatIdentity | undefined): void {
  keep(request, identity);
  // Fastify wraps Node's request; loggers and interceptors may hold either.
  const { raw } = request as { raw?: unknown };
  if (typeof raw === 'object' && raw !== null) keep(raw, identity);
}

function keep(key: object, identity: WechatIdentity | undefined): void {
  if (identity) identities.set(key, identity);
  else identities.delete(key);
}

/**
 * Who `WechatAuthGuard` let in with this request, for interceptors, loggers and middleware.
 * Undefined before the guard has run.
 * @example
 * const openid = getWechatIdentity(context.switchToHttp().getRequest())?.openid;
 */
export function getWechatIdentity(request: unknown): WechatIdentity | undefined {
  return typeof request === 'object' && request !== null ? identities.get(request) : undefined;
}
