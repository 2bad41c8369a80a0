// What axios leaves to an adapter, for whoever uses the module's HttpService for a call of their
// own.
import { getEventListeners } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { jest } from '@jest/globals';
import { HttpService } from '@nestjs/axios';
import axios, { AxiosError, type AxiosRequestConfig } from 'axios';
import { firstValueFrom, Subscription } from 'rxjs';
import { Sending } from '../../../lib/api/sending.js';
import { withoutDefaults } from '../../../lib/api/own-client.js';
import { CERTIFICATE, KEY } from '../../support/certificate.js';
import { failureOf } from '../../support/failure.js';
import { type LocalServer, localServer } from '../../support/local-server.js';

let server: LocalServer;
let origin: string;
let handler: http.RequestListener;
let service: HttpService;

beforeAll(async () => {
  server = await localServer((request, response) => handler(request, response));
  ({ origin } = server);
});
afterAll(() => server.close());
beforeEach(() => {
  service = withoutDefaults(new HttpService(axios.create()));
});

const ask = (config: AxiosRequestConfig) =>
  firstValueFrom(service.request<unknown>({ url: origin, ...config }));

it('Method, body, headers, base and parameters arrive', async () => {
  let seen: unknown;
  handler = (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen = {
        method,
        url,
        body,
        type: headers['content-type'],
        length: headers['content-length'],
        x: headers['x-a'],
      };
      response.end('ok');
    });
  };
  const { data } = await ask({
    method: 'post',
    baseURL: origin,
    url: '/p?a=1',
    params: { b: '2 3' },
    data: '{"é":1}',
    headers: { 'content-type': 'application/json', 'x-a': 'b' },
  });
  expect(data).toBe('ok');
  const type = 'application/json';
  expect(seen).toEqual({ method: 'POST', url: '/p?a=1&b=2+3', body: '{"é":1}', type, length: '8', x: 'b' });
});

it('What the application made the default of its own axios does not change where a call goes', async () => {
  handler = (request, response) => response.end(request.url);
  const before = { ...axios.defaults };
  Object.assign(axios.defaults, { baseURL: 'http://127.0.0.1:1', allowAbsoluteUrls: false, timeout: 1 });
  try {
    service = withoutDefaults(new HttpService(axios.create()));
    await expect(ask({ url: `${origin}/here` })).resolves.toMatchObject({ data: '/here' });
  } finally {
    for (const name of ['baseURL', 'allowAbsoluteUrls'] as const) delete axios.defaults[name];
    Object.assign(axios.defaults, before);
  }
});

it('An answer has its status, headers and text', async () => {
  handler = (_request, response) =>
    response.writeHead(201, 'Made', { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] }).end('\uFEFF小明');
  const answer = await ask({});
  expect(answer).toMatchObject({ status: 201, statusText: 'Made', data: '小明' });
  expect(answer.headers['x-a']).toBe('b');
  expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
});

it.each([
  [404, 'ERR_BAD_REQUEST'],
  [500, 'ERR_BAD_RESPONSE'],
])('A status of %d that is not valid is an error of axios with the answer', async (status, code) => {
  handler = (_request, response) => response.writeHead(status).end('no');
  const error = await failureOf(() => ask({ validateStatus: (given) => given < 300 }));
  expect(axios.isAxiosError(error)).toBe(true);
  expect(error).toMatchObject({ code, response: { status, data: 'no' } });
});

