// Logins by a scan over two processes with one Redis: the browser waits on one, WeChat's push comes
// to the other. TRANSCRIPT=1 prints what happened, a line each step.
import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { MockPushResult, WechatMockServer } from '../../lib/testing/index.js';
import { MOCK_APPS, SESSION_SECRET, SHOP, startWechat } from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { forkScript } from '../support/child-process.js';
import { PUSH, PUSH_APP_ID, settingsFor } from '../support/push-kit.js';
import {
  digitsFor,
  openScan,
  ORDERS,
  otherThan,
  scanPage,
  statusAt,
  typeDigits,
} from '../support/scan-kit.js';
import { OwnRedis } from './own-redis.js';
import type { ScanNodeSetup } from './scan-node.js';

type Node = 'A' | 'B';

const redis = new OwnRedis();
let wechat: WechatMockServer;
const children: ChildProcess[] = [];
const ports = {} as Record<Node, number>;
/** Where the deliveries of a push go, one after the other; from the beginning again after the last. */
let deliverTo: Node[] = ['B'];
let delivered = 0;
/** What happens before WeChat hears the answer of a delivery. */
let afterDelivery: () => Promise<void> = async () => {};
let pushes: http.Server;

const lines: string[] = [];
const say = (who: string, what: string, came: unknown = '') =>
  void lines.push(`  ${who.padEnd(14)} ${what}${came === '' ? '' : ` → ${came}`}`);

async function fork(name: Node): Promise<void> {
  const setup: ScanNodeSetup = {
    server: { host: redis.host, port: redis.port },
    options: {
      appId: PUSH_APP_ID,
      secret: MOCK_APPS[0].secret,
      publicUrl: SHOP,
      sessionSecret: SESSION_SECRET,
      endpoints: wechat.endpoints,
      push: PUSH,
      scan: { perClient: 1_000 },
    },
  };
  const child = forkScript('../services/scan-node.ts', setup);
  children.push(child);
  let errors = '';
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(errors))),
  ])) as [{ port: number }];
  ports[name] = message.port;
}

