// The set-ups of docs/spa.md with a development server in Chromium: page and API on two ports of
// localhost, a proxy that strips a path, one that strips nothing, or none. (The fifth, on two hosts
// of one site, is client.spec.)
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Browser as Chromium } from 'playwright-core';
import { WechatAuthController } from '../../lib/index.js';
import { WechatMockServer } from '../../lib/testing/index.js';
import { MOCK_APPS, type Running, startApplication } from '../support/application.js';
import { AGENTS } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';
import { clientCode } from './client-code.js';
import { launchChromium, Visitor } from './visitor.js';

const CLIENT = clientCode('browser');

interface Ports {
  page: number;
  api: number;
}

/** A row of the table: what differs, by the ports of this run. */
const SET_UPS: [
  name: string,
  setUp: (ports: Ports) => {
    publicUrl: string;
    origins?: string[];
    prefix?: string;
    strips?: boolean;
    client: object;
  },
][] = [
  [
    '1: the proxy strips /api, and publicUrl has it',
    ({ page }) => ({ publicUrl: `http://localhost:${page}/api`, strips: true, client: { baseUrl: '/api' } }),
  ],
  [
    '2: the proxy strips nothing, and the application has the prefix',
    ({ page }) => ({ publicUrl: `http://localhost:${page}`, prefix: 'api', client: { baseUrl: '/api' } }),
  ],
  [
    '3: the proxy strips /api, and logins go past it',
    ({ page, api }) => ({
      publicUrl: `http://localhost:${api}`,
      origins: [`http://localhost:${page}`],
      strips: true,
      client: { baseUrl: '/api', loginOrigin: `http://localhost:${api}` },
    }),
  ],
  [
    '4: no proxy, but CORS',
    ({ page, api }) => ({
      publicUrl: `http://localhost:${api}`,
      origins: [`http://localhost:${page}`],
      client: { baseUrl: `http://localhost:${api}` },
    }),
  ],
];

describe('Set-up', () => {
  const closing: (() => unknown)[] = [];
  let chromium: Chromium;
  let wechat: WechatMockServer;
  let running: Running;
  let navigations: number;

  beforeAll(async () => {
    chromium = await launchChromium();
    const apps = [{ ...MOCK_APPS[0], domains: ['localhost'] }];
    wechat = await WechatMockServer.start({ apps, autoConsent: 'ming' });
  }, 60_000);

  afterAll(async () => {
    await chromium?.close();
    await wechat?.close();
  });

  afterEach(async () => {
    for (const close of closing.splice(0).toReversed()) await close();
  });

  async function listen(listener: http.RequestListener): Promise<number> {
    const server = http.createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }

  function passOn(request: http.IncomingMessage, response: http.ServerResponse, path: string): void {
    const { method, headers } = request;
    const onward = http.request(
      { host: '127.0.0.1', port: running.port, method, path, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  it.each(SET_UPS)('%s', async (_name, setUp) => {
    navigations = 0;
    // Known before the application starts, which has to know both.
    const api = await listen((request, response) => passOn(request, response, request.url!));
    const page = await listen((request, response) => {
      const url = request.url!;
      if (url.startsWith('/api/')) return passOn(request, response, strips ? url.slice(4) : url);
      if (url === '/client.js') return response.setHeader('Content-Type', 'text/javascript').end(CLIENT);
      navigations++;
      // As every development server does for any path.
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
        .end(`<!doctype html><link rel="icon" href="data:,">
        <p data-testid="said"></p><script type="module">
          import { createBrowserClient } from '/client.js';
          const client = createBrowserClient(${JSON.stringify(client)});
          const { user } = await (await client.fetch('/orders')).json();
          const placed = await client.fetch('/orders', { method: 'POST' });
          document.querySelector('p').textContent = user.openid + ' ' + placed.status;
        </script>`);
    });
    const { publicUrl, origins = [], prefix, strips, client } = setUp({ page, api });
    running = await startApplication({
      wechat,
      adapter: () => new ExpressAdapter(),
      controllers: [OrdersController, WechatAuthController],
      options: { publicUrl, returnTo: { origins } },
      configure(app) {
        if (prefix) app.setGlobalPrefix(prefix);
        if (origins.length > 0) app.enableCors({ origin: origins, credentials: true });
      },
    });
    closing.push(() => running.app.close());

    const visitor = await Visitor.open(chromium, 'phone', { userAgent: AGENTS.wechat });
    closing.push(() => visitor.context.close());
    const address = `http://localhost:${page}/shop/tea?x=1#cup`;
    await visitor.page.goto(address);
    const openid = wechat.openidOf(MOCK_APPS[0].appId, 'ming');
    await visitor.page.getByTestId('said').getByText(`${openid} 201`).waitFor();
    expect([visitor.page.url(), navigations]).toEqual([address, 2]);
  });
});
