// Pushes that say that somebody scanned a code of ours: which count, and what of them is seen where.
import { WechatPushHandler, type WechatPush, WechatPushModule } from '../../lib/push/index.js';
import { PLATFORMS } from '../support/application.js';
import { everythingOf } from '../support/canary.js';
import { forge, post, PUSH_APP_ID, PUSH_KEY, PUSH_TOKEN, settingsFor, textXml } from '../support/push-kit.js';
import { digitsFor, openScan, ORDERS, otherThan, statusAt, typeDigits, urlOf } from '../support/scan-kit.js';
import { at, CREATE, send, setScanStage } from '../support/scan-stage.js';

describe.each(PLATFORMS)('%s', (_name, adapter) => {
  const stage = setScanStage(adapter);
  const digits = () => digitsFor(stage.wechat);
  const open = async (...given: Parameters<typeof stage.startScan>) => {
    const running = await stage.startScan(...given);
    return { ...running, page: await openScan(running.browser) };
  };

  describe('A push', () => {
    const event = (scene: string, more = '') =>
      `<xml><ToUserName>gh_1</ToUserName><FromUserName>evil</FromUserName><CreateTime>1714112445</CreateTime>` +
      `<MsgType>event</MsgType><Event>SCAN</Event><EventKey>${scene}</EventKey><Ticket>t</Ticket>${more}</xml>`;

    it('in clear, or of another’s making, scans nothing', async () => {
      const { browser, page, port } = await open();
      await stage.wechat.setPush(settingsFor(port, { mode: 'plain' })).catch(() => undefined);
      const plain = await stage.scan().catch(() => ({ reply: undefined }));
      expect(plain.reply).toBeUndefined();
      const good = forge({ message: event(stage.scene()) });
      const { signature, timestamp, nonce } = good.query as Record<
        'signature' | 'timestamp' | 'nonce',
        string
      >;
      const refused = [
        await post(port, { query: { signature, timestamp, nonce }, body: event(stage.scene()) }),
        await post(port, { query: { ...good.query, encrypt_type: 'raw' }, body: event(stage.scene()) }),
        await post(port, forge({ message: event(stage.scene()), token: 'OtherToken1' })),
        await post(port, forge({ message: event(stage.scene()), receiver: 'wx000000000website' })),
        await post(port, forge({ message: event(stage.scene()), timestamp: '1714112445' })),
      ];
      expect(refused.map(({ body }) => body)).toEqual(['', '', '', '', '']);
      expect(refused.every(({ status }) => status === 400 || status === 403)).toBe(true);
      expect(await statusAt(browser, page)).toBe('waiting');
      // In the other words of WeChat it is the same.
      for (const scene of [
        '',
        'login',
        stage.scene().slice(1),
        `${stage.scene()}0`,
        `qrscene_qrscene_${stage.scene()}`,
      ])
        await post(port, forge({ message: event(scene) }));
      expect(await statusAt(browser, page)).toBe('waiting');
      await post(port, forge({ message: event(stage.scene()).replace('SCAN', 'scan') }));
      expect(await statusAt(browser, page)).toBe('scanned');
    });

    it('of a code of the application’s own is its own, and ours never', async () => {
      const pushes: WechatPush[] = [];
      class Handler extends WechatPushHandler {
        override async onPush(push: WechatPush) {
          pushes.push(push);
          return { msgType: 'text', content: 'own' } as const;
        }
      }
      const own = WechatPushModule.register({ handler: { useClass: Handler } });
      const { browser } = await stage.startScan({ imports: [own] });
      await openScan(browser);
      await stage.scan('ming');
      await stage.scan('hong', { copies: 2 });
      expect(pushes).toEqual([]);
      const fields = { MsgType: 'event', Event: 'SCAN', EventKey: 'shelf-7', Ticket: 't' };
      const { reply } = await stage.wechat.push({ appId: PUSH_APP_ID, user: 'ming', fields });
      expect([reply!['Content'], pushes.length]).toEqual(['own', 1]);
    });
  });

  it('shows no secret where it does not belong', async () => {
    const ticket = 'gQticketCanaryOfTheCode';
    const marked = stage.wechat.inject(CREATE, { answer: { ticket }, times: 2 });
    const { browser, page, logs, port } = await open({}, { perClient: 3 });
    await stage.scan('ming');
    const mine = digits();
    const seen = [page, await browser.visit(page.url), await typeDigits(browser, page, otherThan(mine))];
    await stage.scan('hong');
    seen.push(await browser.visit(page.url), await typeDigits(browser, page, mine));
    seen.push(
      await browser.fetch(at(page, '/status')),
      await send(browser, page, { digits: mine }, { origin: 'null' }),
    );
    const first = stage.scene();
    const fresh = await browser.visit(`${page.url}&new=1`);
    stage.onLogin = async () => Promise.reject(new Error('no database'));
    await stage.scan('ming');
    seen.push(fresh, await typeDigits(browser, fresh, digits()));
    stage.wechat.inject(CREATE, { errcode: 45009 });
    seen.push(
      (await browser.another().follow(ORDERS)).at(-1)!,
      (await browser.another().follow(ORDERS)).at(-1)!,
    );
    await post(port, forge({ message: textXml(), token: 'OtherToken1' }));
    const secrets = [
      PUSH_KEY,
      PUSH_TOKEN,
      first,
      stage.scene(),
      mine,
      digits(),
      urlOf(page),
      urlOf(fresh),
      ticket,
    ];
    const shown = [
      everythingOf(stage.events),
      logs.text,
      ...seen.map((answer) => answer.body + JSON.stringify(answer.headers)),
    ];
    for (const text of shown) expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    expect(marked.hits).toBe(2);
  });
});
