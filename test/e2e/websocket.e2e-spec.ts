// The guard in front of gateways: real sockets of socket.io and of ws, beside HTTP on the same
// port.
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import { type CanActivate, type INestApplication, Injectable, type Type, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import {
  getWechatIdentity,
  WechatAuth,
  WechatAuthController,
  WechatAuthGuard,
  WechatSessionService,
  type WechatIdentity,
  type WechatOAuthModuleOptions,
  WechatUser,
} from '../../lib/index.js';
import { signInAs, type SignInAsIdentity } from '../../lib/testing/index.js';
import { ALL_APPS, PLATFORMS, type Running, SHOP } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { guardedAt } from '../support/guarded.js';
import { Meeting } from '../support/meeting.js';
import { browserFor, expectLogin, setStage } from '../support/stage.js';

/** What WeChat's own browser says of itself in a handshake. */
const WECHAT = { 'user-agent': AGENTS.wechat, 'accept-language': 'en' };
const APP_ORIGIN = 'https://app.example.com';
const EVIL = 'https://evil.example.com';

const { version } = createRequire(import.meta.url)('@nestjs/core/package.json') as { version: string };
const NEST = Number.parseInt(version, 10);

/** The handlers that ran. */
const ran: string[] = [];
const meeting = new Meeting();

@Injectable()
class MeetingGuard implements CanActivate {
  canActivate = () => meeting.attend();
}

@UseGuards(WechatAuthGuard)
abstract class OrdersGateway {
  @SubscribeMessage('me')
  me(@WechatUser() user: WechatIdentity) {
    ran.push('me');
    return { event: 'me', data: user };
  }

  @SubscribeMessage('openid')
  openid(@WechatUser('openid') openid: string) {
    ran.push('openid');
    return { event: 'openid', data: openid };
  }

  @WechatAuth({ scope: 'snsapi_userinfo' })
  @SubscribeMessage('nickname')
  nickname(@WechatUser('nickname') nickname: string) {
    ran.push('nickname');
    return { event: 'nickname', data: nickname };
  }

  @WechatAuth({ mode: 'optional' })
  @SubscribeMessage('greeting')
  greeting(@WechatUser('openid') openid?: string) {
    return { event: 'greeting', data: `Hello ${openid ?? 'stranger'}` };
  }

  @WechatAuth({ mode: 'off' })
  @SubscribeMessage('hours')
  hours(@WechatUser('openid') openid?: string) {
    return { event: 'hours', data: `9 to 5 for ${openid ?? 'whoever comes'}` };
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ app: 'official' })
  @SubscribeMessage('official-together')
  officialTogether(@WechatUser('openid') openid: string) {
    return { event: 'official-together', data: openid };
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ app: 'website' })
  @SubscribeMessage('website-together')
  websiteTogether(@WechatUser('openid') openid: string) {
    return { event: 'website-together', data: openid };
  }

  @UseGuards(MeetingGuard)
  @WechatAuth({ mode: 'off' })
  @SubscribeMessage('nobody-together')
  nobodyTogether(@WechatUser('openid') openid?: string) {
    return { event: 'nobody-together', data: openid ?? 'nobody' };
  }
}

/** What the server holds of the sockets, for those who look from outside of a handler. */
const sockets: object[] = [];

@WebSocketGateway()
class SocketIoGateway extends OrdersGateway {
  handleConnection(client: object) {
    sockets.push(client);
  }
}

/** Nest hands the request of a `ws` socket to nobody but this method, so it is kept here. */
@WebSocketGateway()
class WsGateway extends OrdersGateway {
  handleConnection(client: WebSocket & { request?: object }, request: object) {
    sockets.push(client);
    client.request = request;
    // Nest 12 sends exceptions to the client; Nest 11 only emits them on the socket here.
    client.on('exception', (data) => client.send(JSON.stringify({ event: 'exception', data })));
  }
}

@WebSocketGateway()
class ForgetfulWsGateway extends OrdersGateway {
  handleConnection(client: WebSocket) {
    client.on('exception', (data) => client.send(JSON.stringify({ event: 'exception', data })));
  }
}

@WebSocketGateway()
class UnguardedGateway {
  @SubscribeMessage('stock')
  stock() {
    return { event: 'stock', data: 'plenty' };
  }

  @WechatAuth({ mode: 'off' })
  @SubscribeMessage('hours')
  hours() {
    return { event: 'hours', data: '9 to 5' };
  }
}

