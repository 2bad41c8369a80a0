// The JS-SDK client: which address it has signed, when it is ready, and what it says when it is not.
import { configureJsSdk, WechatJsSdkError } from '../../../lib/client/index.js';
import { failureOf } from '../../support/failure.js';
import { AGENT, looksAt, Page, PAGE, ScriptOfWechat } from './js-sdk-kit.js';

const LATER = 'https://shop.example.com/cart?step=1';

describe('Which address is signed', () => {
  it.each([
    ['android', LATER],
    ['mac', LATER],
    ['iphone', PAGE],
    ['ipad', PAGE],
  ] as const)('after a change of route on %s is %s', async (agent, signed) => {
    const page = new Page(`${LATER}#top`, AGENT[agent]);
    const outcome = page.configure(new ScriptOfWechat(looksAt(signed)));
    await page.pass(10);

    expect(outcome.is).toBe('ready');
    expect(page.asked).toEqual([signed]);
  });

  it('is the entry address on an iPad that calls itself a Macintosh', async () => {
    const page = new Page(LATER, AGENT.mac);
    page.navigator.maxTouchPoints = 5;
    page.configure(new ScriptOfWechat());
    await page.pass(10);

    expect(page.asked).toEqual([PAGE]);
  });

  it.each(['android', 'iphone'] as const)(
    'has no fragment, so a hash router changes nothing on %s',
    async (agent) => {
      const page = new Page(`${PAGE}#/cart?a=1`, AGENT[agent]);
      page.configure(new ScriptOfWechat(), { entryUrl: `${PAGE}#/home` });
      await page.pass(10);

      expect(page.asked).toEqual([PAGE]);
    },
  );

  it('is asked for at the endpoint, encoded once as a whole', async () => {
    const page = new Page('https://shop.example.com/a?b=%E8%8C%B6&c=1#d');
    const wx = new ScriptOfWechat();
    const outcome = page.configure(wx, { url: '/js-sdk?app=official', entryUrl: PAGE });
    await page.pass(10);

    expect(outcome.is).toBe('ready');
    const encoded = 'https%3A%2F%2Fshop.example.com%2Fa%3Fb%3D%25E8%258C%25B6%26c%3D1';
    expect(page.fetched).toMatchObject([
      { url: `/js-sdk?app=official&url=${encoded}`, init: { cache: 'no-store' } },
    ]);
    expect(wx.configs[0]).toEqual({
      ...page.sign('https://shop.example.com/a?b=%E8%8C%B6&c=1'),
      jsApiList: ['scanQRCode'],
    });
  });

  it('comes with open tags and debugging where they are wanted', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat();
    page.configure(wx, { openTagList: ['wx-open-launch-weapp'], debug: true });
    await page.pass(10);

    expect(wx.configs[0]).toMatchObject({ openTagList: ['wx-open-launch-weapp'], debug: true });
  });
});

