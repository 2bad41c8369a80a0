// A phone that scans a code, and the chat that opens.
import {
  type MockPushFields,
  type MockScanOptions,
  MockServerError,
  type WechatMockServer,
} from '../../../../../lib/testing/index.js';
import { appToken, createQrCode, json, LONE, MINI, OFFICIAL, START, start, WEBSITE } from '../kit.js';
import { PushTarget, reply } from './push-target.js';

const { appId } = OFFICIAL;
let wechat: WechatMockServer;
let target: PushTarget;

beforeEach(async () => {
  wechat = await start();
  target = await new PushTarget().attach(wechat);
});
afterEach(() => target.close());

const create = async (
  scene: string | number = 'login_1',
  more: object = {},
  app: typeof OFFICIAL | typeof LONE = OFFICIAL,
) => {
  const isText = typeof scene === 'string';
  const action_info = { scene: { [isText ? 'scene_str' : 'scene_id']: scene } };
  const asked = { action_name: isText ? 'QR_STR_SCENE' : 'QR_SCENE', action_info, ...more };
  return (await createQrCode(wechat, asked, app)) as { ticket: string; url: string };
};
const events = () => target.got.map(({ Event, EventKey }) => `${String(Event)} ${String(EventKey)}`);
const texts = (user = 'ming') => wechat.chat(appId, user).map(({ text }) => text);