@WebSocketGateway()
class UnguardedWsGateway extends UnguardedGateway {
  handleConnection(client: WebSocket & { request?: object }, request: object) {
    client.request = request;
    client.on('exception', (data) => client.send(JSON.stringify({ event: 'exception', data })));
  }
}

type Message = { event: string; data: unknown };
type Headers = Record<string, string>;

interface Client {
  send(event: string, data?: unknown): void;
  /** The next `count` messages from the server, in the order of their events. */
  receive(count?: number): Promise<Message[]>;
  ask(event: string, data?: unknown): Promise<Message>;
  close(): Promise<void>;
}

/** Messages wait until somebody wants them. */
function makeClient(send: Client['send'], close: Client['close']): Client & { take(message: Message): void } {
  const arrived: Message[] = [];
  let look = () => {};
  const receive: Client['receive'] = (count = 1) =>
    new Promise((resolve) => {
      look = () => {
        if (arrived.length < count) return;
        look = () => {};
        resolve(arrived.splice(0, count).sort((a, b) => a.event.localeCompare(b.event)));
      };
      look();
    });
  return {
    send,
    close,
    receive,
    async ask(event, data) {
      send(event, data);
      return (await receive())[0]!;
    },
    take(message) {
      arrived.push(message);
      look();
    },
  };
}

interface ConnectOptions {
  transports?: string[];
  auth?: Record<string, unknown>;
}

async function connectSocketIo(
  port: number,
  headers: Headers,
  options: ConnectOptions = {},
): Promise<Client> {
  const socket = io(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    extraHeaders: headers,
    ...options,
  });
  const client = makeClient(
    (event, data) => socket.emit(event, data),
    async () => void socket.disconnect(),
  );
  socket.onAny((event: string, data: unknown) => client.take({ event, data }));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  return client;
}

async function connectWs(port: number, headers: Headers): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, { headers });
  const client = makeClient(
    (event, data) => socket.send(JSON.stringify({ event, data })),
    async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  );
  socket.on('message', (text: Buffer) => client.take(JSON.parse(text.toString()) as Message));
  await once(socket, 'open');
  return client;
}

interface Transport {
  adapter: (app: INestApplication) => IoAdapter | WsAdapter;
  gateway: Type;
  unguarded: Type;
  connect: (port: number, headers: Headers) => Promise<Client>;
}

const TRANSPORTS: [name: string, transport: Transport][] = [
  [
    'socket.io',
    {
      adapter: (app) => new IoAdapter(app),
      gateway: SocketIoGateway,
      unguarded: UnguardedGateway,
      connect: connectSocketIo,
    },
  ],
  [
    'ws',
    {
      adapter: (app) => new WsAdapter(app),
      gateway: WsGateway,
      unguarded: UnguardedWsGateway,
      connect: connectWs,
    },
  ],
];
const [[, SOCKET_IO], [, WS]] = TRANSPORTS as [[string, Transport], [string, Transport]];

const refusal = (statusCode: number, code: string, message: string, more: object = {}): Message => ({
  event: 'exception',
  data: {
    statusCode,
    code,
    message,
    app: 'default',
    ref: expect.stringMatching(/^[0-9A-F]{10}$/),
    ...more,
  },
});
const LOGIN_REQUIRED = refusal(401, 'WECHAT_LOGIN_REQUIRED', 'Sign in with WeChat first.');
const ORIGIN_NOT_ALLOWED = refusal(401, 'WECHAT_LOGIN_REQUIRED', 'Sign in with WeChat first.', {
  reason: 'ORIGIN_NOT_ALLOWED',
});

