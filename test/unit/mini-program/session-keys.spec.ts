// Session keys through the public service: fetched once for a code, the newest and the one before
// it kept, and never shown.
import { Logger } from '@nestjs/common';
import { createCipheriv, createHash } from 'node:crypto';
import {
  WechatTokenNotFoundError,
  WechatDecryptError,
  WechatInputError,
  WechatStoreError,
} from '../../../lib/errors/errors.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { expectFreeOf } from '../../support/canary.js';
import { failureOf } from '../../support/failure.js';
import { FlakyStore } from '../../support/flaky-store.js';
import { LogCapture } from '../../support/log-capture.js';
import { makeParts, type Parts } from '../../support/parts.js';
import { Wire, type WireRequest } from '../../support/wire.js';

// The vectors that WeChat publishes with its samples.
const APP_ID = 'wx4f4bc4dec97d474b';
const OPENID = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE';
const SESSION_KEY = 'tiihtNczf5v6AKRyjwEUhQ==';
const IV = 'r7BXXKkLb8qrSNn05n0qiA==';
const ENCRYPTED =
  'CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+' +
  '3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6' +
  '/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs' +
  '8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns' +
  '/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG' +
  '20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==';
const MADE_AT = 1477314187;
const SIGNING_KEY = 'HyVFkGl5F5OQWJZZaNzBBg==';
const RAW_DATA =
  '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",' +
  '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}';
const SIGNATURE = '75e81ceda165f4ffa64f4068af58c64b8f54b88c';

const ENDPOINT = '/sns/jscode2session';
const KEY = `wechat:${APP_ID}:session-key:${OPENID}`;
const DAY = 86_400_000;
const keyOf = (n: number) => Buffer.alloc(16, n).toString('base64');
const answer = (session_key: string, more: object = {}) => ({ openid: OPENID, session_key, ...more });

let wire: Wire;
let logs: LogCapture;
let store: FlakyStore;
let parts: Parts;

function start(options: Parameters<typeof makeParts>[0] = {}): void {
  store = new FlakyStore({ now: () => parts.runtime.now() });
  parts = makeParts(
    { type: 'mini-program', appId: APP_ID, secret: 'app-secret-canary-0123456789', ...options },
    { store },
  );
  parts.runtime.time = MADE_AT * 1_000;
}

beforeEach(() => {
  logs = new LogCapture();
  Logger.overrideLogger(logs);
  wire = new Wire();
  start();
});
afterEach(() => {
  wire.close();
  Logger.overrideLogger(false);
});

const stored = async () => JSON.parse((await store.get(KEY)) ?? 'null') as unknown;
const login = (code = 'CODE') => parts.service.getSessionKey(code);
const official = { encryptedData: ENCRYPTED, iv: IV };
const decrypt = (input: object) =>
  parts.service.decryptMiniProgramUser({ ...official, openid: OPENID, ...input } as never);

/** Encrypts as WeChat does. */
function encrypt(content: object, sessionKey: string) {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(IV, 'base64'));
  const bytes = Buffer.concat([cipher.update(JSON.stringify(content)), cipher.final()]);
  return { encryptedData: bytes.toString('base64'), iv: IV };
}
const fresh = (sessionKey: string, more: object = {}) =>
  encrypt({ openId: OPENID, watermark: { appid: APP_ID, timestamp: MADE_AT }, ...more }, sessionKey);

