// The mock as the side that pushes: what it sends, what it takes for an answer, how often it tries.
import { MockServerError, type MockPushSettings, WechatMockServer } from '../../../../lib/testing/index.js';
import { seal, sign, unseal } from '../../../../lib/testing/mock-server/push/safe-mode.js';
import { readXmlText, writeMessage } from '../../../../lib/testing/mock-server/push/push-text.js';
import { type LocalServer, localServer } from '../../../support/local-server.js';
import { ADDRESS_CHECK, UTF8, VECTORS } from '../../push/push-vectors.js';

const KEY = UTF8.key;
const APP = 'wx00000000000000a1';

let wechat: WechatMockServer;
let application: LocalServer;
let got: { query: URLSearchParams; body: string; method: string }[];
let answer: (query: URLSearchParams, body: string) => [status: number, body: string] | undefined;

beforeAll(async () => {
  wechat = await WechatMockServer.start();
  application = await localServer((request, response) => {
    const query = new URL(request.url!, 'http://x').searchParams;
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ query, body, method: request.method! });
      const said = request.method === 'GET' ? [200, query.get('echostr')!] : answer(query, body);
      if (said) response.writeHead(said[0] as number).end(said[1]);
    });
  });
});
afterAll(async () => {
  application.close();
  await wechat.close();
});
beforeEach(() => {
  got = [];
  answer = () => [200, 'success'];
  Object.assign(wechat.unsure, { pushTwice: false, pushAgainAfterError: true });
});

const settings = (more: Partial<MockPushSettings> = {}): MockPushSettings => ({
  appId: APP,
  url: `${application.origin}/push?own=1`,
  token: 'MockToken',
  encodingAesKey: KEY,
  ...more,
});
const push = (more: object = {}) =>
  wechat.push({ appId: APP, user: 'ming', fields: { MsgType: 'text', Content: 'hi' }, ...more });
const posts = () => got.filter(({ method }) => method === 'POST');

it('knows the vectors', () => {
  const { token, timestamp, nonce, signature } = ADDRESS_CHECK;
  expect(sign(token, timestamp, nonce)).toBe(signature);
  for (const vector of VECTORS) {
    expect(unseal(vector.key, vector.encrypted, vector.receiver)).toBe(vector.message);
    expect(sign(vector.token, vector.timestamp, vector.nonce, vector.encrypted)).toBe(vector.signature);
  }
  expect(unseal(KEY, seal(KEY, UTF8.message, 'wx1'), 'wx1')).toBe(UTF8.message);
  expect(() => unseal(KEY, seal(KEY, 'a', 'wx1'), 'wx2')).toThrow('another app');
});

it('writes what it can read', () => {
  const fields = { A: 'x]]>y', B: 1, C: { D: '' }, E: [{ F: 'a' }, { F: 'b' }] };
  const read = readXmlText(writeMessage(fields, 'xml').replaceAll('\n', ''));
  expect(read).toEqual({ ...fields, B: '1' });
  for (const text of ['', '<xml>', '<xml><a></b></xml>', 'x', '<a>1</a>', '{}'])
    expect(() => readXmlText(text)).toThrow(/^it/);
});

describe('The console', () => {
  it('asks the address before it saves', async () => {
    await wechat.setPush(settings());
    const { query, method } = got[0]!;
    expect([method, query.get('own')]).toEqual(['GET', '1']);
    expect(query.get('signature')).toBe(sign('MockToken', query.get('timestamp')!, query.get('nonce')!));
  });

  it.each([
    ['appId', { appId: 'wx00000000000000b2' }],
    ['url', { url: 'ftp://x' }],
    ['token', { token: 'a' }],
    ['encodingAesKey', { encodingAesKey: 'short' }],
    ['mode', { mode: 'open' as 'safe' }],
    ['format', { format: 'csv' as 'xml' }],
    ['got', { url: 'http://127.0.0.1:1/' }],
  ])('refuses: %s', async (word, more) => {
    const saved = wechat.setPush(settings(more));
    await expect(saved).rejects.toThrow(MockServerError);
    await expect(wechat.setPush(settings(more))).rejects.toThrow(word);
  });

  it('has to be filled in before a push', async () => {
    await expect(wechat.push({ appId: 'wx00000000000000d4', user: 'ming', fields: {} })).rejects.toThrow(
      'setPush()',
    );
  });
});

