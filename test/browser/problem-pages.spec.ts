// The built-in pages in Chromium, under the policy they are sent with: the logo shows, the button
// copies, and nothing else gets in.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { renderProblemPage } from '../../lib/auth/problems/problem-page.js';
import { makeProblem } from '../../lib/auth/problems/problems.js';
import { launchChromium, Visitor } from './visitor.js';

const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const PAGE_URL = 'https://shop.example.com/订单?a=1&b=2';

let chromium: Browser;
let server: http.Server;
let port: number;
let asked: string[];

beforeAll(async () => {
  server = http.createServer(({ url = '/', headers }, response) => {
    asked.push(url);
    if (url !== '/page') {
      response.writeHead(200, { 'Content-Type': 'image/gif' }).end(PIXEL);
      return;
    }
    const problem = makeProblem('OPEN_IN_WECHAT', 'zh', 'REF', { pageUrl: PAGE_URL, homeUrl: '/' });
    const logoUrl = `http://${headers.host}/logo,1;2.gif?v=1`;
    const { html, policy } = renderProblemPage(problem, 'zh', { name: '一盏茶', logoUrl, color: '#8c3b2a' });
    response.writeHead(403, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
    });
    // Whoever got something into the page gets nothing out of it.
    response.end(
      html.replace('</main>', '<img src="/tracker.gif"><script>document.title = "run"</script></main>'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
  chromium = await launchChromium(['--host-resolver-rules=MAP shop.example.com 127.0.0.1']);
});

beforeEach(() => (asked = []));

afterAll(async () => {
  await chromium.close();
  server.closeAllConnections();
  server.close();
});

it.each([
  ['with a clipboard', '127.0.0.1'],
  ['without one, where there is no https', 'shop.example.com'],
])('copies the address %s', async (_where, host) => {
  const { page, context } = await Visitor.open(chromium, 'phone');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`http://${host}:${port}/page`);
  expect(await page.inputValue('input')).toBe(PAGE_URL);
  await page.click('text=复制链接');
  await page.waitForSelector('text=已复制');

  await page.goto(`http://127.0.0.1:${port}/other`);
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(PAGE_URL);
  await context.close();
});

it('shows the logo and nothing that somebody else put there', async () => {
  const { page, context } = await Visitor.open(chromium, 'phone');
  await page.goto(`http://127.0.0.1:${port}/page`, { waitUntil: 'networkidle' });
  expect(asked).toEqual(['/page', '/logo,1;2.gif?v=1']);
  expect(await page.evaluate('document.querySelector("header img").naturalWidth')).toBe(1);
  expect(await page.title()).toBe('请在微信中打开 · 一盏茶');
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  await context.close();
});