describe('getSessionKey', () => {
  it('gives openid, unionid and the key, hidden', async () => {
    wire.on(ENDPOINT, answer(SESSION_KEY, { unionid: 'uABCDEF-0123' }));
    const session = await login();
    expect(session).toEqual({
      openid: OPENID,
      unionid: 'uABCDEF-0123',
      sessionKey: expect.any(WechatSecret),
    });
    expect(session.sessionKey.reveal()).toBe(SESSION_KEY);
    expectFreeOf(session, [SESSION_KEY]);
    wire.close();
    wire = new Wire().on(ENDPOINT, answer(SESSION_KEY));
    expect(await login('CODE-2')).not.toHaveProperty('unionid');
  });

  it('sends one request for a code, however many ask', async () => {
    wire.on(ENDPOINT, answer(SESSION_KEY));
    await Promise.all(Array.from({ length: 20 }, () => login()));
    expect(wire.count(ENDPOINT)).toBe(1);
    await login();
    expect(wire.count(ENDPOINT)).toBe(2);
  });

  it.each([[undefined], [''], [['CODE']], [Symbol('CODE')]])(
    'refuses %p without spoiling the exchange of a code that looks the same',
    async (code) => {
      wire.on(ENDPOINT, answer(SESSION_KEY));
      const wrong = failureOf(() => parts.service.getSessionKey(code as string));
      const right = login();
      expect(await wrong).toMatchObject({ code: 'WECHAT_INPUT', parameter: 'code' });
      await expect(right).resolves.toMatchObject({ openid: OPENID });
    },
  );

  it('keeps the newest key and the one before it', async () => {
    wire.queue(ENDPOINT, ...[1, 2, 3].map((n) => answer(keyOf(n))));
    await login('CODE-1');
    expect(await stored()).toStrictEqual({ current: keyOf(1) });
    await login('CODE-2');
    expect(await stored()).toStrictEqual({ current: keyOf(2), previous: keyOf(1) });
    await login('CODE-3');
    expect(await stored()).toStrictEqual({ current: keyOf(3), previous: keyOf(2) });
  });

  it('does not take the same key for a previous one', async () => {
    wire.queue(ENDPOINT, answer(keyOf(1)), answer(keyOf(2)), answer(keyOf(2)), answer(keyOf(2)));
    for (const code of ['CODE-1', 'CODE-2', 'CODE-3', 'CODE-4']) await login(code);
    expect(await stored()).toStrictEqual({ current: keyOf(2), previous: keyOf(1) });
  });

  it('keeps both keys of two logins at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      start();
      wire.close();
      wire = new Wire().on(ENDPOINT, async ({ query }: WireRequest) => {
        const n = Number(query['js_code']!.slice(-1));
        for (let i = 0; i < (n === 1 ? round : 5); i++) await Promise.resolve();
        return answer(keyOf(n));
      });
      await Promise.all([login('CODE-1'), login('CODE-2')]);
      const { current, previous } = (await stored()) as { current: string; previous: string };
      expect([current, previous].sort()).toEqual([keyOf(1), keyOf(2)].sort());
      for (const n of [1, 2]) {
        await expect(decrypt(fresh(keyOf(n)))).resolves.toMatchObject({ openId: OPENID });
      }
    }
  });

  it('keeps them for 30 days', async () => {
    wire.on(ENDPOINT, answer(SESSION_KEY));
    await login();
    parts.runtime.time += 30 * DAY - 1;
    expect(await stored()).toEqual({ current: SESSION_KEY });
    parts.runtime.time += 1;
    expect(await stored()).toBeNull();
  });

  it('keeps them sealed once a sessionSecret is configured, and never beside the app secret', async () => {
    start({ sessionSecret: 'session-secret-canary-0123456789abcdef' });
    wire.on(ENDPOINT, answer(SESSION_KEY));
    await login();
    const raw = (await store.get(KEY))!;
    expect(raw).toMatch(/^v1\./);
    expectFreeOf(raw, [SESSION_KEY, 'app-secret-canary-0123456789']);
    await expect(decrypt({})).resolves.toMatchObject({ nickName: 'Band' });
  });

  it('does not need the store to succeed', async () => {
    store.mode = 'rejects';
    wire.on(ENDPOINT, answer(SESSION_KEY));
    const { sessionKey } = await login();
    await expect(decrypt({ sessionKey })).resolves.toMatchObject({ nickName: 'Band' });
    const error = await failureOf(() => decrypt({}));
    expect(error).toBeInstanceOf(WechatStoreError);
    expect(error).toMatchObject({ kind: 'store', message: expect.stringContaining('session key') });
    expectFreeOf(error, [SESSION_KEY, 'CODE']);
    expect(logs.lines.map(({ level }) => level)).toEqual(['error']);
    expectFreeOf(logs.text, [SESSION_KEY, 'CODE']);
  });

  it.each([['{}'], ['[]'], ['{"current":7}'], ['{"current":"a","previous":7}'], ['hello']])(
    'replaces %p, which is no record',
    async (raw) => {
      await store.set(KEY, raw, DAY);
      expect(await failureOf(() => decrypt({}))).toBeInstanceOf(WechatTokenNotFoundError);
      wire.on(ENDPOINT, answer(SESSION_KEY));
      await login();
      expect(await stored()).toStrictEqual({ current: SESSION_KEY });
    },
  );

  it('keeps the keys of two mini programs apart', async () => {
    start({
      appId: undefined,
      secret: undefined,
      type: undefined,
      apps: {
        one: { type: 'mini-program', appId: APP_ID, secret: 's1' },
        two: { type: 'mini-program', appId: 'wx2222', secret: 's2' },
      },
    });
    wire.on(ENDPOINT, answer(SESSION_KEY));
    await parts.service.app('one').getSessionKey('CODE');
    const input = { ...official, openid: OPENID };
    await expect(parts.service.app('one').decryptMiniProgramUser(input)).resolves.toBeDefined();
    expect(await failureOf(() => parts.service.app('two').decryptMiniProgramUser(input))).toBeInstanceOf(
      WechatTokenNotFoundError,
    );
  });
});