describe('scan()', () => {
  it('makes a follower of who is none: subscribe, with a prefix', async () => {
    const { ticket } = await create();
    const { deliveries, outOfService } = await wechat.scan({ ticket, user: 'ming' });
    expect([deliveries.length, outOfService]).toEqual([1, false]);
    expect(target.got).toEqual([
      {
        ToUserName: expect.stringMatching(/^gh_/) as string,
        FromUserName: wechat.openidOf(appId, 'ming'),
        CreateTime: String(START / 1000),
        MsgType: 'event',
        Event: 'subscribe',
        EventKey: 'qrscene_login_1',
        Ticket: ticket,
      },
    ]);
    expect(wechat.user('ming').follower).toBe(true);
    wechat.clock.advance(5_000);
    const access_token = await appToken(wechat);
    const openid = wechat.openidOf(appId, 'ming');
    expect(await json(wechat, '/cgi-bin/user/info', { access_token, openid })).toMatchObject({
      subscribe: 1,
      subscribe_time: START / 1000,
      subscribe_scene: 'ADD_SCENE_QR_CODE',
      qr_scene_str: 'login_1',
    });
  });

  it('brings a follower to the chat: SCAN, without a prefix, as often as they like', async () => {
    const { url } = await create();
    for (const user of ['qiang', 'ming', 'ming', 'hong']) await wechat.scan({ url, user });
    expect(events()).toEqual([
      'SCAN login_1',
      'subscribe qrscene_login_1',
      'SCAN login_1',
      'subscribe qrscene_login_1',
    ]);
    wechat.unsure.scanInSmallLetters = true;
    await wechat.scan({ url, user: 'qiang' });
    expect(events().at(-1)).toBe('scan login_1');
    wechat.setUser('ming', { follower: false });
    await wechat.scan({ url, user: 'ming' });
    expect(events().at(-1)).toBe('subscribe qrscene_login_1');
  });

  it('adds its prefix to a scene that has one already, and says numbers', async () => {
    await create('qrscene_1');
    await create(4_294_967_295);
    await wechat.scan({ scene: 'qrscene_1', user: 'ming' });
    await wechat.scan({ scene: 'qrscene_1', user: 'ming' });
    await wechat.scan({ scene: 4_294_967_295, user: 'ming' });
    expect(events()).toEqual(['subscribe qrscene_qrscene_1', 'SCAN qrscene_1', 'SCAN 4294967295']);
  });

  it('pushes nothing for who only looks', async () => {
    const { ticket } = await create();
    const result = await wechat.scan({ ticket, user: 'ming', follows: false });
    expect(result).toEqual({ deliveries: [], outOfService: false });
    expect([wechat.user('ming').follower, target.got, wechat.chat(appId, 'ming')]).toEqual([false, [], []]);
    await wechat.scan({ ticket, user: 'qiang', follows: false });
    expect(events()).toEqual(['SCAN login_1']);
  });

  it('is a push like others: again, twice at once, cut', async () => {
    const { ticket } = await create();
    expect((await wechat.scan({ ticket, user: 'ming', lostAnswers: 1, copies: 2 })).deliveries).toHaveLength(
      4,
    );
    expect(new Set(events())).toEqual(new Set(['subscribe qrscene_login_1']));
    target.answer = () => undefined;
    const cut = await wechat.scan({ ticket, user: 'ming', patience: 30 });
    expect([cut.deliveries.length, cut.outOfService]).toEqual([3, true]);
  });

  it('lets one follow and the others scan where several scan at once', async () => {
    const { ticket } = await create();
    const scan = () => wechat.scan({ ticket, user: 'ming' });
    await Promise.all([scan(), scan(), scan()]);
    expect(events().sort()).toEqual(['SCAN login_1', 'SCAN login_1', 'subscribe qrscene_login_1']);
  });

  it('takes the newest living code of a scene', async () => {
    await create('a', { expire_seconds: 100 });
    wechat.clock.advance(1);
    const newer = await create('a', { expire_seconds: 10 });
    await wechat.scan({ scene: 'a', user: 'ming' });
    expect(target.got[0]!['Ticket']).toBe(newer.ticket);
    wechat.clock.advance(10_000);
    await wechat.scan({ scene: 'a', user: 'ming' });
    expect(target.got[1]!['Ticket']).not.toBe(newer.ticket);
  });

  it('asks for the account where a scene is one of two', async () => {
    await target.attach(wechat, LONE.appId);
    await create('a');
    await create('a', {}, LONE);
    await expect(wechat.scan({ scene: 'a', user: 'ming' })).rejects.toThrow('Give appId too.');
    await wechat.scan({ scene: 'a', user: 'ming', appId: LONE.appId });
    expect(target.got[0]!['FromUserName']).toBe(wechat.openidOf(LONE.appId, 'ming'));
  });

  it('refuses a code as soon as it has expired', async () => {
    const { ticket, url } = await create('a', { expire_seconds: 60 });
    wechat.clock.advance(59_999);
    await wechat.scan({ ticket, user: 'qiang' });
    wechat.clock.advance(1);
    for (const code of [{ ticket }, { url }, { scene: 'a' }])
      await expect(wechat.scan({ ...code, user: 'ming' })).rejects.toThrow('knows no living code');
    expect([wechat.user('ming').follower, target.got.length]).toEqual([false, 1]);
  });

  it.each<[string, (code: { ticket: string; url: string }) => Omit<MockScanOptions, 'user'>, string]>([
    ['nothing', () => ({}), 'Give one of'],
    ['two', (code) => code, 'Give one of'],
    ['an unknown ticket', () => ({ ticket: 'gQ' }), 'knows no living code of "gQ"'],
    ['an encoded ticket', ({ ticket }) => ({ ticket: encodeURIComponent(ticket) }), 'knows no'],
    ['another address', ({ url }) => ({ url: `${url}x` }), 'knows no'],
    ['the prefix', () => ({ scene: 'qrscene_login_1' }), 'knows no'],
    ['a part of the scene', () => ({ scene: 'login' }), 'knows no'],
    ['the code of another account', ({ ticket }) => ({ ticket, appId: LONE.appId }), LONE.appId],
    ['an unknown account', ({ ticket }) => ({ ticket, appId: 'wx' }), 'unknown appId'],
  ])('throws for %s', async (_, code, message) => {
    const scanned = wechat.scan({ ...code(await create()), user: 'ming' });
    await expect(scanned).rejects.toThrow(MockServerError);
    await expect(scanned).rejects.toThrow(message);
    expect(wechat.user('ming').follower).toBe(false);
  });

  it('throws for an unknown person, and follows nobody where nothing is set up', async () => {
    const { ticket } = await create();
    await expect(wechat.scan({ ticket, user: 'nobody' })).rejects.toThrow('unknown user');
    await create('b', {}, LONE);
    await expect(wechat.scan({ scene: 'b', user: 'ming' })).rejects.toThrow('Call setPush() first.');
    expect(wechat.user('ming').follower).toBe(false);
    await wechat.scan({ scene: 'b', user: 'ming', follows: false });
  });
});

