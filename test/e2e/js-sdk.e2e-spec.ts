// Pages that use the JS-SDK: the endpoint as the documentation shows it, judged as WeChat judges it.
import { createHash } from 'node:crypto';
import { Controller, Get, Header, Query, UseFilters } from '@nestjs/common';
import {
  MemoryTokenStore,
  WechatExceptionFilter,
  type WechatJsSdkConfig,
  WechatOAuthService,
} from '../../lib/index.js';
import { ALL_APPS, MOCK_APPS, PLATFORMS, SESSION_SECRET, SHOP } from '../support/application.js';
import { expectFreeOf } from '../support/canary.js';
import { failureOf } from '../support/failure.js';
import { browserFor, setStage } from '../support/stage.js';

const [official] = MOCK_APPS;
const TICKET = '/cgi-bin/ticket/getticket';
const PAGE = `${SHOP}/teas?cup=2&name=%E8%8C%B6`;

@Controller('js-sdk')
@UseFilters(WechatExceptionFilter)
class JsSdkController {
  constructor(private readonly wechat: WechatOAuthService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  config(@Query('url') url: string) {
    return this.wechat.getJsSdkConfig(url);
  }
}

describe.each(PLATFORMS)('The JS-SDK on %s', (_name, adapter) => {
  const stage = setStage(adapter);
  const { start } = stage;

  // A ticket lives as long as the mock does.
  afterEach(() => stage.wechat.clock.advance(7_200_000));

  const controllers = [JsSdkController];
  /** What the application answers for a page, encoded as the client does it. */
  async function ask(running: { port: number }, page: string) {
    const { status, body, headers } = await browserFor(running).visit(
      `${SHOP}/js-sdk?url=${encodeURIComponent(page)}`,
    );
    return { status, headers, config: JSON.parse(body) as WechatJsSdkConfig & { message: string } };
  }

  /** What the application has got of WeChat: both are the same for whoever asks. */
  async function secretsOfWechat(): Promise<string[]> {
    const { api } = stage.wechat.endpoints;
    const body = { grant_type: 'client_credential', appid: official.appId, secret: official.secret };
    const token = await fetch(`${api}/cgi-bin/stable_token`, { method: 'POST', body: JSON.stringify(body) });
    const { access_token } = (await token.json()) as { access_token: string };
    const ticket = await fetch(`${api}${TICKET}?type=jsapi&access_token=${access_token}`);
    return [
      access_token,
      ((await ticket.json()) as { ticket: string }).ticket,
      official.secret,
      SESSION_SECRET,
    ];
  }

  it('signs a page so that WeChat says config:ok, and not to be kept by a cache', async () => {
    const running = await start({ controllers });
    const { status, headers, config } = await ask(running, PAGE);

    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(Object.keys(config).toSorted()).toEqual(['appId', 'nonceStr', 'signature', 'timestamp']);
    expect(stage.wechat.jsConfigResult({ ...config, url: PAGE })).toBe('config:ok');
    expect(stage.wechat.jsConfigResult({ ...config, url: SHOP })).toBe('config:invalid signature');
    const [call] = stage.wechat.callsTo(TICKET);
    expect(call).toMatchObject({ method: 'GET', query: { type: 'jsapi' }, answered: { status: 200 } });
  });

  it('asks WeChat once for a hundred pages, and once more when the ticket ends', async () => {
    const { wechat } = stage;
    const running = await start({ controllers, options: { now: () => wechat.clock.now() } });
    const pages = Array.from({ length: 100 }, (_, index) => `${SHOP}/page/${index}`);
    const answers = await Promise.all(pages.map((page) => ask(running, page)));

    expect(
      answers.map(({ config }, index) => wechat.jsConfigResult({ ...config, url: pages[index]! })),
    ).toEqual(Array(100).fill('config:ok'));
    expect(wechat.callsTo(TICKET)).toHaveLength(1);
    wechat.clock.advance(7_200_000);
    const { config } = await ask(running, PAGE);
    expect(wechat.jsConfigResult({ ...config, url: PAGE })).toBe('config:ok');
    expect(wechat.callsTo(TICKET)).toHaveLength(2);
  });

  it('asks WeChat once for two processes with one store', async () => {
    const store = new MemoryTokenStore();
    const extras = { tokenStore: { useValue: store } };
    const [one, two] = [await start({ controllers, extras }), await start({ controllers, extras })];
    await ask(one, PAGE);
    const { config } = await ask(two, PAGE);

    expect(stage.wechat.jsConfigResult({ ...config, url: PAGE })).toBe('config:ok');
    expect(stage.wechat.callsTo(TICKET)).toHaveLength(1);
  });

  it('goes on with another token when WeChat refuses the first', async () => {
    const running = await start({ controllers });
    stage.wechat.inject(TICKET, { errcode: 40001 });
    const { config } = await ask(running, PAGE);

    expect(stage.wechat.jsConfigResult({ ...config, url: PAGE })).toBe('config:ok');
    expect(stage.wechat.callsTo(TICKET)).toHaveLength(2);
  });

  it.each([
    'https://evil.example/',
    'https://shop.example.com.evil.example/',
    'https://me@shop.example.com/',
    'https://shop.example.com\\@evil.example/',
    'https://shop.example.com:8443/',
    'javascript:alert(1)//shop.example.com',
    '/teas',
    '',
  ])('signs nothing for %s, and asks WeChat for nothing', async (page) => {
    const running = await start({ controllers });
    const { status, config } = await ask(running, page);

    expect(status).toBe(400);
    expect(config).not.toHaveProperty('signature');
    expect(stage.wechat.calls).toEqual([]);
  });

  it('signs nothing for an address that came twice, or not at all', async () => {
    const running = await start({ controllers });
    const browser = browserFor(running);
    const page = encodeURIComponent(PAGE);
    for (const query of ['', '?', `?url=${page}&url=${page}`, `?url[]=${page}`, `?url[a]=${page}`]) {
      const { status, body } = await browser.visit(`${SHOP}/js-sdk${query}`);
      expect([query, status]).toEqual([query, 400]);
      expect(body).not.toContain('signature');
    }
    expect(stage.wechat.calls).toEqual([]);
  });

  it('is the official account’s, whichever else there are', async () => {
    const { app } = await start({
      options: { apps: ALL_APPS, returnTo: { origins: ['https://www.example.com'] } },
    });
    const wechat = app.get(WechatOAuthService);
    const config = await wechat.app('official').getJsSdkConfig(PAGE);

    expect(config.appId).toBe(official.appId);
    expect(await wechat.app('official').getJsSdkConfig('https://www.example.com/')).toHaveProperty(
      'signature',
    );
    for (const name of ['website', 'mini', 'mobile'])
      expect(await failureOf(() => wechat.app(name).getJsSdkConfig(PAGE))).toMatchObject({ kind: 'config' });
    expect(await failureOf(() => wechat.getJsSdkConfig(PAGE))).toMatchObject({ option: 'defaultApp' });
  });

  it.each([
    [{ errcode: 45009 }, 429],
    [{ errcode: 48001 }, 500],
    [{ answer: { ticket: undefined } }, 502],
    [{ answer: { expires_in: 'soon' } }, 502],
    [{ body: '<html>portal</html>' }, 502],
    [{ reset: true, times: 9 } as const, 504],
  ])('says %j without a secret, and keeps nothing of it', async (fault, expected) => {
    const running = await start({ controllers });
    stage.wechat.inject(TICKET, fault);
    const { status, config } = await ask(running, PAGE);
    expect(status).toBe(expected);
    stage.wechat.clearFaults();
    expect((await ask(running, PAGE)).status).toBe(200);

    const secrets = await secretsOfWechat();
    expectFreeOf(config, secrets);
    expectFreeOf(running.logs, secrets);
  });

  it('lets nobody see ticket or token: not in answers, logs, the service or the store', async () => {
    const kept: string[] = [];
    const store = new (class extends MemoryTokenStore {
      override set = async (key: string, value: string, ttl: number) => {
        kept.push(key, value);
        return super.set(key, value, ttl);
      };
      override setIfAbsent = async (key: string, value: string, ttl: number) => {
        kept.push(key, value);
        return super.setIfAbsent(key, value, ttl);
      };
    })();
    const running = await start({ controllers, extras: { tokenStore: { useValue: store } } });
    const { config } = await ask(running, PAGE);
    const secrets = await secretsOfWechat();

    // That these are the ones: the signature is made with the second.
    const { nonceStr, timestamp, signature } = config;
    const text = `jsapi_ticket=${secrets[1]}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${PAGE}`;
    expect(createHash('sha1').update(text).digest('hex')).toBe(signature);
    expectFreeOf(config, secrets);
    expectFreeOf(running.logs, secrets);
    expectFreeOf(running.app.get(WechatOAuthService), secrets);
    expect(kept).toContainEqual(expect.stringContaining(':js-ticket:'));
    expectFreeOf(kept, secrets);
  });
});
