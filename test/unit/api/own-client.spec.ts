// When a call of ours passes by axios, and that nobody can tell but by its price.
import { HttpService } from '@nestjs/axios';
import axios, { type AxiosInstance, AxiosHeaders } from 'axios';
import { withoutDefaults } from '../../../lib/api/own-client.js';
import { Sending } from '../../../lib/api/sending.js';
import type { TransportRequest } from '../../../lib/api/transport.js';
import { type LocalServer, localServer } from '../../support/local-server.js';

let server: LocalServer;
let origin: string;
let seen: string[];
let client: AxiosInstance;

beforeAll(async () => {
  server = await localServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const head = [request.method, request.url, ...request.rawHeaders];
      seen.push([...head, Buffer.concat(chunks).toString()].join('|'));
      response.writeHead(201, { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] }).end('{"ok":"小明"}');
    });
  });
  ({ origin } = server);
});
afterAll(() => server.close());
beforeEach(() => {
  seen = [];
  client = withoutDefaults(new HttpService(axios.create())).axiosRef;
});

/** As `WechatTransport` makes them. */
const call = (more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  url: `${origin}/sns/userinfo?lang=zh_CN&openid=o%2B1`,
  headers: { accept: 'application/json' },
  responseType: 'arraybuffer',
  maxRedirects: 0,
  maxContentLength: 1_000,
  validateStatus: null,
  proxy: false,
  timeout: 5_000,
  sending: new Sending(),
  ...more,
});

/** Whether axios has its hands on a call: what it would do to an answer is done. */
async function goesThroughAxios(): Promise<boolean> {
  let touched = false;
  const transformResponse = (data: unknown) => {
    touched = true;
    return data;
  };
  await client.request(call({ transformResponse }));
  return touched;
}

const asItIs = <T>(value: T): T => value;
const SHAPES: [name: string, shape: () => unknown][] = [
  ['an interceptor of requests', () => client.interceptors.request.use(asItIs)],
  ['an interceptor of answers', () => client.interceptors.response.use(asItIs)],
  ['an interceptor of errors alone', () => client.interceptors.response.use(null, asItIs)],
  [
    'one of two interceptors that is left',
    () => {
      const first = client.interceptors.request.use(asItIs);
      client.interceptors.request.use(asItIs);
      client.interceptors.request.eject(first);
    },
  ],
  ['a header for all', () => (client.defaults.headers.common['x-shop'] = '1')],
  ['a header for GET', () => (client.defaults.headers.get['x-shop'] = '1')],
  ['a header beside the groups', () => (client.defaults.headers['x-shop'] = '1')],
  ['a header in a group of its own', () => (client.defaults.headers.post = new AxiosHeaders({ a: '1' }))],
  ['a default', () => (client.defaults.params = { a: 1 })],
  ['another adapter', () => (client.defaults.adapter = 'http')],
  [
    'a list of interceptors that is not where it was',
    () => Object.assign(client.interceptors.request, { handlers: undefined }),
  ],
];

it('A call of ours passes by axios where it has nothing to add', async () => {
  expect(await goesThroughAxios()).toBe(false);
});

it.each(SHAPES)('It goes through axios with %s', async (_name, shape) => {
  shape();
  expect(await goesThroughAxios()).toBe(true);
});

it('It passes by again when the last interceptor was ejected, or all were cleared', async () => {
  const id = client.interceptors.request.use(asItIs);
  expect(await goesThroughAxios()).toBe(true);
  client.interceptors.request.eject(id);
  expect(await goesThroughAxios()).toBe(false);
  client.interceptors.response.use(asItIs);
  client.interceptors.response.clear();
  expect(await goesThroughAxios()).toBe(false);
});

it('Calls that the application makes with it are for axios', async () => {
  const { data } = await client.get<unknown>(`${origin}/p`, { params: { a: 1 } });
  const other = await client.request<unknown>({ url: `${origin}/p`, params: { a: 1 } });
  expect([data, other.data]).toEqual(['{"ok":"小明"}', '{"ok":"小明"}']);
  expect(seen.map((line) => line.split('|')[1])).toEqual(['/p?a=1', '/p?a=1']);
});

it.each<[string, Partial<TransportRequest>]>([
  ['GET', {}],
  [
    'POST',
    {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      data: '{"名":"小红🌸"}',
    },
  ],
  ['POST without a body', { method: 'POST' }],
])('A %s is the same on the line either way, and so is its answer', async (_name, more) => {
  const direct = await client.request<Buffer>(call(more));
  client.interceptors.request.use(asItIs);
  const other = await client.request<Buffer>(call(more));
  const [first, second] = seen.map((line) => line.split('|').map((part) => part.toLowerCase()));
  expect(first).toEqual(second);
  const facts = ({ status, statusText, headers, data }: typeof direct) => [
    status,
    statusText,
    headers['x-a'],
    headers['set-cookie'],
    data.toString(),
  ];
  expect(facts(direct)).toEqual(facts(other));
  expect(direct.status).toBe(201);
});