describe('An invalid signature', () => {
  const REAL = 'https://shop.example.com/real?x=1';

  it.each([
    ['a text', `${REAL}#a`],
    ['a list', [REAL]],
    ['a list with other things in it', [null, 'https://evil.example/', REAL]],
  ])('is answered with one for the address that WeChat names: %s', async (_, realAuthUrl) => {
    const page = new Page();
    const outcome = page.configure(new ScriptOfWechat(looksAt(REAL, realAuthUrl)));
    await page.pass(2_100);

    expect(outcome.is).toBe('ready');
    expect(page.asked).toEqual([PAGE, REAL]);
  });

  it.each([
    ['android', LATER, PAGE],
    ['iphone', PAGE, LATER],
  ] as const)('without a name is answered with the other address, on %s', async (agent, first, second) => {
    const page = new Page(LATER, AGENT[agent]);
    const outcome = page.configure(new ScriptOfWechat(looksAt(second)));
    await page.pass(2_100);

    expect(outcome.is).toBe('ready');
    expect(page.asked).toEqual([first, second]);
  });

  it('is answered with the current address where a router moved on meanwhile', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat('later');
    const outcome = page.configure(wx);
    await page.pass(10);
    page.location.href = LATER;
    wx.answer({ errMsg: 'config:invalid signature' });
    await page.pass(2_100);

    expect(outcome.is).toBe('ready');
    expect(page.asked).toEqual([PAGE, LATER]);
  });

  it('is the end of it after the second', async () => {
    const page = new Page(LATER);
    const outcome = page.configure(new ScriptOfWechat(looksAt('https://elsewhere.example', REAL)));
    await page.pass(5_000);

    expect(outcome.is).toMatchObject({
      name: 'WechatJsSdkError',
      reason: 'signature',
      errMsg: 'config:invalid signature',
    });
    expect(page.asked).toEqual([LATER, REAL]);
    expect(page.pending).toBe(0);
  });

  it.each([
    undefined,
    '',
    'https://evil.example/',
    'https://shop.example.com.evil.example/',
    'https://shop.example.com:8443/',
    'https://shop.example.com@evil.example/',
    'http://shop.example.com/',
    'javascript:alert(1)',
    PAGE,
    [PAGE, 'https://evil.example/'],
    { href: REAL },
  ])('is not answered where WeChat names %j', async (realAuthUrl) => {
    const page = new Page();
    const outcome = page.configure(new ScriptOfWechat(looksAt('https://elsewhere.example', realAuthUrl)));
    await page.pass(10);

    expect(outcome.is).toMatchObject({ reason: 'signature' });
    expect(page.asked).toEqual([PAGE]);
  });

  it('is not what another refusal is, which is final', async () => {
    const page = new Page(LATER);
    const outcome = page.configure(
      new ScriptOfWechat(() => ({ errMsg: 'config:invalid url domain', realAuthUrl: REAL })),
    );
    await page.pass(10);

    expect(outcome.is).toMatchObject({ reason: 'refused', errMsg: 'config:invalid url domain' });
    expect(page.asked).toEqual([LATER]);
  });
});

describe('A script that was configured before', () => {
  it('is ready when no error has come, and not because it says so at once', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat();
    page.configure(wx);
    await page.pass(10);
    wx.judge = 'later';
    const outcome = page.configure(wx);
    await page.pass(1_900);
    expect(outcome.is).toBe('waiting');
    wx.answer();
    await page.pass(200);

    expect(outcome.is).toBe('ready');
  });

  it('may be refused now', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat();
    page.configure(wx);
    await page.pass(10);
    wx.judge = () => ({ errMsg: 'config:fail' });
    const outcome = page.configure(wx);
    await page.pass(10);

    expect(outcome.is).toMatchObject({ reason: 'refused', errMsg: 'config:fail' });
  });

  it.each([
    ['succeeds', undefined, 'ready'],
    [
      'fails again',
      { errMsg: 'config:fail again' },
      expect.objectContaining({ errMsg: 'config:fail again' }),
    ],
  ])('and failed with nobody there to hear it, now %s', async (_, problem, expected) => {
    const page = new Page();
    const wx = new ScriptOfWechat(() => ({ errMsg: 'config:fail' }));
    wx.config(page.sign(PAGE));
    await page.pass(10);
    wx.judge = 'later';
    const outcome = page.configure(wx);
    await page.pass(3_000);
    expect(outcome.is).toBe('waiting');
    wx.answer(problem);
    await page.pass(2_000);

    expect(outcome.is).toEqual(expected);
    await page.pass(20_000);
    expect(page.pending).toBe(0);
  });

  it('is configured by one caller at a time, each for the address of its turn', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat('later');
    const one = page.configure(wx);
    const two = page.configure(wx);
    await page.pass(10);
    expect(page.asked).toEqual([PAGE]);
    page.location.href = LATER;
    wx.answer();
    await page.pass(10);
    expect([one.is, two.is]).toEqual(['ready', 'waiting']);
    await page.pass(2_100);

    expect(two.is).toBe('ready');
    expect(page.asked).toEqual([PAGE, LATER]);
  });
});