describe('A push', () => {
  it.each(['safe', 'compatible', 'plain'] as const)('shows as much as its mode: %s', async (mode) => {
    await wechat.setPush(settings({ mode }));
    await push();
    const [{ query, body }] = posts() as [(typeof got)[0]];
    expect(body.includes('<Content>')).toBe(mode !== 'safe');
    expect(body.includes('<Encrypt>')).toBe(mode !== 'plain');
    expect(query.get('encrypt_type')).toBe(mode === 'plain' ? null : 'aes');
    expect(query.get('openid')).toBe(wechat.openidOf(APP, 'ming'));
  });

  it('is sent three times in all where nothing comes, and where a status does', async () => {
    await wechat.setPush(settings());
    answer = () => undefined;
    const silent = await push({ patience: 50 });
    expect([silent.deliveries.map(({ status }) => status), silent.outOfService]).toEqual([[0, 0, 0], true]);
    answer = () => [503, ''];
    expect((await push()).deliveries).toHaveLength(3);
    wechat.unsure.pushAgainAfterError = false;
    expect((await push()).deliveries).toHaveLength(1);
  });

  it('comes again with the same id, and twice at once where asked', async () => {
    await wechat.setPush(settings());
    const { deliveries } = await push({ lostAnswers: 1, copies: 2 });
    expect(deliveries).toHaveLength(4);
    wechat.unsure.pushTwice = true;
    expect((await push()).deliveries).toHaveLength(2);
    const ids = posts().map(({ body }) => {
      const encrypted = readXmlText(body)['Encrypt'] as string;
      return readXmlText(unseal(KEY, encrypted, APP))['MsgId'];
    });
    expect(new Set(ids).size).toBe(2);
  });

  it('shows no answer that was lost on its way', async () => {
    await wechat.setPush(settings({ mode: 'plain' }));
    answer = () => [200, `<xml><Content>no. ${posts().length}</Content></xml>`];
    const once = await push({ lostAnswers: 1 });
    expect([once.reply, once.outOfService, once.deliveries.length]).toEqual([{ Content: 'no. 2' }, false, 2]);
    const never = await push({ lostAnswers: 3 });
    expect([never.reply, never.outOfService, never.deliveries.length]).toEqual([undefined, true, 3]);
  });

  it('takes an answer only as WeChat would', async () => {
    await wechat.setPush(settings());
    const reply = (query: URLSearchParams, change: object = {}) => {
      const encrypted = seal(KEY, '<xml><Content>ok</Content></xml>', APP);
      const [time, nonce] = ['1714036504', query.get('nonce')!];
      const MsgSignature = sign('MockToken', time, nonce, encrypted);
      return writeMessage(
        { Encrypt: encrypted, MsgSignature, TimeStamp: 1714036504, Nonce: nonce, ...change },
        'xml',
      );
    };
    answer = (query) => [200, reply(query).replaceAll('\n', '')];
    expect((await push()).reply).toEqual({ Content: 'ok' });
    const other = seal(KEY, '<xml><Content>ok</Content></xml>', 'wx1');
    for (const change of [{ Nonce: '1' }, { MsgSignature: 'f' }, { Encrypt: other }, { TimeStamp: 1 }]) {
      answer = (query) => [200, reply(query, change)];
      expect(await push()).toMatchObject({
        outOfService: true,
        deliveries: [{ fault: expect.any(String) as string }],
      });
    }
    for (const text of ['ok', '<xml><Content>in clear</Content></xml>', '{"a":1}']) {
      answer = () => [200, text];
      expect((await push()).outOfService).toBe(true);
    }
    answer = () => [200, ''];
    expect((await push()).outOfService).toBe(false);
  });
});
