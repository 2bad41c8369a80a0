// The quick start of the README beside `nestjs-wechat-mock`: the four variables as the command
// prints them, and the mock in the place of WeChat.
import { parseEnv } from 'node:util';
import { runCli } from '../../lib/testing/cli/run-cli.js';
import { WechatAuthController } from '../../lib/index.js';
import { PLATFORMS, type Running, startApplication } from '../support/application.js';
import { AGENTS, type Answer, Browser } from '../support/browser.js';
import { OrdersController } from '../support/orders.js';

describe.each(PLATFORMS)('The quick start beside the mock command on %s', (_name, adapter) => {
  let stop: () => void;
  let ended: Promise<number>;
  let env: NodeJS.Dict<string>;
  let running: Running;
  let browser: Browser;

  beforeEach(async () => {
    const lines: string[] = [];
    await new Promise<void>((ready) => {
      const stopped = new Promise<void>((resolve) => (stop = resolve));
      ended = runCli(['--port', '0', '--auto-consent', 'hong'], {
        out: (line) => void (lines.push(line), line === 'Stop with Ctrl+C.' && ready()),
        err: (line) => lines.push(line),
        random: (bytes) => Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 37) % 256)),
        pause: async () => undefined,
        stopped,
      });
    });
    env = parseEnv(lines.slice(lines.indexOf('') + 1, lines.lastIndexOf('')).join('\n'));
    const mock = env['WECHAT_MOCK']!;
    running = await startApplication({
      wechat: { endpoints: { open: mock, api: mock } },
      adapter,
      controllers: [OrdersController, WechatAuthController],
      options: {
        appId: env['WECHAT_APP_ID'],
        secret: env['WECHAT_SECRET'],
        publicUrl: env['PUBLIC_URL'],
        sessionSecret: env['SESSION_SECRET'],
        dev: { client: 'wechat' },
      },
    });
    browser = new Browser(AGENTS.desktop).route(env['PUBLIC_URL']!, running.port);
  });

  afterEach(async () => {
    await running.app.close();
    stop();
    expect(await ended).toBe(0);
  });

  const last = (answers: Answer[]) => answers.at(-1)!;

  it('signs somebody in, silently and with a profile', async () => {
    const orders = last(await browser.follow(`${env['PUBLIC_URL']}/orders`));
    expect(orders.status).toBe(200);
    expect(orders.json()).toMatchObject({ user: { appId: env['WECHAT_APP_ID'], scope: ['snsapi_base'] } });
    const profile = last(await browser.follow(`${env['PUBLIC_URL']}/orders/profile`));
    expect(profile.json()).toMatchObject({ user: { nickname: '小红🌸' } });
    const page = await fetch(`${env['WECHAT_MOCK']}/`);
    expect(await page.text()).toMatch(/\/sns\/userinfo[^]*\/sns\/oauth2\/access_token/);
  });

  it('meets the faults that are injected on the page of the mock', async () => {
    const injected = await fetch(`${env['WECHAT_MOCK']}/`, {
      method: 'POST',
      body: new URLSearchParams({
        do: 'inject',
        path: '/sns/oauth2/access_token',
        fault: '40125',
        always: '1',
      }),
      redirect: 'manual',
    });
    expect(injected.status).toBe(303);
    const answer = last(await browser.follow(`${env['PUBLIC_URL']}/orders`));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(running.logs.text).toContain('40125');
  });
});