beforeAll(async () => {
  await redis.start();
  wechat = await startWechat();
  await Promise.all([fork('A'), fork('B')]);
  pushes = http.createServer((request, response) => {
    const port = ports[deliverTo[delivered++ % deliverTo.length]!];
    const { method, url: path, headers } = request;
    const onward = http.request(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      async (answer) => {
        await afterDelivery();
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  pushes.listen(0, '127.0.0.1');
  await once(pushes, 'listening');
  wechat.setPush(settingsFor((pushes.address() as AddressInfo).port));
}, 60_000);

beforeEach(() => {
  deliverTo = ['B'];
  delivered = 0;
  afterDelivery = async () => {};
  lines.push('', expect.getState().currentTestName!);
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  pushes?.closeAllConnections();
  pushes?.close();
  await wechat?.close();
  await redis.remove();
  if (process.env['TRANSCRIPT']) process.stdout.write(`${lines.join('\n')}\n`);
});

/** Its requests go to this process until they are sent to another one. */
const browserAt = (node: Node) => new Browser(AGENTS.desktop).route(SHOP, ports[node]);
const moveTo = (browser: Browser, node: Node) => browser.route(SHOP, ports[node]);

async function open(who: string, browser: Browser, node: Node): Promise<Answer> {
  const page = await openScan(browser);
  say(who, `opens /orders on ${node}, is shown a code`, page.status);
  return page;
}

async function scan(
  page: Answer,
  user = 'ming',
  more: Parameters<typeof scanPage>[3] = {},
): Promise<MockPushResult> {
  const result = await scanPage(wechat, page, user, more);
  const text = String(result.reply?.['Content'] ?? '').replace(/^\d{6}$/m, '######');
  const to = result.deliveries.map((_, index) => deliverTo[index % deliverTo.length]);
  say(
    `phone of ${user}`,
    `scans; push to ${to.join(', ')}: ${result.deliveries.map((one) => one.status).join(', ')}`,
    text.split('\n').slice(0, 2).join(' / ') ||
      (result.outOfService ? '该服务号暂时无法提供服务' : 'nothing'),
  );
  return result;
}

async function status(who: string, browser: Browser, page: Answer): Promise<string> {
  const said = await statusAt(browser, page);
  say(who, 'asks how far the phone is', said);
  return said;
}

async function type(
  who: string,
  browser: Browser,
  page: Answer,
  digits: string,
  what = 'the digits',
): Promise<Answer> {
  const answer = await typeDigits(browser, page, digits);
  const [, words = ''] = /<section data-on="\w+" data-title="[^"]*"><h1>([^<]*)/.exec(answer.body) ?? [];
  const [, alert = ''] = /role="alert">([^<]*)/.exec(answer.body) ?? [];
  const [, code = ''] = /<small>(\w+)/.exec(answer.body) ?? [];
  say(
    who,
    `types ${what}`,
    [answer.status, answer.headers.location ?? words, alert, code].filter(Boolean).join(' '),
  );
  return answer;
}

async function orders(who: string, browser: Browser): Promise<number> {
  const answer = await browser.fetch(ORDERS);
  const openid = answer.status === 200 ? answer.json<{ user: { openid: string } }>().user.openid : '';
  say(
    who,
    'asks for /orders',
    `${answer.status}${openid && ` as ${openid === wechat.openidOf(PUSH_APP_ID, 'ming') ? 'ming' : openid}`}`,
  );
  return answer.status;
}

/** The stream of events, as the page opens it. */
async function listen(who: string, browser: Browser, page: Answer, node: Node) {
  const request = http.get({
    host: '127.0.0.1',
    port: ports[node],
    path: `/wechat/scan/events${new URL(page.url).search}`,
    headers: {
      host: 'shop.example.com',
      cookie: await browser.jar.getCookieString(SHOP),
      'user-agent': AGENTS.desktop,
    },
    agent: false,
  });
  request.on('error', () => undefined);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
  answer.on('error', () => undefined);
  say(who, `waits on ${node} by a stream`, answer.statusCode);
  return {
    async until(data: string): Promise<void> {
      const deadline = Date.now() + 5_000;
      while (!text.includes(`data: ${data}\n`)) {
        if (Date.now() > deadline) throw new Error(`the stream says ${JSON.stringify(text)}, not ${data}`);
        await sleep(10);
      }
      say(who, 'is told by the stream', data);
    },
    close: () => request.destroy(),
  };
}

/** Waits for a Redis that was away. */
async function untilBack(browser: Browser): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await browser.visit(`${SHOP}/wechat/scan?state=none`)).status >= 500 || !(await canDraw())) {
    if (Date.now() > deadline) throw new Error('Redis does not come back');
    await sleep(100);
  }
}

async function canDraw(): Promise<boolean> {
  for (const node of ['A', 'B'] as const) {
    const answers = await browserAt(node).follow(ORDERS);
    if (answers.at(-1)!.status !== 200) return false;
  }
  return true;
}

