// The transport against real sockets, where a mocked one would not tell: deadlines, limits,
// redirects, broken connections, foreign bytes.
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { HttpService } from '@nestjs/axios';
import axios from 'axios';
import { withoutDefaults } from '../../../lib/api/own-client.js';
import { WechatNetworkError, WechatResponseError } from '../../../lib/errors/errors.js';
import { toHttpStatus } from '../../../lib/errors/http-status.js';
import type { WechatHttpOptions, WechatOAuthModuleOptions } from '../../../lib/index.js';
import { CERTIFICATE, KEY } from '../../support/certificate.js';
import { failureOf } from '../../support/failure.js';
import { makeParts, type Parts } from '../../support/parts.js';

const OPENID = 'oABCDEF-0123_456789';
const LIMIT = 64 * 1024;

/** What an application may hang into the client; nothing, most often. */
let shape: (client: HttpService) => unknown;

function partsOf(options: WechatOAuthModuleOptions): Parts {
  const client = withoutDefaults(new HttpService(axios.create()));
  shape(client);
  return makeParts(options, { http: client });
}

let servers: net.Server[] = [];
let sockets: net.Socket[] = [];

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
  sockets = [];
});

async function listen(server: net.Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: net.Socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(handler: http.RequestListener, timeout = 5_000): Promise<Parts> {
  return partsOf({ endpoints: { api: await listen(http.createServer(handler)) }, http: { timeout } });
}

async function speak(onData: (socket: net.Socket) => void, timeout = 5_000): Promise<Parts> {
  const server = net.createServer((socket) => socket.once('data', () => onData(socket)));
  return partsOf({ endpoints: { api: await listen(server) }, http: { timeout } });
}

/** A profile in exactly so many bytes. */
function profile(bytes: number): string {
  const frame = JSON.stringify({ openid: OPENID, nickname: '' }).length;
  return JSON.stringify({ openid: OPENID, nickname: 'x'.repeat(bytes - frame) });
}

const userInfo = ({ api }: Parts) => api.userInfo(OPENID, 'AT', 'en');

describe.each<[string, typeof shape]>([
  ['With a client that nobody shaped', () => {}],
  ['With an interceptor', ({ axiosRef }) => axiosRef.interceptors.request.use((config) => config)],
])('%s', (_client, shaped) => {
  beforeEach(() => void (shape = shaped));

  describe('The deadline', () => {
    const DEADLINE = 120;
    // Far above the deadline and far below the 5 s that are the default.
    const SOON = 2_000;

    async function expectTimeout(parts: Parts): Promise<void> {
      const startedAt = performance.now();
      const error = await failureOf(() => userInfo(parts));
      expect(performance.now() - startedAt).toBeLessThan(SOON);
      expect(error).toBeInstanceOf(WechatNetworkError);
      expect(error).toMatchObject({ fault: 'timeout', sent: true, attempts: 1 });
    }

    it('ends a call that nobody answers', async () => {
      let asked = 0;
      await expectTimeout(await serve(() => asked++, DEADLINE));
      expect(asked).toBe(1);
    });

    it('ends an answer whose head does not come to an end', async () => {
      await expectTimeout(
        await speak((socket) => {
          socket.write('HTTP/1.1 200 OK\r\n');
          setInterval(() => socket.write('x-drip: 1\r\n'), 15).unref();
        }, DEADLINE),
      );
    });

    it('ends an answer that drips in, byte by byte, so that the socket is never silent', async () => {
      await expectTimeout(
        await serve((_request, response) => {
          response.write('{');
          const drip = setInterval(() => response.write(' '), 15);
          response.on('close', () => clearInterval(drip));
        }, DEADLINE),
      );
    });

    it('closes the connection it gave up', async () => {
      let close: ((what: string) => void) | undefined;
      const closed = new Promise<string>((resolve) => (close = resolve));
      const parts = await serve((request) => request.socket.on('close', () => close?.('closed')), DEADLINE);
      await failureOf(() => userInfo(parts));
      await expect(closed).resolves.toBe('closed');
    });

    it('counts for each call alone', async () => {
      let asked = 0;
      const parts = await serve((_request, response) => {
        if (++asked > 1) response.end(profile(100));
      }, DEADLINE);
      await failureOf(() => userInfo(parts));
      await expect(userInfo(parts)).resolves.toMatchObject({ openid: OPENID });
    });
  });

  describe('A redirect', () => {
    it.each([[301], [302], [303], [307], [308]])(
      'with status %d is refused, its target never asked',
      async (status) => {
        let stolen = 0;
        const target = await listen(
          http.createServer((_request, response) => {
            stolen++;
            response.end(JSON.stringify({ openid: OPENID }));
          }),
        );
        const parts = await serve((_request, response) => {
          response.writeHead(status, { location: `${target}/sns/userinfo` }).end();
        });
        const error = await failureOf(() => userInfo(parts));
        expect(error).toBeInstanceOf(WechatResponseError);
        expect(error).toMatchObject({ httpStatus: status, endpoint: '/sns/userinfo' });
        expect(stolen).toBe(0);
      },
    );

    it('is refused even with a good answer in its body', async () => {
      const parts = await serve((_request, response) => {
        response.writeHead(302, { location: '/elsewhere' }).end(profile(100));
      });
      expect(await failureOf(() => userInfo(parts))).toMatchObject({ problem: 'the status says failure' });
    });
  });

  describe('The size of an answer', () => {
    it('may be 64 KiB', async () => {
      const parts = await serve((_request, response) => response.end(profile(LIMIT)));
      expect((await userInfo(parts)).nickname.length).toBeGreaterThan(LIMIT - 100);
    });

    it.each([
      ['as a whole', (response: http.ServerResponse) => response.end(profile(LIMIT + 1))],
      [
        'in chunks',
        (response: http.ServerResponse) => {
          response.write(profile(LIMIT));
          response.end(' ');
        },
      ],
      [
        'once it is unpacked',
        (response: http.ServerResponse) =>
          response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(profile(5_000_000))),
      ],
    ])('may not be more, %s', async (_name, answer) => {
      const parts = await serve((_request, response) => void answer(response));
      const error = await failureOf(() => userInfo(parts));
      expect(error).toBeInstanceOf(WechatResponseError);
      expect(error.message).toContain('larger than 64 KiB');
    });

    it('is cut short for an answer without end', async () => {
      const parts = await serve((_request, response) => {
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(16_384)));
        };
        response.on('drain', more);
        more();
      });
      expect((await failureOf(() => userInfo(parts))).message).toContain('larger than 64 KiB');
    });
  });

  describe('The bytes of an answer', () => {
    const NICKNAME = '小明🐼é';

    it.each([
      ['text/plain'],
      ['text/html; charset=gbk'],
      ['text/html; charset=gb2312'],
      ['application/json; encoding=utf-8'],
      ['application/octet-stream'],
      ['text/plain; charset=nonsense'],
      [undefined],
    ])('are UTF-8 under the content-type %p', async (type) => {
      const parts = await serve((_request, response) => {
        response
          .writeHead(200, type === undefined ? {} : { 'content-type': type })
          .end(JSON.stringify({ openid: OPENID, nickname: NICKNAME }));
      });
      await expect(userInfo(parts)).resolves.toMatchObject({ nickname: NICKNAME });
    });

    it('may begin with a byte order mark, and may be cut anywhere on their way', async () => {
      const bytes = Buffer.from(`\uFEFF${JSON.stringify({ openid: OPENID, nickname: NICKNAME })}`);
      const parts = await serve((_request, response) => {
        for (const byte of bytes) response.write(Buffer.of(byte));
        response.end();
      });
      await expect(userInfo(parts)).resolves.toMatchObject({ nickname: NICKNAME });
    });

    it('that are no UTF-8 spoil a nickname, not the login', async () => {
      const parts = await serve((_request, response) => {
        response.end(
          Buffer.concat([
            Buffer.from(`{"openid":"${OPENID}","nickname":"`),
            Buffer.from([0xce, 0xf7, 0xff, 0x41]),
            Buffer.from('"}'),
          ]),
        );
      });
      const { nickname } = await userInfo(parts);
      expect(nickname).toMatch(/^\uFFFD+A$/);
    });

    it('are unpacked', async () => {
      const parts = await serve((_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(profile(2_000)));
      });
      await expect(userInfo(parts)).resolves.toMatchObject({ openid: OPENID });
    });
  });

  describe('A broken connection', () => {
    it('that is refused is tried three times', async () => {
      // A port that was free a moment ago.
      const address = await listen(net.createServer());
      await new Promise((resolve) => servers.pop()!.close(resolve));
      const parts = partsOf({ endpoints: { api: address } });
      expect(await failureOf(() => userInfo(parts))).toMatchObject({
        fault: 'refused',
        sent: false,
        attempts: 3,
      });
      expect(parts.runtime.pauses).toEqual([200, 400]);
      const kept = await failureOf(() => parts.api.exchangeCode(parts.app, 'CODE'));
      expect(kept).toMatchObject({ fault: 'refused', sent: false, attempts: 3 });
      expect(kept.message).toContain('was not sent');
    });

    it('that is refused on every address of a name is refused too', async () => {
      const address = new URL(await listen(net.createServer()));
      await new Promise((resolve) => servers.pop()!.close(resolve));
      const { api } = partsOf({ endpoints: { api: `http://localhost:${address.port}` } });
      expect(await failureOf(() => api.verify(OPENID, 'AT'))).toMatchObject({
        fault: 'refused',
        attempts: 3,
      });
    });

    it.each([
      ['reset', (socket: net.Socket) => socket.resetAndDestroy(), 'reset'],
      ['closed without an answer', (socket: net.Socket) => socket.end(), 'reset'],
      [
        'closed in the middle of an answer',
        (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"openid":"'),
        'aborted',
      ],
      [
        'answered in another protocol',
        (socket: net.Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
        'unknown',
      ],
    ])('that is %s is not tried again with a code: WeChat may have seen it', async (_name, answer, fault) => {
      let asked = 0;
      const parts = await speak((socket) => {
        asked++;
        answer(socket);
      });
      const error = await failureOf(() => parts.api.exchangeCode(parts.app, 'CODE'));
      expect(error).toBeInstanceOf(WechatNetworkError);
      expect(error).toMatchObject({ fault, sent: true, attempts: 1 });
      expect(error.message).toContain('may have arrived');
      expect(asked).toBe(1);
      const attempts = fault === 'unknown' ? 1 : 3;
      expect(await failureOf(() => userInfo(parts))).toMatchObject({ fault, sent: true, attempts });
      expect(asked).toBe(1 + attempts);
    });

    it('over TLS with somebody who speaks none is a fault of TLS', async () => {
      const plain = await listen(
        net.createServer((socket) => socket.once('data', () => socket.end('hello\r\n'))),
      );
      const { api } = partsOf({ endpoints: { api: plain.replace('http:', 'https:') } });
      expect(await failureOf(() => api.verify(OPENID, 'AT'))).toMatchObject({ fault: 'tls', sent: false });
    });
  });

  /**
   * A server whose every connection answers its first request well, and meets the others with
   * `second`.
   */
  async function serveOnce(
    second: (socket: net.Socket, nth: number) => void,
    { tls: secure = false, http: more = {} }: { tls?: boolean; http?: WechatHttpOptions } = {},
  ) {
    let requests = 0;
    let connections = 0;
    const onConnection = (socket: net.Socket) => {
      connections++;
      let own = 0;
      socket.on('data', () => {
        requests++;
        if (++own > 1) return second(socket, own);
        const body = TOKEN_ANSWER;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      });
    };
    const address = await listen(
      secure
        ? tls.createServer({ key: KEY, cert: CERTIFICATE }, onConnection)
        : net.createServer(onConnection),
    );
    const options = secure
      ? { ...more, httpsAgent: new https.Agent({ keepAlive: true, ca: CERTIFICATE }) }
      : more;
    const parts = partsOf({
      endpoints: { api: secure ? address.replace('http://127.0.0.1', 'https://localhost') : address },
      http: options,
    });
    return { parts, seen: () => ({ requests, connections }) };
  }

  const TOKEN_ANSWER = JSON.stringify({ openid: OPENID, access_token: 'AT', expires_in: 7200, errcode: 0 });
  const exchange = ({ api, app }: Parts) => api.exchangeCode(app, 'CODE');

  describe('A kept connection', () => {
    const WAYS: [name: string, second: (socket: net.Socket) => void][] = [
      // What carries TLS cannot be reset itself.
      ['reset', (socket) => sockets.find((one) => one.remotePort === socket.remotePort)!.resetAndDestroy()],
      ['closed', (socket) => socket.end()],
      ['closed both ways', (socket) => socket.destroy()],
    ];

    describe.each([
      ['HTTP', false],
      ['TLS', true],
    ])('of %s', (_name, secure) => {
      it('is used again', async () => {
        const body = TOKEN_ANSWER;
        const { parts, seen } = await serveOnce(
          (socket) => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`),
          { tls: secure },
        );
        for (let i = 0; i < 4; i++) await exchange(parts);
        expect(seen()).toEqual({ requests: 4, connections: 1 });
      });

      it.each(WAYS)('that is %s as the next code is sent costs nothing', async (_way, second) => {
        const { parts, seen } = await serveOnce(second, { tls: secure });
        await exchange(parts);
        await expect(exchange(parts)).resolves.toMatchObject({ openid: OPENID });
        expect(seen()).toEqual({ requests: 3, connections: 2 });
        expect(parts.runtime.pauses).toEqual([]);
      });

      it.each(WAYS)(
        'of many that are all %s costs one repetition a call, however many',
        async (_way, second) => {
          const { parts, seen } = await serveOnce(second, { tls: secure });
          await Promise.all(Array.from({ length: 6 }, () => exchange(parts)));
          expect(seen()).toEqual({ requests: 6, connections: 6 });
          for (let i = 0; i < 4; i++)
            await expect(exchange(parts)).resolves.toMatchObject({ openid: OPENID });
          await expect(parts.api.verify(OPENID, 'AT')).resolves.toBe(true);
        },
      );
    });

    it.each([
      ['the first bytes of an answer', (socket: net.Socket) => socket.end('HTTP/1.1 2')],
      ['bytes that are no HTTP', (socket: net.Socket) => socket.end('SSH-2.0-x\r\n')],
      [
        'a head without a body',
        (socket: net.Socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n'),
      ],
    ])('from which came %s is not excused: the code was seen', async (_name, second) => {
      const { parts, seen } = await serveOnce(second);
      await exchange(parts);
      expect(await failureOf(() => exchange(parts))).toMatchObject({ sent: true, attempts: 1 });
      expect(seen().requests).toBe(2);
    });

    it('that says nothing until the time is over is no reason to send a code again', async () => {
      // The first call has to be answered within it, however busy the machine is.
      const { parts, seen } = await serveOnce(() => undefined, { http: { timeout: 2_000 } });
      await exchange(parts);
      expect(await failureOf(() => exchange(parts))).toMatchObject({
        fault: 'timeout',
        sent: true,
        attempts: 1,
      });
      expect(seen().requests).toBe(2);
    });

    it('is excused once only: then the new one counts', async () => {
      const address = await listen(
        net.createServer((socket) => {
          let own = 0;
          socket.on('data', (bytes) => {
            const good = ++own === 1 && bytes.toString().includes('code=GOOD');
            if (!good) socket.resetAndDestroy();
            else
              socket.write(
                `HTTP/1.1 200 OK\r\ncontent-length: ${TOKEN_ANSWER.length}\r\n\r\n${TOKEN_ANSWER}`,
              );
          });
        }),
      );
      const { api, app } = partsOf({ endpoints: { api: address } });
      await api.exchangeCode(app, 'GOOD');
      const error = await failureOf(() => api.exchangeCode(app, 'BAD'));
      expect(error).toMatchObject({ fault: 'reset', sent: true, attempts: 2 });
    });
  });

  describe('A connection that never came to be', () => {
    /** Fails to connect as `why` says, for the first `times` calls; then connects. */
    class FailingAgent extends http.Agent {
      failed = 0;

      constructor(
        private readonly why: Error,
        private readonly times: number,
      ) {
        super({ keepAlive: true });
      }

      override createConnection(...args: Parameters<http.Agent['createConnection']>) {
        if (this.failed >= this.times) return super.createConnection(...args);
        this.failed++;
        const socket = new net.Socket();
        // As net.connect does it: the socket is handed out while it is connecting.
        Object.assign(socket, { connecting: true });
        process.nextTick(() => socket.destroy(this.why));
        return socket;
      }
    }
    const connectError = (code: string, syscall = 'connect') =>
      Object.assign(new Error(`${syscall} ${code} 192.0.2.1:443`), { code, syscall });
    const several = (code: string) =>
      Object.assign(new AggregateError([connectError(code), connectError(code)]), { code });

    it.each([
      ['ETIMEDOUT', connectError('ETIMEDOUT'), 'timeout'],
      ['ETIMEDOUT on every address', several('ETIMEDOUT'), 'timeout'],
      ['ECONNREFUSED on every address', several('ECONNREFUSED'), 'refused'],
      ['EHOSTUNREACH', connectError('EHOSTUNREACH'), 'refused'],
      ['EADDRNOTAVAIL', connectError('EADDRNOTAVAIL'), 'unknown'],
      ['ENOTFOUND', connectError('ENOTFOUND', 'getaddrinfo'), 'dns'],
      ['EBUSY of a name server', connectError('EBUSY', 'getaddrinfo'), 'unknown'],
      ['ECONNRESET', connectError('ECONNRESET'), 'reset'],
    ])('for %s sends a code again', async (_name, why, fault) => {
      let asked = 0;
      const address = await listen(
        http.createServer((_request, response) => {
          asked++;
          response.end(TOKEN_ANSWER);
        }),
      );
      const never = partsOf({ endpoints: { api: address }, http: { httpAgent: new FailingAgent(why, 99) } });
      expect(await failureOf(() => exchange(never))).toMatchObject({ fault, sent: false, attempts: 3 });
      expect(asked).toBe(0);
      const later = partsOf({ endpoints: { api: address }, http: { httpAgent: new FailingAgent(why, 2) } });
      await expect(exchange(later)).resolves.toMatchObject({ openid: OPENID });
      expect(asked).toBe(1);
      expect(later.runtime.pauses).toEqual([200, 400]);
    });

    it('because an agent found no way to a connection sends a code again', async () => {
      class LostAgent extends http.Agent {
        override createConnection(_options: unknown, callback?: (error: Error, none: never) => void) {
          setImmediate(() => callback?.(new Error('the proxy refuses'), undefined as never));
          return undefined;
        }
      }
      const address = await listen(http.createServer());
      const parts = partsOf({ endpoints: { api: address }, http: { httpAgent: new LostAgent() } });
      expect(await failureOf(() => exchange(parts))).toMatchObject({ sent: false, attempts: 3 });
    });

    it.each([
      ['closes', (socket: net.Socket) => socket.end(), 'reset'],
      ['resets', (socket: net.Socket) => socket.resetAndDestroy(), 'reset'],
      ['speaks no TLS', (socket: net.Socket) => socket.end('hello\r\n'), 'tls'],
    ])(
      'because the other side %s during the handshake of TLS sends a code again',
      async (_name, act, fault) => {
        let met = 0;
        const address = await listen(
          net.createServer((socket) =>
            socket.once('data', () => {
              met++;
              act(socket);
            }),
          ),
        );
        const parts = partsOf({ endpoints: { api: address.replace('http:', 'https:') } });
        expect(await failureOf(() => exchange(parts))).toMatchObject({ fault, sent: false, attempts: 3 });
        expect(met).toBe(3);
      },
    );

    it('because the certificate is not to be trusted has sent nothing', async () => {
      let heard = '';
      const server = tls.createServer({ key: KEY, cert: CERTIFICATE }, (socket) =>
        socket.on('data', (bytes) => (heard += bytes.toString())),
      );
      const address = await listen(server);
      const parts = partsOf({ endpoints: { api: address.replace('http://127.0.0.1', 'https://localhost') } });
      expect(await failureOf(() => exchange(parts))).toMatchObject({
        fault: 'tls',
        sent: false,
        attempts: 3,
      });
      expect(heard).toBe('');
    });

    it('before the time was over has sent nothing', async () => {
      // Accepts the connection, and never answers the handshake.
      const address = await listen(net.createServer(() => undefined));
      const parts = partsOf({
        endpoints: { api: address.replace('http:', 'https:') },
        http: { timeout: 80 },
      });
      expect(await failureOf(() => exchange(parts))).toMatchObject({
        fault: 'timeout',
        sent: false,
        attempts: 1,
      });
    });
  });

  describe('Too many calls', () => {
    /** Answers when it is told to. */
    async function slow(more: WechatHttpOptions) {
      const held: http.ServerResponse[] = [];
      let most = 0;
      const address = await listen(
        http.createServer((_request, response) => {
          most = Math.max(most, held.push(response));
          arrived();
        }),
      );
      let arrived: () => void = () => undefined;
      const parts = partsOf({ endpoints: { api: address }, http: more });
      return {
        parts,
        most: () => most,
        /** Resolves as soon as so many wait for their answer. */
        under: (count: number) =>
          new Promise<void>((resolve) => {
            arrived = () => held.length >= count && resolve();
            arrived();
          }),
        answer: () => held.shift()!.end(profile(100)),
      };
    }

    it('wait for those that are under way, and get in as these end', async () => {
      const { parts, most, under, answer } = await slow({ maxSockets: 2 });
      const calls = Array.from({ length: 5 }, () => userInfo(parts));
      for (let left = calls.length; left > 0; left--) {
        await under(Math.min(left, 2));
        answer();
      }
      await expect(Promise.all(calls)).resolves.toHaveLength(5);
      expect(most()).toBe(2);
    });

    it('are refused at once beyond the line, without being sent or tried again', async () => {
      const { parts, under, answer } = await slow({ maxSockets: 2 });
      const calls = Array.from({ length: 2 + 16 }, () => userInfo(parts));
      await under(2);
      const error = await failureOf(() => exchange(parts));
      expect(error).toBeInstanceOf(WechatNetworkError);
      expect(error).toMatchObject({ kind: 'network', fault: 'busy', sent: false, attempts: 1 });
      expect(error.message).toContain('http.maxSockets');
      expect(toHttpStatus(error)).toBe(503);
      expect(parts.runtime.pauses).toEqual([]);
      for (let left = calls.length; left > 0; left--) {
        await under(Math.min(left, 2));
        answer();
      }
      await Promise.all(calls);
    });

    it('give up their place in the line while half of the limit is left', async () => {
      const { parts, under, answer, most } = await slow({ maxSockets: 1, timeout: 600 });
      const first = userInfo(parts);
      await under(1);
      expect(await failureOf(() => exchange(parts))).toMatchObject({ fault: 'busy', sent: false });
      answer();
      await expect(first).resolves.toMatchObject({ openid: OPENID });
      const next = userInfo(parts);
      await under(1);
      answer();
      await next;
      expect(most()).toBe(1);
    });

    it('leave nothing taken when they fail', async () => {
      let asked = 0;
      const parts = await speak((socket) => {
        asked++;
        socket.destroy();
      });
      const { api, app } = partsOf({
        endpoints: { api: parts.config.endpoints.api },
        http: { maxSockets: 1 },
      });
      for (let i = 0; i < 5; i++) {
        expect(await failureOf(() => api.exchangeCode(app, 'CODE'))).toMatchObject({ fault: 'reset' });
      }
      expect(asked).toBe(5);
    });
  });

  it('A proxy that only the environment names is not used', async () => {
    // Nobody listens there.
    const nowhere = 'http://127.0.0.1:1';
    const named = { http_proxy: nowhere, HTTP_PROXY: nowhere, all_proxy: nowhere, NODE_USE_ENV_PROXY: '1' };
    const before = Object.keys(named).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, named);
    try {
      const parts = await serve((_request, response) => response.end(profile(100)));
      await expect(userInfo(parts)).resolves.toMatchObject({ openid: OPENID });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('An agent that was given is used', async () => {
    let connections = 0;
    class CountingAgent extends http.Agent {
      override createConnection(...args: Parameters<http.Agent['createConnection']>) {
        connections++;
        return super.createConnection(...args);
      }
    }
    const { api } = partsOf({
      endpoints: {
        api: await listen(http.createServer((_request, response) => response.end('{"errcode":0}'))),
      },
      http: { httpAgent: new CountingAgent() },
    });
    await api.verify(OPENID, 'AT');
    expect(connections).toBe(1);
  });

  describe('A call with a body', () => {
    const call = {
      method: 'POST',
      endpoint: '/cgi-bin/x',
      query: {},
      secret: [],
      repeatable: false,
    } as const;

    it('says how long the body is, in bytes', async () => {
      let seen: [http.IncomingHttpHeaders, string] | undefined;
      const parts = await serve((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          seen = [request.headers, Buffer.concat(chunks).toString()];
          response.end('{}');
        });
      });
      const body = '{"名":"小红🌸"}';
      await parts.transport.call({ ...call, body });
      expect(seen![1]).toBe(body);
      expect(seen![0]).toMatchObject({ 'content-length': String(Buffer.byteLength(body)) });
      expect(seen![0]).not.toHaveProperty('transfer-encoding');
    });

    it.each([
      [true, 1],
      [undefined, 2],
    ])('on a kept connection that breaks is, with once: %p, sent %d times', async (once, times) => {
      let asked = 0;
      const parts = await serve((request, response) => {
        asked++;
        if (asked === 2) request.socket.destroy();
        else response.end('{}');
      });
      await parts.transport.call({ ...call, body: '{}' });
      // The connection has to be back among the kept ones.
      await new Promise((resolve) => setImmediate(resolve));
      const second = parts.transport.call({ ...call, body: '{}', ...(once ? { once } : {}) });
      const outcome = await second.then(
        () => 'done',
        (error: unknown) => (error as WechatNetworkError).fault,
      );
      expect([outcome, asked - 1]).toEqual([once ? 'reset' : 'done', times]);
    });

    it('has a time limit of its own, longer or shorter than that of others', async () => {
      const parts = await serve((_request, response) => setTimeout(() => response.end('{}'), 150), 50);
      expect(await failureOf(() => parts.transport.call({ ...call, body: '{}' }))).toMatchObject({
        fault: 'timeout',
      });
      expect(await parts.transport.call({ ...call, body: '{}', timeout: 5_000 })).toEqual({});
    });
  });
});