describe('chat()', () => {
  it('has what the account answered, by the words and the links in it', async () => {
    const { ticket } = await create();
    target.says(
      'One line,\n<a href="https://shop.example.com/?a=1&b=2">look</a> or <a data-x="1" href="javascript:alert(1)" >not</a>.',
    );
    await wechat.scan({ ticket, user: 'ming' });
    expect(wechat.chat(appId, 'ming')).toEqual([
      {
        at: START,
        from: 'account',
        type: 'text',
        text: 'One line,\nlook or not.',
        links: ['https://shop.example.com/?a=1&b=2', 'javascript:alert(1)'],
      },
    ]);
    expect(wechat.chat(appId, 'hong')).toEqual([]);
    expect(wechat.chat(LONE.appId, 'ming')).toEqual([]);
  });

  it.each([
    `<a href='https://x'>single quotes</a>`,
    '<a>no address</a>',
    '<abbr href="https://x">no link</abbr>',
    '<a data-href="https://x">another attribute</a>',
    '<a href="https://x">no end',
    '1 < 2 & 3 > 2',
  ])('shows as it is what is no link: %s', async (text) => {
    const { ticket } = await create();
    target.says(text);
    await wechat.scan({ ticket, user: 'ming' });
    expect(wechat.chat(appId, 'ming')).toMatchObject([{ text, links: [] }]);
  });

  it('has answers to push() too, newest last, and none where there was none', async () => {
    const write = (Content: string) =>
      wechat.push({ appId, user: 'ming', fields: { MsgType: 'text', Content } });
    target.answer = ({ Content }) => reply({ MsgType: 'text', Content: `${String(Content)}!` });
    await write('a');
    await write('b');
    target.answer = () => 'success';
    await write('c');
    target.answer = () => reply({ MsgType: 'transfer_customer_service' });
    await write('d');
    target.says('');
    await write('e');
    expect(texts()).toEqual(['a!', 'b!']);
    target.says('bye');
    await wechat.push({ appId, user: 'ming', fields: { MsgType: 'event', Event: 'unsubscribe' } });
    expect(texts()).toEqual(['a!', 'b!']);
  });

  it('says what WeChat says where the account is out of service', async () => {
    const { ticket } = await create();
    for (const body of ['nonsense', undefined]) {
      target.answer = () => body;
      await wechat.scan({ ticket, user: 'ming', patience: 30 });
    }
    const line = { at: START, from: 'system', type: 'text', text: '该服务号暂时无法提供服务', links: [] };
    expect(wechat.chat(appId, 'ming')).toEqual([line, line]);
  });

  it('names what is no text, and the titles of articles', async () => {
    const { ticket } = await create();
    const Articles: MockPushFields[] = [
      { Title: 'One', Description: 'd', PicUrl: 'https://p', Url: 'https://1' },
      { Title: 'Two', Url: 'https://2' },
      {},
    ];
    const answers: MockPushFields[] = [
      { MsgType: 'image', Image: { MediaId: 'm' } },
      { MsgType: 'news', ArticleCount: 3, Articles },
      { MsgType: 'news' },
      { Content: 7 },
    ];
    for (const answer of answers) {
      target.answer = () => reply(answer);
      await wechat.scan({ ticket, user: 'ming' });
    }
    expect(texts()).toEqual(['[image]', 'One\nTwo\n', '', '7']);
    expect(wechat.chat(appId, 'ming')[1]!.links).toEqual(['https://1', 'https://2']);
  });

  it('keeps a hundred, and cannot be changed from outside', async () => {
    let count = 0;
    target.answer = () => reply({ Content: `no. ${++count}` });
    const { ticket } = await create();
    for (let index = 0; index < 103; index++) await wechat.scan({ ticket, user: 'ming' });
    expect([texts().length, texts()[0], texts()[99]]).toEqual([100, 'no. 4', 'no. 103']);
    (wechat.chat(appId, 'ming') as unknown[]).length = 0;
    expect(texts()).toHaveLength(100);
  });

  it('throws for who is not there, and for what has no chat', () => {
    expect(() => wechat.chat('wx', 'ming')).toThrow(MockServerError);
    expect(() => wechat.chat(appId, 'nobody')).toThrow(MockServerError);
    expect(() => wechat.chat(WEBSITE.appId, 'ming')).toThrow('has no chat');
    expect(wechat.chat(MINI.appId, 'ming')).toEqual([]);
  });
});