describe('An ordinary login', () => {
  it.each<[finish: Node]>([['B'], ['A']])(
    'page and stream on A, push to B, finish on %s, replay on the other',
    async (node) => {
      const desk = browserAt('A');
      const page = await open('desktop', desk, 'A');
      const stream = await listen('desktop', desk, page, 'A');
      await scan(page);
      await stream.until('scanned');
      moveTo(desk, node);
      const digits = digitsFor(wechat);
      const twin = desk.another();
      twin.route(SHOP, ports[node === 'A' ? 'B' : 'A']);
      for (const cookie of await desk.jar.getCookies(SHOP)) await twin.jar.setCookie(cookie, SHOP);
      const done = await type('desktop', desk, page, digits, `the digits on ${node}`);
      expect([done.status, done.headers.location]).toEqual([303, ORDERS]);
      // Another process is not told: the browser that sent the form goes on by itself.
      if (node === 'A') await stream.until('finished');
      stream.close();
      expect(await orders('desktop', desk)).toBe(200);
      const again = await type('desktop, again', twin, page, digits, 'the same digits on the other process');
      expect([again.status, again.headers.location]).toEqual([303, ORDERS]);
      expect(await orders('desktop, again', twin)).toBe(200);
    },
  );

  it('costs eight operations of Redis at most', async () => {
    const desk = browserAt('A');
    const direct = new Redis({ port: redis.port });
    const monitor = await direct.monitor();
    direct.disconnect();
    const commands: string[] = [];
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (source !== 'lua')
        commands.push(
          `${args[0]} ${args.find((arg) => arg.startsWith('wechat:'))?.replace(/[\w-]{43}$/, '<scene>') ?? ''}`.trim(),
        );
    });
    const page = await openScan(desk);
    const stream = await listen('desktop', desk, page, 'A');
    await sleep(100);
    commands.push('-- page');
    await scan(page);
    await stream.until('scanned');
    await sleep(100);
    commands.push('-- push');
    expect((await typeDigits(desk, page, digitsFor(wechat))).status).toBe(303);
    await stream.until('finished');
    await sleep(200);
    monitor.disconnect();
    stream.close();
    lines.push(...commands.map((command) => `    ${command}`));
    expect(commands.filter((command) => !command.startsWith('--')).length).toBeLessThanOrEqual(8);
  });
});

describe('A picture of the code that is posted', () => {
  it('signs nobody in at the desktop of the attacker', async () => {
    const [attacker, other] = [browserAt('A'), browserAt('B')];
    const page = await open('attacker', attacker, 'A');
    await scan(page, 'ming');
    const digits = digitsFor(wechat);
    expect(wechat.chat(PUSH_APP_ID, 'ming').at(-1)!.text).toMatch(
      /^⚠️ 有人想用你的微信登录 shop\.example\.com/,
    );
    expect(await status('attacker', attacker, page)).toBe('scanned');
    expect(await orders('attacker', attacker)).toBe(401);
    // The victim types them where they have a page open themselves: they are of no use there.
    const own = await open('ming', other, 'B');
    const elsewhere = await type('ming', other, own, digits, 'the digits into a page of their own');
    expect(elsewhere.status).toBe(422);
    const stranger = new Browser(AGENTS.desktop).route(SHOP, ports.B);
    const without = await type(
      'a third one',
      stranger,
      page,
      digits,
      'the digits without the cookie of the login',
    );
    expect(without.status).toBe(400);
    for (const [who, browser] of [
      ['attacker', attacker],
      ['ming', other],
      ['a third one', stranger],
    ] as const)
      expect(await orders(who, browser)).toBe(401);
  });
});

describe('A stranger who scans first', () => {
  it('ends it for both', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    const stream = await listen('desktop', desk, page, 'A');
    await scan(page, 'hong');
    const first = digitsFor(wechat, 'hong');
    await stream.until('scanned');
    deliverTo = ['A'];
    const { reply } = await scan(page, 'ming');
    expect(reply!['Content']).toContain('这个二维码被两个微信扫过');
    await stream.until('void');
    const again = await scan(page, 'hong');
    expect(again.reply!['Content']).toContain('这个二维码被两个微信扫过');
    moveTo(desk, 'B');
    expect((await type('desktop', desk, page, first, 'the digits of the stranger on B')).status).toBe(410);
    expect(await orders('desktop', desk)).toBe(401);
  });
});