describe.each(PLATFORMS)('WechatAuthGuard in gateways on %s', (_platform, adapter) => {
  const stage = setStage(adapter);
  let running: Running;

  const start = async (
    transport: Transport,
    options: Partial<WechatOAuthModuleOptions> = {},
    more: Pick<NonNullable<Parameters<typeof stage.start>[0]>, 'controllers' | 'providers'> = {},
  ): Promise<void> => {
    running = await stage.start({
      controllers: more.controllers ?? [],
      providers: more.providers ?? [transport.gateway],
      options: { returnTo: { origins: [APP_ORIGIN] }, ...options },
      configure: (app) => app.useWebSocketAdapter(transport.adapter(app)),
    });
  };
  const signIn = (person: Partial<SignInAsIdentity> = {}) =>
    signInAs(running.app, { openid: 'openid-of-ming', ...person });
  /** Closed after the test, before the application. */
  const connected = async (client: Promise<Client>): Promise<Client> => stage.keep(await client);
  const greeting = { event: 'openid', data: 'openid-of-ming' };

  beforeEach(() => {
    ran.length = 0;
    sockets.length = 0;
  });

  describe.each(TRANSPORTS)('with %s', (_transport, transport) => {
    const connect = (headers: Headers = {}) =>
      connected(transport.connect(running.port, { ...WECHAT, ...headers }));

    it('answers a stranger with the body of the contract and runs nothing', async () => {
      await start(transport);
      const client = await connect();

      expect(await client.ask('me')).toEqual(LOGIN_REQUIRED);
      expect(await client.ask('nickname')).toEqual(
        refusal(401, 'WECHAT_LOGIN_REQUIRED', 'Sign in with WeChat first.', { scope: 'snsapi_userinfo' }),
      );
      expect(ran).toEqual([]);
    });

    it('names the login route where there is one', async () => {
      await start(transport, {}, { providers: [transport.gateway], controllers: [WechatAuthController] });

      expect(await (await connect()).ask('me')).toMatchObject({
        data: { code: 'WECHAT_LOGIN_REQUIRED', loginUrl: `${SHOP}/wechat/login` },
      });
    });

    it('lets strangers in where the handler is optional or off', async () => {
      await start(transport);
      const client = await connect();

      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: 'Hello stranger' });
      expect(await client.ask('hours')).toEqual({ event: 'hours', data: '9 to 5 for whoever comes' });
    });

    it('believes nothing that a message says about its sender', async () => {
      await start(transport);
      const client = await connect();
      const { cookie, identity } = signIn();

      expect(
        await client.ask('greeting', {
          user: identity,
          headers: { cookie },
          handshake: { headers: { cookie } },
        }),
      ).toEqual({ event: 'greeting', data: 'Hello stranger' });
      expect(await client.ask('me', { headers: { cookie }, request: { headers: { cookie } } })).toEqual(
        LOGIN_REQUIRED,
      );
    });

    it('knows who opened the socket after a login on a page', async () => {
      await start(transport, {}, { providers: [transport.gateway], controllers: [guardedAt('orders')] });
      const browser = browserFor(running);
      await expectLogin(browser, `${SHOP}/orders`);
      const openid = stage.wechat.openidOf('wx00000000official', 'ming');
      const client = await connect({ cookie: await browser.jar.getCookieString(SHOP), origin: SHOP });

      expect(await client.ask('openid')).toEqual({ event: 'openid', data: openid });
      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: `Hello ${openid}` });
    });

    it('knows nobody whose browser has signed out since, when a late answer brings the session back', async () => {
      const providers = [transport.gateway];
      await start(transport, {}, { providers, controllers: [guardedAt('orders'), WechatAuthController] });
      const browser = browserFor(running);
      await expectLogin(browser, `${SHOP}/orders`);
      const late = await browser.jar.getCookieString(SHOP);
      await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
      const left = await browser.jar.getCookieString(SHOP);
      const client = await connect({ cookie: `${late}; ${left}`, origin: SHOP });

      expect(await client.ask('openid')).toEqual(expect.objectContaining({ event: 'exception' }));
      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: 'Hello stranger' });
    });

    it('lets a socket go on that was opened before its browser signed out, as its handshake tells of no logout', async () => {
      const providers = [transport.gateway];
      await start(transport, {}, { providers, controllers: [guardedAt('orders'), WechatAuthController] });
      const browser = browserFor(running);
      await expectLogin(browser, `${SHOP}/orders`);
      const client = await connect({ cookie: await browser.jar.getCookieString(SHOP), origin: SHOP });
      await browser.fetch(`${SHOP}/wechat/logout`, { method: 'POST' });
      expect((await client.ask('openid')) as object).toMatchObject({ event: 'openid' });
    });

    it('takes the session from the cookie or the Authorization header of the handshake', async () => {
      await start(transport);
      const { cookie, bearer, identity } = signIn();

      for (const headers of [{ cookie }, { authorization: bearer }] as Headers[])
        expect(await (await connect(headers)).ask('me')).toEqual({ event: 'me', data: identity });
    });

    it('tells interceptors and loggers who is behind a socket', async () => {
      await start(transport);
      const { cookie, identity } = signIn();
      const client = await connect({ cookie });

      await client.ask('me');
      await client.ask('hours');

      expect(getWechatIdentity(sockets[0])).toEqual(identity);
    });

    it('tells a handler that does not look nothing about the visitor', async () => {
      await start(transport);
      const client = await connect({ cookie: signIn().cookie });
      await client.ask('me');

      expect(await client.ask('hours')).toEqual({ event: 'hours', data: '9 to 5 for whoever comes' });
    });

    it('refuses a token that claims to be ours and is not, in spite of a good cookie', async () => {
      await start(transport);
      const { cookie } = signIn();

      const client = await connect({ cookie, authorization: 'Bearer v1.forged' });

      expect(await client.ask('me')).toEqual(LOGIN_REQUIRED);
      expect(ran).toEqual([]);
    });

    it('asks for more permission where the handler needs it', async () => {
      await start(transport);
      const client = await connect({ cookie: signIn().cookie });
      const permitted = await connect({
        cookie: signIn({ scope: ['snsapi_userinfo'], nickname: '小明' }).cookie,
      });

      expect(await client.ask('nickname')).toEqual(
        refusal(
          403,
          'WECHAT_SCOPE_REQUIRED',
          'This page needs your WeChat name and picture. Please allow it and try again.',
          { scope: 'snsapi_userinfo' },
        ),
      );
      expect(ran).toEqual([]);
      expect(await permitted.ask('nickname')).toEqual({ event: 'nickname', data: '小明' });
    });

    it('refuses the made-up visitor of a snapshot page', async () => {
      await start(transport);
      const client = await connect({ cookie: signIn({ isSnapshotUser: true }).cookie });

      expect(await client.ask('me')).toMatchObject({
        event: 'exception',
        data: { statusCode: 403, code: 'SNAPSHOT_USER' },
      });
      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: 'Hello stranger' });
    });

    it('takes the cookie of a handshake only from its own pages and those of allowed origins', async () => {
      await start(transport);
      const { cookie, bearer } = signIn();

      for (const headers of [
        { cookie, origin: EVIL },
        { cookie, origin: 'null' },
        { cookie, 'sec-fetch-site': 'same-site' },
      ] as Headers[])
        expect(await (await connect(headers)).ask('openid')).toEqual(ORIGIN_NOT_ALLOWED);
      expect(ran).toEqual([]);

      for (const headers of [
        { cookie, origin: SHOP },
        { cookie, origin: APP_ORIGIN },
        // No browser sends a bearer token by itself, so it may come from anywhere.
        { authorization: bearer, origin: EVIL },
      ] as Headers[])
        expect(await (await connect(headers)).ask('openid')).toEqual(greeting);
    });

    it('gives the same answer to code that asks WechatSessionService with the handshake', async () => {
      await start(transport);
      const { cookie, bearer } = signIn();
      const service = running.app.get(WechatSessionService, { strict: false });
      const openidFor = async (headers: Headers) => {
        await connect(headers);
        const { handshake, request } = sockets.at(-1) as { handshake?: object; request?: object };
        const asked = await Promise.all(
          [handshake, request].filter((one) => one !== undefined).map((one) => service.authenticate(one)),
        );
        return new Set(asked.map((identity) => identity?.openid));
      };

      for (const headers of [
        { cookie, origin: EVIL },
        { cookie, origin: SHOP.replace('shop.', 'sibling.') },
        { cookie, origin: 'null' },
        { cookie, 'sec-fetch-site': 'same-site' },
      ] as Headers[])
        expect(await openidFor(headers)).toEqual(new Set([undefined]));
      for (const headers of [
        { cookie, origin: SHOP },
        { cookie, origin: APP_ORIGIN },
        { authorization: bearer, origin: EVIL },
      ] as Headers[])
        expect(await openidFor(headers)).toEqual(new Set(['openid-of-ming']));
    });

    it('refuses the next message once the session is over, though the socket is still open', async () => {
      let now = Date.now();
      await start(transport, { now: () => now, session: { ttl: 60 } });
      const client = await connect({ cookie: signIn().cookie });
      expect(await client.ask('openid')).toEqual(greeting);

      now += 60_000;

      expect(await client.ask('openid')).toEqual(LOGIN_REQUIRED);
      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: 'Hello stranger' });
      expect(getWechatIdentity(sockets[0])).toBeUndefined();
    });

    it('shows each handler whom its own rule let in, even when messages overlap', async () => {
      await start(transport, { apps: ALL_APPS });
      const cookies = ['official', 'website'].map(
        (app) => signInAs(running.app, { openid: `openid-at-${app}`, app }).cookie,
      );
      const client = await connect({ cookie: cookies.join('; ') });
      meeting.expect(3);

      client.send('official-together');
      client.send('website-together');
      client.send('nobody-together');

      expect(await client.receive(3)).toEqual([
        { event: 'nobody-together', data: 'nobody' },
        { event: 'official-together', data: 'openid-at-official' },
        { event: 'website-together', data: 'openid-at-website' },
      ]);
    });

    it('as APP_GUARD guards gateways that say nothing, from Nest 12 on; before, they need @UseGuards', async () => {
      const guard = { provide: APP_GUARD, useClass: WechatAuthGuard };
      await start(transport, {}, { providers: [transport.unguarded, guard] });
      const client = await connect();

      const stock = { event: 'stock', data: 'plenty' };
      expect(await client.ask('stock')).toEqual(NEST < 12 ? stock : LOGIN_REQUIRED);
      expect(await client.ask('hours')).toEqual({ event: 'hours', data: '9 to 5' });
      expect(await (await connect({ cookie: signIn().cookie })).ask('stock')).toEqual(stock);
    });
  });

  describe('with socket.io only', () => {
    const connect = (headers: Headers, options: ConnectOptions) =>
      connected(connectSocketIo(running.port, { ...WECHAT, ...headers }, options));

    beforeEach(() => start(SOCKET_IO));

    it('takes the token of clients that cannot send headers from `auth: { token }`', async () => {
      const token = signIn().bearer.replace('Bearer ', '');

      expect(await (await connect({}, { auth: { token } })).ask('openid')).toEqual(greeting);
      expect(await (await connect({ origin: EVIL }, { auth: { token } })).ask('openid')).toEqual(greeting);
    });

    it('refuses a bad token there, in spite of a good cookie', async () => {
      const client = await connect({ cookie: signIn().cookie }, { auth: { token: 'v1.forged' } });

      expect(await client.ask('openid')).toEqual(LOGIN_REQUIRED);
    });

    it('leaves what the application itself puts there alone', async () => {
      for (const auth of [{ token: 'eyJhbGciOiJIUzI1NiJ9.e30.x' }, { token: { v1: true } }, { key: 'v1.x' }])
        expect(await (await connect({ cookie: signIn().cookie }, { auth })).ask('openid')).toEqual(greeting);
    });

    it('judges a socket that begins with polling by the same rules', async () => {
      const { cookie } = signIn();
      const transports = ['polling'];

      expect(await (await connect({ cookie }, { transports })).ask('openid')).toEqual(greeting);
      expect(await (await connect({ cookie, origin: EVIL }, { transports })).ask('openid')).toEqual(
        ORIGIN_NOT_ALLOWED,
      );
    });
  });

  describe('with ws only', () => {
    const connect = (headers: Headers) => connected(connectWs(running.port, { ...WECHAT, ...headers }));

    it('lets nobody in where the gateway does not keep the request, and says what is missing, once', async () => {
      await start(WS, {}, { providers: [ForgetfulWsGateway] });
      const client = await connect({ cookie: signIn().cookie });

      for (const event of ['me', 'openid'])
        expect(await client.ask(event)).toMatchObject({
          event: 'exception',
          data: { statusCode: 401, code: 'WECHAT_LOGIN_REQUIRED' },
        });
      expect(await client.ask('greeting')).toEqual({ event: 'greeting', data: 'Hello stranger' });
      expect(ran).toEqual([]);
      const warnings = running.logs.lines.filter(({ level }) => level === 'warn');
      expect(warnings.map(({ text }) => text)).toEqual([
        expect.stringContaining('handleConnection(client, request) { client.request = request }'),
      ]);
    });

    it('finds a request that is kept elsewhere through hooks.getRequest', async () => {
      const kept = new WeakMap<object, { headers: IncomingHttpHeaders }>();
      @WebSocketGateway()
      class OtherwiseGateway extends OrdersGateway {
        handleConnection(client: WebSocket, request: { headers: IncomingHttpHeaders }) {
          kept.set(client, request);
          client.on('exception', (data) => client.send(JSON.stringify({ event: 'exception', data })));
        }
      }
      await start(
        WS,
        { hooks: { getRequest: (context) => kept.get(context.switchToWs().getClient<object>()) } },
        { providers: [OtherwiseGateway] },
      );

      expect(await (await connect({ cookie: signIn().cookie })).ask('openid')).toEqual(greeting);
      expect(await (await connect({ cookie: signIn().cookie, origin: EVIL })).ask('openid')).toEqual(
        ORIGIN_NOT_ALLOWED,
      );
    });
  });
});
