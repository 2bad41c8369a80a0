// Where the request is in the contexts of the servers there are, and what stands for one handler's
// use of it.
import type { ExecutionContext, Type } from '@nestjs/common';
import { callOf, type GetRequest, requestOf } from '../../../../lib/auth/http/request-of-context.js';

class Orders {
  list() {}
  mine() {}
}
class OtherOrders extends Orders {}

/** What Nest hands to guards and decorators, as far as it is looked at here. */
function contextOf(
  kind: string,
  args: unknown[],
  handler: object | null = Orders.prototype.list,
  type: Type | null = Orders,
): ExecutionContext {
  const at = (index: number) => args[index];
  return {
    getType: () => kind,
    getClass: () => type,
    getHandler: () => handler,
    getArgs: () => args,
    getArgByIndex: at,
    switchToHttp: () => ({ getRequest: () => at(0) }),
    switchToWs: () => ({ getClient: () => at(0) }),
  } as unknown as ExecutionContext;
}

const graphql = (context: unknown, ...more: [handler?: object, type?: Type]) =>
  contextOf('graphql', [undefined, {}, context, { fieldName: 'list' }], ...more);
const ws = (client: unknown) => contextOf('ws', [client, { some: 'data' }, 'list']);

const REQUEST = {
  method: 'POST',
  url: '/graphql?a=1',
  headers: { cookie: 'session=1', origin: 'https://shop.example.com' },
};
const HANDSHAKE = { method: 'GET', url: '/graphql', headers: { upgrade: 'WebSocket', cookie: 'session=1' } };

const found = (context: ExecutionContext, getRequest?: GetRequest) => requestOf(context, getRequest)?.request;