describe('Three wrong digits', () => {
  it('end it on every process', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    await scan(page);
    const digits = digitsFor(wechat);
    const statuses: number[] = [];
    for (const node of ['A', 'B', 'A'] as const) {
      moveTo(desk, node);
      statuses.push((await type('desktop', desk, page, otherThan(digits), `wrong digits on ${node}`)).status);
    }
    expect(statuses).toEqual([422, 422, 410]);
    moveTo(desk, 'B');
    expect((await type('desktop', desk, page, digits, 'the right ones on B')).status).toBe(410);
    expect(await orders('desktop', desk)).toBe(401);
  });

  it('are counted when they come at once to both', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    await scan(page);
    const digits = digitsFor(wechat);
    const twin = desk.another().route(SHOP, ports.B);
    for (const cookie of await desk.jar.getCookies(SHOP)) await twin.jar.setCookie(cookie, SHOP);
    const wrong = Array.from({ length: 8 }, (_, index) =>
      typeDigits(index % 2 ? desk : twin, page, otherThan(digits)),
    );
    const statuses = (await Promise.all(wrong)).map((answer) => answer.status);
    say('desktop', 'types eight wrong ones at once on A and B', statuses.sort().join(' '));
    expect(statuses.filter((one) => one === 422)).toHaveLength(2);
    expect((await type('desktop', desk, page, digits, 'the right ones')).status).toBe(410);
  });
});

describe('The store is gone', () => {
  let isStopped = false;

  afterEach(async () => {
    if (isStopped) await redis.start();
    else redis.goOn();
    isStopped = false;
    await untilBack(browserAt('A'));
  });

  it('before a code is shown', async () => {
    await redis.stop();
    isStopped = true;
    say('Redis', 'stops');
    const answers = await browserAt('A').follow(ORDERS);
    say('desktop', 'opens /orders on A', answers.map((answer) => answer.status).join(' '));
    expect(answers.at(-1)!.status).toBe(503);
  });

  it('at the push, and WeChat sends it again', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    redis.hang();
    say('Redis', 'hangs');
    afterDelivery = async () => {
      afterDelivery = async () => {};
      redis.goOn();
      say('Redis', 'goes on, after the first delivery');
      // WeChat lets five seconds pass before the next one; the mock sends it at once.
      await sleep(3_000);
    };
    const result = await scan(page);
    expect(result.deliveries.length).toBeGreaterThan(1);
    expect(result.deliveries[0]!.status).not.toBe(200);
    expect(result.outOfService).toBe(false);
    expect(await status('desktop', desk, page)).toBe('scanned');
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(303);
    expect(await orders('desktop', desk)).toBe(200);
  });

  it('while the browser waits, and at the finish', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    await scan(page);
    redis.hang();
    say('Redis', 'hangs');
    expect(await status('desktop', desk, page)).toBe('waiting');
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(503);
    redis.goOn();
    say('Redis', 'goes on');
    await untilBack(desk);
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(303);
    expect(await orders('desktop', desk)).toBe(200);
  });

  it('with everything in it, after the scan: nobody is signed in', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    await scan(page);
    await redis.stop();
    isStopped = true;
    say('Redis', 'stops');
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(503);
    await redis.start();
    isStopped = false;
    say('Redis', 'starts, empty');
    await untilBack(browserAt('A'));
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(410);
    expect(await orders('desktop', desk)).toBe(401);
  });
});

describe('WeChat sends a push again', () => {
  const same = ({ deliveries }: MockPushResult) => {
    const replies = deliveries.map(({ reply }) => [reply?.['Content'], reply?.['CreateTime']]);
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]![0]).toMatch(/^\d{6}$/m);
    say('WeChat', `has ${replies.length} replies of one text and one CreateTime`, replies[0]![1]);
  };

  it('to the other process', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    deliverTo = ['B', 'A'];
    const result = await scan(page, 'ming', { lostAnswers: 1 });
    expect(result.deliveries).toHaveLength(2);
    same(result);
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(303);
  });

  it('to both at once', async () => {
    const desk = browserAt('A');
    const page = await open('desktop', desk, 'A');
    deliverTo = ['A', 'B'];
    const result = await scan(page, 'ming', { copies: 4 });
    expect(result.deliveries).toHaveLength(4);
    same(result);
    expect((await type('desktop', desk, page, digitsFor(wechat))).status).toBe(303);
  });
});