it.each([
  ['gzip', gzipSync],
  ['X-GZIP', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('An answer packed by %s is unpacked, within the limit', async (encoding, pack) => {
  let accepted: string | undefined;
  handler = (request, response) => {
    accepted = request.headers['accept-encoding'];
    response.writeHead(200, { 'content-encoding': encoding }).end(pack(Buffer.alloc(3_000, 'x')));
  };
  await expect(ask({ maxContentLength: 3_000 })).resolves.toMatchObject({ data: 'x'.repeat(3_000) });
  expect((await failureOf(() => ask({ maxContentLength: 2_999 }))).message).toContain('maxContentLength');
  // It was not asked for.
  expect(accepted).toBeUndefined();
});

it('An answer that says it is packed and is not is an error; without a body there is nothing to unpack', async () => {
  handler = (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain');
  expect(await failureOf(() => ask({}))).toBeInstanceOf(AxiosError);
  handler = (_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end();
  await expect(ask({})).resolves.toMatchObject({ data: '' });
});

describe('A call that nobody waits for', () => {
  const WAYS: [name: string, start: () => () => void][] = [
    [
      'whose observable is left',
      () => {
        const left: Subscription = service.request({ url: origin }).subscribe();
        return () => left.unsubscribe();
      },
    ],
    [
      'whose signal says so',
      () => {
        const controller = new AbortController();
        void failureOf(() => ask({ signal: controller.signal }));
        return () => controller.abort();
      },
    ],
  ];

  it.each([
    ['before the answer', false],
    ['in the middle of the answer', true],
  ])('ends its connection %s', async (_when, begun) => {
    for (const [, start] of WAYS) {
      let arrived: (() => void) | undefined;
      const there = new Promise<void>((resolve) => (arrived = resolve));
      const closed = new Promise<void>((resolve) => {
        handler = (request, response) => {
          request.socket.once('close', () => resolve());
          if (begun) response.write('x', arrived!);
          else arrived?.();
        };
      });
      const stop = start();
      await there;
      stop();
      await expect(closed).resolves.toBeUndefined();
    }
  });

  it('is not begun where its signal was given up before', async () => {
    let asked = 0;
    handler = (_request, response) => {
      asked++;
      response.end();
    };
    const error = await failureOf(() => ask({ signal: AbortSignal.abort() }));
    expect(axios.isCancel(error)).toBe(true);
    expect(asked).toBe(0);
  });
});

it('A timeout of the call ends it', async () => {
  handler = () => undefined;
  expect(await failureOf(() => ask({ timeout: 30 }))).toMatchObject({ code: 'ECONNABORTED' });
});

it('A call that has its answer leaves no timer and no listener behind', async () => {
  handler = (_request, response) => response.end('ok');
  const source = axios.CancelToken.source();
  const unsubscribed = jest.spyOn(source.token, 'unsubscribe');
  const { signal } = new AbortController();
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await ask({ timeout: 3_600_000, signal, cancelToken: source.token });
  expect(timers()).toBe(before);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(unsubscribed).toHaveBeenCalledTimes(1);
});

it('A call that failed does so once, whatever comes afterwards', async () => {
  handler = (request) => void request.socket.write('no HTTP');
  const controller = new AbortController();
  const sending = new Sending();
  await failureOf(() => ask({ signal: controller.signal, sending } as AxiosRequestConfig));
  const told = jest.spyOn(sending, 'failed');
  controller.abort();
  await new Promise(setImmediate);
  expect(told).not.toHaveBeenCalled();
});

it('A call over TLS that breaks after the handshake may have arrived', async () => {
  const tls = https.createServer({ cert: CERTIFICATE, key: KEY }, (request) => request.socket.destroy());
  await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
  const sending = new Sending();
  try {
    const url = `https://localhost:${(tls.address() as AddressInfo).port}`;
    const httpsAgent = new https.Agent({ ca: CERTIFICATE });
    await failureOf(() => ask({ url, httpsAgent, sending } as AxiosRequestConfig));
    expect([sending.unsent, sending.stale]).toEqual([false, false]);
  } finally {
    tls.close();
  }
});

// An interceptor may send a call anywhere: what a parser makes of an address is what goes out.
it.each([
  ['a path with everything in it', '/p/%E8%8C%B6;a=1?x=1&y=%2F', '/p/%E8%8C%B6;a=1?x=1&y=%2F'],
  ['no path', '', '/'],
  ['a query at once', '?x=1', '/?x=1'],
  ['a fragment, which nobody sends', '/p?x=1#top', '/p?x=1'],
  ['a step up', '/a/../b?x=1', '/b?x=1'],
  ['a blank and Chinese', '/a b/茶?x=茶', '/a%20b/%E8%8C%B6?x=%E8%8C%B6'],
  ['line ends, which a parser drops', '/a\r\nx?y=1\n', '/ax?y=1'],
])('An address with %s arrives', async (_what, rest, expected) => {
  let seen: string | undefined;
  handler = (request, response) => {
    seen = request.url;
    response.end('ok');
  };
  await ask({ url: origin + rest });
  expect(seen).toBe(expected);
});

it('A name and a password in an address arrive as such, and belong to that address only', async () => {
  const seen: (string | undefined)[] = [];
  handler = (request, response) => {
    seen.push(request.headers.authorization);
    response.end('ok');
  };
  await ask({ url: origin.replace('//', '//me:secret@') });
  await ask({ url: origin });
  expect(seen).toEqual([`Basic ${Buffer.from('me:secret').toString('base64')}`, undefined]);
});

it('An address that cannot be sent fails, and nothing goes out', async () => {
  let asked = 0;
  handler = (_request, response) => (asked++, response.end('ok'));
  for (const url of ['ftp://example.com/', 'nowhere', '/path', 'http://']) {
    await expect(ask({ url })).rejects.toHaveProperty('message');
  }
  expect(asked).toBe(0);
});