describe('decryptMiniProgramUser', () => {
  beforeEach(async () => {
    wire.on(ENDPOINT, answer(SESSION_KEY));
    await login();
  });

  it("opens WeChat's own vector by openid", async () => {
    expect(await decrypt({})).toMatchObject({
      openId: OPENID,
      nickName: 'Band',
      unionId: 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA',
      watermark: { appid: APP_ID, timestamp: MADE_AT },
    });
  });

  it.each([
    ['text', SESSION_KEY],
    ['a WechatSecret', new WechatSecret(SESSION_KEY)],
  ])('opens it with a key that is given as %s', async (_name, sessionKey) => {
    await expect(decrypt({ openid: undefined, sessionKey })).resolves.toMatchObject({ openId: OPENID });
    await expect(decrypt({ sessionKey })).resolves.toMatchObject({ openId: OPENID });
  });

  it('goes by the openid where the key is null, as a database gives it', async () => {
    await expect(decrypt({ sessionKey: null })).resolves.toMatchObject({ openId: OPENID });
  });

  it('opens with the previous key what was encrypted before the last wx.login', async () => {
    wire.close();
    wire = new Wire().on(ENDPOINT, answer(keyOf(9)));
    await login('CODE-2');
    await expect(decrypt({})).resolves.toMatchObject({ nickName: 'Band' });
    await expect(decrypt(fresh(keyOf(9)))).resolves.toMatchObject({ openId: OPENID });
    await login('CODE-3');
  });

  it('no longer opens what was encrypted two keys ago', async () => {
    wire.close();
    wire = new Wire().queue(ENDPOINT, answer(keyOf(8)), answer(keyOf(9)));
    await login('CODE-2');
    await login('CODE-3');
    expect(await failureOf(() => decrypt({}))).toMatchObject({ code: 'WECHAT_DECRYPT', kind: 'decrypt' });
  });

  it.each([
    [300, undefined],
    [-60, undefined],
    [10, 10],
    [1e9, Infinity],
    [-1e6, Infinity],
  ])('opens data that is %d s old with maxAge %p', async (age, maxAge) => {
    parts.runtime.time = (MADE_AT + age) * 1_000;
    await expect(decrypt({ sessionKey: SESSION_KEY, maxAge })).resolves.toMatchObject({ openId: OPENID });
  });

  it.each([
    [300.001, undefined],
    [301, undefined],
    [-61, undefined],
    [11, 10],
    [1, 0],
    [1, -1],
    [0, NaN],
    [1, null],
    [0, 'long'],
  ])('refuses data that is %d s old with maxAge %p', async (age, maxAge) => {
    parts.runtime.time = (MADE_AT + age) * 1_000;
    expect(await failureOf(() => decrypt({ sessionKey: SESSION_KEY, maxAge }))).toBeInstanceOf(
      WechatDecryptError,
    );
  });

  it.each([
    ['of another person', () => fresh(SESSION_KEY, { openId: 'oSomebodyElse' })],
    [
      'of another app',
      () => fresh(SESSION_KEY, { watermark: { appid: 'wx0000000000000000', timestamp: MADE_AT } }),
    ],
    ['without a watermark', () => fresh(SESSION_KEY, { watermark: undefined })],
    ['under another key', () => fresh(keyOf(5))],
    ['without an IV', () => ({ iv: '' })],
    ['that is none', () => ({ encryptedData: undefined })],
  ])('refuses data %s, with one and the same error', async (_name, data) => {
    const error = await failureOf(() => decrypt(data()));
    expect(error).toBeInstanceOf(WechatDecryptError);
    expect(error.message).toBe(new WechatDecryptError().message);
    expectFreeOf(error, [SESSION_KEY, keyOf(5)]);
  });

  it('refuses the data of another person for a key that came with an openid', async () => {
    const data = fresh(SESSION_KEY, { openId: 'oSomebodyElse' });
    expect(await failureOf(() => decrypt({ ...data, sessionKey: SESSION_KEY }))).toBeInstanceOf(
      WechatDecryptError,
    );
    await expect(decrypt({ ...data, sessionKey: SESSION_KEY, openid: undefined })).resolves.toBeDefined();
  });

  it('needs a login before it', async () => {
    const error = await failureOf(() => decrypt({ openid: 'oNeverSeen' }));
    expect(error).toBeInstanceOf(WechatTokenNotFoundError);
    expect(error.message).toContain('wx.login');
  });

  it.each([[undefined], [null], [''], ['x:token:y'], [`${OPENID}\nERROR`], [['o123456']], ['o'.repeat(129)]])(
    'refuses the openid %j before the store is asked',
    async (openid) => {
      const gets: string[] = [];
      store.get = async (key) => void gets.push(key);
      for (const call of [
        () => decrypt({ openid }),
        () => parts.service.verifySignature({ openid: openid as string, rawData: 'x', signature: 'x' }),
      ]) {
        expect(await failureOf(call)).toBeInstanceOf(WechatInputError);
      }
      expect(gets).toEqual([]);
    },
  );
});