describe('requestOf', () => {
  it('takes an HTTP request as it is', () => {
    const result = requestOf(contextOf('http', [REQUEST, {}]))!;

    expect(result).toMatchObject({ kind: 'http', call: REQUEST, carriers: [REQUEST] });
    expect(result.request).toMatchObject({ raw: REQUEST, method: 'POST', path: '/graphql' });
  });

  it('leaves an HTTP request that would rather be a WebSocket a request', () => {
    expect(found(contextOf('http', [HANDSHAKE]))).toMatchObject({ method: 'GET' });
  });

  it.each([
    ['Apollo: context.req', { req: REQUEST }],
    ['Apollo with a context of its own: req first', { req: REQUEST, request: { headers: {} } }],
    ['a context with context.request', { request: REQUEST }],
    ['Mercurius: context.reply.request', { reply: { request: REQUEST } }],
  ])('finds the request of %s', (_server, context) => {
    const result = requestOf(graphql(context))!;

    expect(result).toMatchObject({ kind: 'graphql', request: { raw: REQUEST, method: 'POST' } });
    expect(result.carriers).toEqual([REQUEST, context, result.call]);
  });

  it.each([
    ['context.extra.request', { extra: { request: HANDSHAKE, socket: {} }, connectionParams: {} }],
    ['what Nest makes of it, context.req.extra.request', { req: { extra: { request: HANDSHAKE } } }],
    ['a context of the application’s own, context.req', { req: HANDSHAKE }],
  ])('finds the handshake of graphql-ws in %s, and takes it for one', (_place, context) => {
    expect(found(graphql(context))).toMatchObject({ raw: HANDSHAKE, method: 'WEBSOCKET' });
  });

  it('finds the request behind a reference of a federation, which has no arguments', () => {
    const context = { req: REQUEST };
    const reference = contextOf('graphql', [{ __typename: 'Order' }, context, { fieldName: '_entities' }]);

    expect(found(reference)).toMatchObject({ raw: REQUEST });
  });

  it('never takes the arguments of a query for its context', () => {
    const args = { length: 3, req: REQUEST, request: REQUEST, extra: { request: REQUEST } };

    expect(requestOf(contextOf('graphql', [undefined, args, {}, {}]))).toBeUndefined();
  });

  it('finds the handshake of a socket.io client', () => {
    const client = { handshake: { headers: { cookie: 'session=1' }, url: '/socket.io/?EIO=4' } };
    const result = requestOf(ws(client))!;

    expect(result.kind).toBe('ws');
    expect(result.request).toMatchObject({ method: 'WEBSOCKET', path: '/socket.io/' });
    expect(result.request.header('cookie')).toBe('session=1');
    expect(result.carriers).toContain(client);
  });

  it.each([
    ['a token', { token: 'v1.x' }, 'Bearer v1.x'],
    ['no token', {}, 'Bearer header'],
    ['nothing', undefined, 'Bearer header'],
    ['null', null, 'Bearer header'],
    ['a token that is no text', { token: ['v1.x'] }, 'Bearer header'],
  ])('reads %s in the auth of a socket.io client', (_what, auth, authorization) => {
    const headers = { authorization: 'Bearer header' };

    expect(found(ws({ handshake: { headers, url: '/', auth } }))!.header('authorization')).toBe(
      authorization,
    );
    expect(headers).toEqual({ authorization: 'Bearer header' });
  });

  it('finds the request of a ws client where the gateway kept it', () => {
    expect(found(ws({ request: HANDSHAKE, send() {} }))).toMatchObject({
      raw: HANDSHAKE,
      method: 'WEBSOCKET',
    });
  });

  it.each([
    ['a ws client without its request', ws({ send() {} })],
    ['a ws client whose request is no object', ws({ request: 'GET /' })],
    ['no client', ws(undefined)],
    ['a GraphQL context without a request', graphql({ user: 'ming' })],
    ['a GraphQL context whose request is no object', graphql({ req: 'GET /' })],
    ['no GraphQL context', graphql(undefined)],
    ['no HTTP request', contextOf('http', [undefined])],
    ['a message of a microservice', contextOf('rpc', [REQUEST, {}])],
  ])('finds nothing behind %s', (_what, context) => {
    expect(requestOf(context)).toBeUndefined();
  });

  describe('with hooks.getRequest', () => {
    it('takes what the application found', () => {
      const context = graphql({ visitor: REQUEST });
      const getRequest: GetRequest = (given) => given.getArgByIndex<{ visitor: object }>(2).visitor;

      expect(found(context, getRequest)).toMatchObject({ raw: REQUEST, method: 'POST' });
      expect(found(ws({}), () => HANDSHAKE)).toMatchObject({ raw: HANDSHAKE, method: 'WEBSOCKET' });
    });

    it('looks for itself where the application found nothing', () => {
      expect(found(graphql({ req: REQUEST }), () => undefined)).toMatchObject({ raw: REQUEST });
    });

    it('does not ask in HTTP, where the request is no question', () => {
      const getRequest: GetRequest = (given) => given.getArgByIndex<{ visitor: object }>(2).visitor;
      expect(found(contextOf('http', [REQUEST, {}]), getRequest)).toMatchObject({ raw: REQUEST });
    });

    it('does not ask about messages of microservices', () => {
      expect(found(contextOf('rpc', [{}]), () => REQUEST)).toBeUndefined();
    });
  });
});

describe('callOf', () => {
  it('is the request itself in HTTP', () => {
    expect(callOf(contextOf('http', [REQUEST]))).toBe(REQUEST);
  });

  it.each([
    ['GraphQL', graphql],
    ['a gateway', (client: object, ...more: [object?, Type?]) => contextOf('ws', [client], ...more)],
  ])('is one for one handler of one class and one request in %s', (_kind, make) => {
    const [one, other] = [{ req: REQUEST }, { req: REQUEST }];
    const { list, mine } = Orders.prototype;
    const call = callOf(make(one, list, Orders));

    expect(callOf(make(one, list, Orders))).toBe(call);
    expect(callOf(make(other, list, Orders))).not.toBe(call);
    expect(callOf(make(one, mine, Orders))).not.toBe(call);
    expect(callOf(make(one, list, OtherOrders))).not.toBe(call);
  });

  it('is the request’s as a whole in an exception filter, which knows no handler', () => {
    const client = {};

    expect(callOf(contextOf('ws', [client], null, null))).toBe(callOf(contextOf('ws', [client], null, null)));
  });

  it('is nothing where no object carries the request', () => {
    expect(callOf(graphql(undefined))).toBeUndefined();
    expect(callOf(contextOf('rpc', ['text']))).toBeUndefined();
  });
});
