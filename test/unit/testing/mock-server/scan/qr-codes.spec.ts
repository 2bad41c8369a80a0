// QR codes that carry a scene: what is accepted, what comes back, how long it lives.
import type { WechatMockServer } from '../../../../../lib/testing/index.js';
import { appToken, createQrCode, DAY, get, json, LONE, MINI, OFFICIAL, START, start } from '../kit.js';

const CREATE = '/cgi-bin/qrcode/create';
const str = (scene_str: unknown, more: object = {}) => ({
  action_name: 'QR_STR_SCENE',
  action_info: { scene: { scene_str } },
  ...more,
});
const id = (scene_id: unknown, action_name = 'QR_SCENE') => ({
  action_name,
  action_info: { scene: { scene_id } },
});

let wechat: WechatMockServer;
beforeEach(async () => {
  wechat = await start({ now: () => START });
});

describe('qrcode/create', () => {
  it('gives a ticket, the life that was asked for, and an address of the mock', async () => {
    const code = await createQrCode(wechat, str('login_1', { expire_seconds: 300 }));
    expect(Object.keys(code)).toEqual(['ticket', 'expire_seconds', 'url']);
    expect(code['ticket']).toMatch(/^gQ[A-Za-z0-9+/]{94}==$/);
    expect(code['expire_seconds']).toBe(300);
    expect(String(code['url'])).toMatch(new RegExp(`^${wechat.endpoints.open}/q/[\\w-]{20}$`));
    const other = await createQrCode(wechat, str('login_1'));
    expect(other['expire_seconds']).toBe(60);
    expect(other['url']).not.toBe(code['url']);
  });

  it.each<[string, object]>([
    ['a character', str('a')],
    ['64 characters', str('x'.repeat(64))],
    ['a scene that begins as events do', str('qrscene_1')],
    ['30 days', str('a', { expire_seconds: 2_592_000 })],
    ['a second', str('a', { expire_seconds: 1 })],
    ['the highest number of 32 bits', id(4_294_967_295)],
    ['a permanent number', id(100_000, 'QR_LIMIT_SCENE')],
  ])('accepts %s', async (_, body) => {
    expect(await createQrCode(wechat, body)).toHaveProperty('ticket');
  });

  it('ignores the life of a permanent code, and names none', async () => {
    const code = await createQrCode(
      wechat,
      str('shop', { action_name: 'QR_LIMIT_STR_SCENE', expire_seconds: 'x' }),
    );
    expect(Object.keys(code)).toEqual(['ticket', 'url']);
  });

  it.each<[number, string, unknown]>([
    [40052, 'no name', { action_info: { scene: { scene_str: 'a' } } }],
    [40052, 'an unknown name', str('a', { action_name: 'QR_NEW_SCENE' })],
    [40052, 'a name in small letters', str('a', { action_name: 'qr_str_scene' })],
    [40052, 'a name in an array', str('a', { action_name: ['QR_STR_SCENE'] })],
    [40052, 'an inherited name', str('a', { action_name: 'constructor' })],
    [40052, 'an array', []],
    [40053, 'no info', { action_name: 'QR_STR_SCENE' }],
    [40053, 'info that is null', { action_name: 'QR_STR_SCENE', action_info: null }],
    [40053, 'info that is text', { action_name: 'QR_STR_SCENE', action_info: '{"scene":{"scene_str":"a"}}' }],
    [40053, 'a scene that is text', { action_name: 'QR_STR_SCENE', action_info: { scene: 'a' } }],
    [40053, 'an empty scene', str('')],
    [40053, '65 characters', str('x'.repeat(65))],
    [40053, 'a number as text', str(7)],
    [40053, 'text as a number', id('7')],
    [40053, 'the number of another kind', str(undefined, { action_info: { scene: { scene_id: 1 } } })],
    [40053, 'number 0', id(0)],
    [40053, 'a negative number', id(-1)],
    [40053, 'half a number', id(1.5)],
    [40053, 'a number of 33 bits', id(4_294_967_296)],
    [40053, 'a permanent number above 100,000', id(100_001, 'QR_LIMIT_SCENE')],
    [40097, 'a negative life', str('a', { expire_seconds: -1 })],
    [40097, 'no life', str('a', { expire_seconds: 0 })],
    [40097, 'more than 30 days', str('a', { expire_seconds: 2_592_001 })],
    [40097, 'half a second', str('a', { expire_seconds: 0.5 })],
    [40097, 'a life as text', str('a', { expire_seconds: '300' })],
    [40097, 'a life that is null', str('a', { expire_seconds: null })],
    [47001, 'null', null],
  ])('answers %d: %s', async (errcode, _, body) => {
    expect((await createQrCode(wechat, body)).errcode).toBe(errcode);
  });

  it('answers as other calls do to what is no call', async () => {
    const access_token = await appToken(wechat);
    expect((await json(wechat, CREATE, { access_token })).errcode).toBe(43002);
    const post = async (params: Record<string, string>, body: string) =>
      (JSON.parse((await get(wechat, CREATE, params, { method: 'POST', body })).body) as { errcode: number })
        .errcode;
    expect(await post({ access_token }, '')).toBe(44002);
    expect(await post({ access_token }, '{')).toBe(47001);
    expect(await post({}, '{}')).toBe(41001);
    expect(await post({ access_token: 'x' }, '{}')).toBe(40001);
    expect(await post({ access_token: await appToken(wechat, MINI) }, '{}')).toBe(48001);
  });

  it('has a quota a day for each account, which begins anew at midnight in Beijing', async () => {
    wechat.unsure.qrCodesPerDay = 2;
    await createQrCode(wechat, str('a'));
    await createQrCode(wechat, str(''));
    expect((await createQrCode(wechat, str('a'))).errcode).toBe(45009);
    expect(await createQrCode(wechat, str('a'), LONE)).toHaveProperty('ticket');
    wechat.clock.advance(Date.UTC(2026, 0, 2, 16) - START);
    wechat.expireAppToken(OFFICIAL.appId);
    expect(await createQrCode(wechat, str('a'))).toHaveProperty('ticket');
  });
});

describe('showqrcode', () => {
  const show = (ticket?: string) =>
    get(wechat, '/cgi-bin/showqrcode', ticket === undefined ? {} : { ticket });

  it('draws something for a ticket as long as it lives', async () => {
    const { ticket } = await createQrCode(wechat, str('a', { expire_seconds: 300 }));
    const { status, headers, body } = await show(String(ticket));
    expect([status, headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(body).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(wechat.callsTo('/cgi-bin/showqrcode')).toHaveLength(1);
    wechat.clock.advance(299_999);
    expect((await show(String(ticket))).status).toBe(200);
    wechat.clock.advance(1);
    expect((await show(String(ticket))).status).toBe(404);
  });

  it('draws a permanent one for ever', async () => {
    const { ticket } = await createQrCode(wechat, id(1, 'QR_LIMIT_SCENE'));
    wechat.clock.advance(4000 * DAY);
    expect((await show(String(ticket))).status).toBe(200);
  });

  it('answers 404 to what is no ticket, and can go wrong', async () => {
    for (const ticket of [undefined, '', 'gQ', '__proto__'])
      expect(await show(ticket)).toMatchObject({ status: 404, body: '' });
    wechat.inject('/cgi-bin/showqrcode', { status: 502 });
    expect((await show('x')).status).toBe(502);
    const { ticket } = await createQrCode(wechat, str('a'));
    wechat.inject('/cgi-bin/showqrcode', { answer: { a: 1 } });
    expect((await show(String(ticket))).body).toContain('<svg');
  });
});
