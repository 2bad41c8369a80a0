// The JS-SDK as the mock plays it: tickets, what `wx.config` hears, and what the script asks.
import type { MockJsConfig, WechatMockServer } from '../../../../lib/testing/index.js';
import { signJsSdk } from '../../../../lib/js-sdk/js-sdk-signature.js';
import { DAY, get, type Json, json, LONE, MINI, MINUTE, OFFICIAL, start, WEBSITE } from './kit.js';

const TICKET = '/cgi-bin/ticket/getticket';
const PAGE = 'http://127.0.0.1:3000/teas?cup=2';

async function appToken(
  server: WechatMockServer,
  app: { appId: string; secret: string } = OFFICIAL,
): Promise<string> {
  const body = JSON.stringify({ grant_type: 'client_credential', appid: app.appId, secret: app.secret });
  const { body: answer } = await get(server, '/cgi-bin/stable_token', {}, { method: 'POST', body });
  return (JSON.parse(answer) as Json)['access_token'] as string;
}

async function ask(
  server: WechatMockServer,
  app: { appId: string; secret: string } = OFFICIAL,
): Promise<Json> {
  return json(server, TICKET, { access_token: await appToken(server, app), type: 'jsapi' });
}

describe('GET /cgi-bin/ticket/getticket', () => {
  it('gives the same ticket until it ends, and says what is left of it', async () => {
    const wechat = await start();
    const first = await ask(wechat);
    expect(first).toEqual({ errcode: 0, errmsg: 'ok', ticket: expect.any(String), expires_in: 7200 });
    wechat.clock.advance(7200_000 - 1);
    expect(await ask(wechat)).toEqual({ ...first, expires_in: 1 });
    wechat.clock.advance(1);
    const second = await ask(wechat);
    expect(second['ticket']).not.toBe(first['ticket']);
    expect(second['expires_in']).toBe(7200);
  });

  it('has one for each account', async () => {
    const wechat = await start();

    expect((await ask(wechat))['ticket']).not.toBe((await ask(wechat, LONE))['ticket']);
  });

  it('judges what it is given', async () => {
    const wechat = await start();
    const access_token = await appToken(wechat);
    expect(await json(wechat, TICKET, { type: 'jsapi' })).toMatchObject({ errcode: 41001 });
    expect(await json(wechat, TICKET, { type: 'jsapi', access_token: 'x' })).toMatchObject({
      errcode: 40001,
    });
    expect(await json(wechat, TICKET, { access_token })).toMatchObject({ errcode: 40097 });
    expect(await json(wechat, TICKET, { access_token, type: 'wx_card' })).toMatchObject({ errcode: 40097 });
    expect(await ask(wechat, MINI)).toMatchObject({ errcode: 48001 });
    expect(JSON.parse((await get(wechat, TICKET, {}, { method: 'POST' })).body)).toMatchObject({
      errcode: 43001,
    });
    wechat.clock.advance(120 * MINUTE);
    expect(await json(wechat, TICKET, { access_token, type: 'jsapi' })).toMatchObject({ errcode: 42001 });
  });

  it('counts the questions of a day, which begins at midnight in Beijing', async () => {
    // 2026-01-02T15:59:00Z is a minute before it.
    const wechat = await start({ unsure: { jsTicketsPerDay: 2 }, now: () => Date.UTC(2026, 0, 2, 15, 59) });
    expect(await ask(wechat)).toMatchObject({ errcode: 0 });
    expect(await ask(wechat)).toMatchObject({ errcode: 0 });
    expect(await ask(wechat)).toMatchObject({ errcode: 45009 });
    expect(await ask(wechat, LONE)).toMatchObject({ errcode: 0 });
    wechat.clock.advance(MINUTE);
    expect(await ask(wechat)).toMatchObject({ errcode: 0 });
    wechat.clock.advance(DAY);
    expect(await ask(wechat)).toMatchObject({ errcode: 0 });
  });
});

describe('What wx.config hears', () => {
  async function signed(wechat: WechatMockServer, change: Partial<MockJsConfig> = {}): Promise<MockJsConfig> {
    const ticket = (await ask(wechat))['ticket'] as string;
    const given = { nonceStr: 'abc', timestamp: 1_767_322_000, url: PAGE };
    return { appId: OFFICIAL.appId, ...given, signature: signJsSdk({ ticket, ...given }), ...change };
  }

  it('is config:ok for the address that was signed, and nothing else', async () => {
    const wechat = await start();
    const config = await signed(wechat);
    expect(wechat.jsConfigResult(config)).toBe('config:ok');
    const changes: Partial<MockJsConfig>[] = [
      { url: `${PAGE}&x=1` },
      { url: PAGE.replace('teas', 'Teas') },
      { url: `${PAGE}#a` },
      { nonceStr: 'abd' },
      { timestamp: 1_767_322_001 },
      { signature: config.signature.toUpperCase() },
      { signature: '' },
      { appId: LONE.appId },
    ];
    for (const change of changes)
      expect(wechat.jsConfigResult({ ...config, ...change })).toBe('config:invalid signature');
  });

  it('is about the account and its hosts first', async () => {
    const wechat = await start();
    const hear = async (change: Partial<MockJsConfig>) => wechat.jsConfigResult(await signed(wechat, change));

    expect(await hear({ appId: 'wxnobody' })).toBe('config:invalid appid');
    expect(await hear({ appId: WEBSITE.appId })).toBe('config:invalid appid');
    expect(await hear({ url: 'https://shop.example.com/' })).toBe('config:invalid url domain');
    expect(await hear({ url: 'nonsense' })).toBe('config:invalid url domain');
  });

  it('is no any more when the ticket has ended', async () => {
    const wechat = await start();
    const config = await signed(wechat);
    wechat.clock.advance(7200_000);

    expect(wechat.jsConfigResult(config)).toBe('config:invalid signature');
  });

  it('is what the script is told on pages of any origin, with the address that counted', async () => {
    const wechat = await start();
    const config = await signed(wechat);
    const hear = async (change: Partial<MockJsConfig>) => {
      const texts = Object.entries({ ...config, ...change }).map(([name, value]) => [name, String(value)]);
      return get(wechat, '/mock/js-config', Object.fromEntries(texts) as Record<string, string>);
    };
    const { body, headers } = await hear({});

    expect(JSON.parse(body)).toEqual({ errMsg: 'config:ok' });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(JSON.parse((await hear({ nonceStr: '' })).body)).toEqual({
      errMsg: 'config:invalid signature',
      realAuthUrl: [PAGE],
    });
    expect(wechat.callsTo('/mock/js-config')).toEqual([]);
  });

  it('comes by a script of the mock', async () => {
    const wechat = await start();
    const { status, headers, body } = await get(wechat, '/mock/jweixin.js');

    expect([status, headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect(() => new Function(body)).not.toThrow();
  });
});