describe('What does not come', () => {
  it('is waited for until the limit, as outside of WeChat', async () => {
    const page = new Page();
    const outcome = page.configure(new ScriptOfWechat('later'), { timeout: 4_000 });
    await page.pass(3_999);
    expect(outcome.is).toBe('waiting');
    await page.pass(1);

    expect(outcome.is).toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('inside WeChat'),
    });
    expect(page.pending).toBe(0);
  });

  it('is not waited for by the next caller', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat('later');
    page.configure(wx);
    const next = page.configure(wx);
    await page.pass(15_000);
    wx.judge = () => undefined;
    await page.pass(0);
    wx.answer();
    await page.pass(10);

    expect(next.is).toBe('ready');
  });

  it('and comes after the limit changes nothing any more', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat();
    let sign!: (config: unknown) => void;
    page.answers = () => new Promise((resolve) => (sign = resolve));
    const outcome = page.configure(wx);
    await page.pass(15_000);
    sign(page.sign(PAGE));
    await page.pass(10_000);

    expect(outcome.is).toMatchObject({ reason: 'timeout' });
    expect(wx.configs).toEqual([]);
  });

  it('and failed unheard before is not asked for after the limit', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat(() => ({ errMsg: 'config:fail' }));
    wx.config(page.sign(PAGE));
    await page.pass(10);
    wx.judge = 'later';
    const outcome = page.configure(wx);
    await page.pass(60_000);

    expect(outcome.is).toMatchObject({ reason: 'timeout' });
    expect(page.pending).toBe(0);
  });
});

describe('No signature', () => {
  it.each([undefined, null, 'text', {}, { ...new Page().sign(PAGE), timestamp: '1' }, { appId: 'wx1' }])(
    'is in the answer %j',
    async (answer) => {
      const page = new Page();
      const wx = new ScriptOfWechat();
      page.answers = () => answer;
      const outcomes = [page.configure(wx), page.configure(wx, { url: '/js-sdk' })];
      await page.pass(10);

      for (const { is } of outcomes) expect(is).toMatchObject({ reason: 'endpoint' });
      expect(wx.configs).toEqual([]);
    },
  );

  it('comes with the status that the application answered', async () => {
    const page = new Page();
    page.answers = () => 401;
    const outcome = page.configure(new ScriptOfWechat(), { url: '/js-sdk' });
    await page.pass(10);

    expect(outcome.is).toMatchObject({ reason: 'endpoint', statusCode: 401 });
  });

  it('comes where the request fails', async () => {
    const page = new Page();
    page.answers = () => {
      throw new TypeError('Failed to fetch');
    };
    const outcomes = [
      page.configure(new ScriptOfWechat(), { url: '/js-sdk' }),
      page.configure(new ScriptOfWechat()),
    ];
    await page.pass(10);

    for (const { is } of outcomes)
      expect(is).toMatchObject({ reason: 'endpoint', message: 'No signature: Failed to fetch' });
  });
});

describe('A script that says ready before it says what is wrong', () => {
  it('has refused', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat('later');
    const acts: (() => void)[] = [];
    wx.ready = (act) => void acts.push(act);
    const outcome = page.configure(wx);
    await page.pass(10);
    for (const act of acts) act();
    wx.answer({ errMsg: 'config:fail' });
    await page.pass(10);

    expect(outcome.is).toMatchObject({ reason: 'refused' });
  });
});

describe('A script that throws', () => {
  it('has refused', async () => {
    const page = new Page();
    const wx = new ScriptOfWechat();
    wx.config = () => {
      throw new RangeError('no bridge');
    };
    const outcome = page.configure(wx);
    await page.pass(10);

    expect(outcome.is).toMatchObject({ name: 'WechatJsSdkError', reason: 'refused' });
  });
});

describe('An option that is not what it should be', () => {
  const getConfig = () => new Page().sign(PAGE);

  it.each([
    [undefined, { getConfig, jsApiList: [] }],
    [{}, { getConfig, jsApiList: [] }],
    [new ScriptOfWechat(), { jsApiList: [] }],
    [new ScriptOfWechat(), { url: '', jsApiList: [] }],
    [new ScriptOfWechat(), { getConfig }],
    [new ScriptOfWechat(), { getConfig, jsApiList: 'scanQRCode' }],
    [new ScriptOfWechat(), { getConfig, jsApiList: [], timeout: 0 }],
    [new ScriptOfWechat(), { getConfig, jsApiList: [], timeout: Infinity }],
    [new ScriptOfWechat(), { getConfig, jsApiList: [], timeout: '5' }],
  ])('is a TypeError: %# %j', async (wx, options) => {
    const error = await failureOf(() => configureJsSdk(wx as never, options as never));

    expect(error).toBeInstanceOf(TypeError);
    expect(error).not.toBeInstanceOf(WechatJsSdkError);
  });
});
