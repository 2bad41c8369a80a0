// The request behind a handler's context: HTTP, GraphQL or WebSocket.
import type { ExecutionContext } from '@nestjs/common';
import { HttpRequest } from './http-request.js';

/** What kind of context a guard stands in. */
export type ContextKind = 'http' | 'graphql' | 'ws';

/** The request of a context, and every object that carries it. */
export interface ContextRequest {
  readonly kind: ContextKind;
  readonly request: HttpRequest;
  /** What this handler does with the request: where `@WechatUser` finds who was let in. */
  readonly call: object;
  /**
   * Everything that stands for the request: itself, the GraphQL context or the socket that carries
   * it, the call.
   */
  readonly carriers: readonly object[];
}

/** The hook that finds a request the module does not. */
export type GetRequest = (context: ExecutionContext) => object | undefined;

/** Undefined for a context that no request is behind, or one that is not known here. */
export function requestOf(context: ExecutionContext, getRequest?: GetRequest): ContextRequest | undefined {
  const kind = context.getType<string>();
  if (kind !== 'http' && kind !== 'graphql' && kind !== 'ws') return undefined;
  const carrier = carrierOf(context);
  if (kind === 'http') {
    // The hook was written for other arguments. A route that is asked by HTTP answers by HTTP,
    // whatever a proxy writes into the Upgrade field.
    return isObject(carrier)
      ? { kind, request: new HttpRequest(carrier), call: carrier, carriers: [carrier] }
      : undefined;
  }
  const raw = getRequest?.(context) ?? rawRequest(kind, carrier);
  if (!isObject(raw)) return undefined;
  const call = callOf(context) ?? raw;
  const request = kind === 'ws' ? HttpRequest.ofSocket(raw) : HttpRequest.outsideHttp(raw);
  return { kind, request, call, carriers: [...new Set([raw, carrier, call])].filter(isObject) };
}

/**
 * An HTTP request has one handler, so it is its own call. A GraphQL operation brings one request to
 * many handlers at the same time, and a socket one to many messages; each has a rule of its own,
 * and whom one lets in, another must not take for its own visitor.
 */
export function callOf(context: ExecutionContext): object | undefined {
  const carrier = carrierOf(context);
  if (!isObject(carrier)) return undefined;
  if (context.getType<string>() === 'http') return carrier;
  return calls.at(carrier).at(context.getClass()).at(context.getHandler());
}

/** One object for each path of keys, for as long as the keys live. */
class Branch {
  private readonly branches = new WeakMap<object, Branch>();

  at(key: object | null): Branch {
    // Exception filters have neither class nor handler.
    if (key === null) return this;
    let branch = this.branches.get(key);
    if (!branch) this.branches.set(key, (branch = new Branch()));
    return branch;
  }
}

const calls = new Branch();

/** The object of the context that lives as long as the request does. */
function carrierOf(context: ExecutionContext): unknown {
  switch (context.getType<string>()) {
    case 'graphql':
      // (root, args, context, info), but for the references of a federation (reference, context,
      // info).
      return context.getArgByIndex(context.getArgByIndex(3) === undefined ? 1 : 2);
    case 'ws':
      return context.switchToWs().getClient();
    default:
      return context.switchToHttp().getRequest();
  }
}

function rawRequest(kind: 'graphql' | 'ws', carrier: unknown): unknown {
  if (!isObject(carrier)) return carrier;
  return kind === 'graphql' ? requestOfOperation(carrier) : requestOfSocket(carrier);
}

interface OperationContext {
  req?: unknown;
  request?: unknown;
  reply?: { request?: unknown };
  extra?: { request?: unknown };
}

/**
 * Apollo, Yoga and Mercurius each have their own name for it; Nest hands what graphql-ws knows of a
 * socket on as `req`.
 */
function requestOfOperation(context: OperationContext): unknown {
  const found = (context.req ?? context.request ?? context.reply?.request ?? context) as OperationContext;
  return found.extra?.request ?? (found === context ? undefined : found);
}

interface Socket {
  request?: unknown;
  handshake?: { headers?: object; url?: string; auth?: { token?: unknown } };
}

/**
 * The handshake of socket.io; `ws` where a gateway keeps what `handleConnection` was given as
 * `client.request`.
 */
function requestOfSocket({ request, handshake }: Socket): unknown {
  if (!isObject(handshake)) return request;
  // A socket.io client that cannot send headers sends its bearer token as `auth: { token }`.
  const { headers, url, auth } = handshake;
  const token = typeof auth?.token === 'string' ? { authorization: `Bearer ${auth.token}` } : {};
  return { headers: { ...headers, ...token }, url };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
