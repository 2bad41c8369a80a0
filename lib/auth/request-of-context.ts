// The request behind a handler's context: HTTP, GraphQL or WebSocket.
import type { ExecutionContext } from '@nestjs/common';
import { HttpRequest } from './http-request.js';

export type ContextKind = 'http' | 'graphql' | 'ws';

export interface ContextRequest {
  readonly kind: ContextKind;
  readonly request: HttpRequest;
  /** What `@WechatUser` finds again in the same context: the request, the GraphQL context, the socket. */
  readonly carriers: readonly object[];
}

export type GetRequest = (context: ExecutionContext) => object | undefined;

/** Undefined for a context that no request is behind, or one that is not known here. */
export function requestOf(context: ExecutionContext, getRequest?: GetRequest): ContextRequest | undefined {
  const kind = context.getType<string>();
  if (kind !== 'http' && kind !== 'graphql' && kind !== 'ws') return undefined;
  const carrier = carrierOf(context);
  const raw = getRequest?.(context) ?? rawRequest(kind, carrier);
  if (!isObject(raw)) return undefined;
  const carriers = isObject(carrier) && carrier !== raw ? [raw, carrier] : [raw];
  return { kind, request: kind === 'ws' ? HttpRequest.ofSocket(raw) : new HttpRequest(raw), carriers };
}

/** The object of the context that lives as long as the request does. */
export function carrierOf(context: ExecutionContext): unknown {
  switch (context.getType<string>()) {
    case 'graphql':
      return context.getArgByIndex(2);
    case 'ws':
      return context.switchToWs().getClient();
    default:
      return context.switchToHttp().getRequest();
  }
}

/** Where the usual servers put the request: Apollo and Mercurius, graphql-ws; socket.io's handshake, and `ws` where a gateway keeps it as `client.request`. */
function rawRequest(kind: ContextKind, carrier: unknown): unknown {
  if (kind === 'http' || !isObject(carrier)) return carrier;
  const { req, request, extra, handshake } = carrier as Record<string, any>;
  if (kind === 'graphql') return req ?? request ?? extra?.request ?? extra?.socket?.request;
  if (!isObject(handshake)) return request;
  // A socket.io client that cannot send headers sends its bearer token as `auth: { token }`.
  const { headers, url, auth } = handshake as { headers?: object; url?: string; auth?: { token?: unknown } };
  const token = typeof auth?.token === 'string' ? { authorization: `Bearer ${auth.token}` } : {};
  return { headers: { ...headers, ...token }, url };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