describe('verifySignature', () => {
  const verify = (input: object) =>
    parts.service.verifySignature({ rawData: RAW_DATA, signature: SIGNATURE, ...input } as never);

  it("accepts WeChat's own vector by openid and by key", async () => {
    wire.on(ENDPOINT, answer(SIGNING_KEY));
    await login();
    expect(await verify({ openid: OPENID })).toBe(true);
    expect(await verify({ sessionKey: SIGNING_KEY })).toBe(true);
    expect(await verify({ sessionKey: new WechatSecret(SIGNING_KEY) })).toBe(true);
  });

  it('accepts the signature of the previous key', async () => {
    wire.queue(ENDPOINT, answer(SIGNING_KEY), answer(keyOf(1)), answer(keyOf(2)));
    await login('CODE-1');
    await login('CODE-2');
    expect(await verify({ openid: OPENID })).toBe(true);
    await login('CODE-3');
    expect(await verify({ openid: OPENID })).toBe(false);
  });

  it('refuses everything else', async () => {
    expect(await verify({ sessionKey: SESSION_KEY })).toBe(false);
    expect(await verify({ sessionKey: SIGNING_KEY, rawData: `${RAW_DATA} ` })).toBe(false);
    expect(await verify({ sessionKey: SIGNING_KEY, signature: SIGNATURE.toUpperCase() })).toBe(false);
    expect(await failureOf(() => verify({ openid: OPENID }))).toBeInstanceOf(WechatTokenNotFoundError);
  });

  it.each([[''], ['null'], ['undefined'], ['[object Object]'], ['7']])(
    'does not accept a signature that anybody can make where the key is missing (%p)',
    async (guess) => {
      const signature = createHash('sha1')
        .update(RAW_DATA + guess)
        .digest('hex');
      for (const sessionKey of [null, undefined, {}, 7, '']) {
        const verdict = await verify({ sessionKey, signature }).catch((error: unknown) => error);
        expect([false, 'WechatInputError']).toContain(verdict instanceof Error ? verdict.name : verdict);
      }
    },
  );
});

describe('getUserByCode at a mini program', () => {
  beforeEach(() => wire.on(ENDPOINT, answer(SESSION_KEY)));

  it('exchanges the code and opens the data', async () => {
    await expect(parts.service.getUserByCode({ code: 'CODE', ...official })).resolves.toMatchObject({
      openId: OPENID,
      nickName: 'Band',
    });
    expect(wire.count(ENDPOINT)).toBe(1);
    expect(await stored()).toEqual({ current: SESSION_KEY });
  });

  it('refuses the data of somebody else than who the code belongs to', async () => {
    const data = fresh(SESSION_KEY, { openId: 'oSomebodyElse' });
    expect(await failureOf(() => parts.service.getUserByCode({ code: 'CODE', ...data }))).toBeInstanceOf(
      WechatDecryptError,
    );
  });

  it('refuses data that is too old', async () => {
    parts.runtime.time += 301_000;
    expect(await failureOf(() => parts.service.getUserByCode({ code: 'CODE', ...official }))).toBeInstanceOf(
      WechatDecryptError,
    );
  });

  it.each([['CODE'], [{ code: 'CODE' }], [{ code: 'CODE', iv: IV }], [{ code: 'CODE', encryptedData: 'x' }]])(
    'does not spend the code of %j, which has no data',
    async (person) => {
      const error = await failureOf(() => parts.service.getUserByCode(person as string));
      expect(error).toBeInstanceOf(WechatInputError);
      expect(error).toMatchObject({ kind: 'decrypt' });
      expect(error.message).toContain('getSessionKey');
      expect(wire.requests).toEqual([]);
    },
  );
});
