// The transport against real sockets, where a mocked one would not tell: deadlines, limits, redirects, broken connections, foreign bytes.
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { WechatNetworkError, WechatResponseError } from '../../../lib/api/errors.js';
import { failureOf } from '../../support/failure.js';
import { makeParts, type Parts } from '../../support/parts.js';

const OPENID = 'oABCDEF-0123_456789';
const LIMIT = 64 * 1024;

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
  return makeParts({ endpoints: { api: await listen(http.createServer(handler)) }, http: { timeout } });
}

async function speak(onData: (socket: net.Socket) => void, timeout = 5_000): Promise<Parts> {
  const server = net.createServer((socket) => socket.once('data', () => onData(socket)));
  return makeParts({ endpoints: { api: await listen(server) }, http: { timeout } });
}

/** A profile in exactly so many bytes. */
function profile(bytes: number): string {
  const frame = JSON.stringify({ openid: OPENID, nickname: '' }).length;
  return JSON.stringify({ openid: OPENID, nickname: 'x'.repeat(bytes - frame) });
}

const userInfo = ({ api }: Parts) => api.userInfo(OPENID, 'AT', 'en');

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
    const parts = makeParts({ endpoints: { api: address } });
    expect(await failureOf(() => userInfo(parts))).toMatchObject({
      fault: 'refused',
      sent: false,
      attempts: 3,
    });
    expect(parts.runtime.pauses).toEqual([200, 400]);
    const spent = await failureOf(() => parts.api.exchangeCode(parts.app, 'CODE'));
    expect(spent).toMatchObject({ fault: 'refused', sent: false, attempts: 1 });
    expect(spent.message).toContain('was not sent');
  });

  it('that is refused on every address of a name is refused too', async () => {
    const address = new URL(await listen(net.createServer()));
    await new Promise((resolve) => servers.pop()!.close(resolve));
    const { api } = makeParts({ endpoints: { api: `http://localhost:${address.port}` } });
    expect(await failureOf(() => api.verify(OPENID, 'AT'))).toMatchObject({ fault: 'refused', attempts: 3 });
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
  ])('that is %s is not tried again: WeChat may have seen the call', async (_name, answer, fault) => {
    let asked = 0;
    const parts = await speak((socket) => {
      asked++;
      answer(socket);
    });
    const error = await failureOf(() => userInfo(parts));
    expect(error).toBeInstanceOf(WechatNetworkError);
    expect(error).toMatchObject({ fault, sent: true, attempts: 1 });
    expect(error.message).toContain('may have arrived');
    expect(asked).toBe(1);
  });

  it('over TLS with somebody who speaks none is a fault of TLS', async () => {
    const plain = await listen(
      net.createServer((socket) => socket.once('data', () => socket.end('hello\r\n'))),
    );
    const { api } = makeParts({ endpoints: { api: plain.replace('http:', 'https:') } });
    expect(await failureOf(() => api.verify(OPENID, 'AT'))).toMatchObject({ fault: 'tls', attempts: 1 });
  });
});

it('A proxy that was asked for is used', async () => {
  let line: string | undefined;
  const proxy = new URL(
    await listen(
      http.createServer((request, response) => {
        line = request.url;
        response.end('{"errcode":0}');
      }),
    ),
  );
  const { api } = makeParts({
    endpoints: { api: 'http://127.0.0.1:1' },
    http: { proxy: { protocol: 'http', host: proxy.hostname, port: Number(proxy.port) } },
  });
  await expect(api.verify(OPENID, 'AT')).resolves.toBe(true);
  expect(line).toBe(`http://127.0.0.1:1/sns/auth?access_token=AT&openid=${OPENID}`);
});

it('A proxy that only the environment names is not used', async () => {
  // Nobody listens there.
  const named = { http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1' };
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
  const { api } = makeParts({
    endpoints: {
      api: await listen(http.createServer((_request, response) => response.end('{"errcode":0}'))),
    },
    http: { httpAgent: new CountingAgent() },
  });
  await api.verify(OPENID, 'AT');
  expect(connections).toBe(1);
});
