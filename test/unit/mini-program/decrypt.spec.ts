// Encrypted user data: WeChat's own vector opens, and whatever else is tried gets one and the same
// error.
import { createCipheriv } from 'node:crypto';
import { inspect } from 'node:util';
import { WechatDecryptError } from '../../../lib/errors/errors.js';
import { decryptUserData, type DecryptUserDataInput } from '../../../lib/mini-program/decrypt.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';

// The vector that WeChat publishes with its decryption samples.
const APP_ID = 'wx4f4bc4dec97d474b';
const SESSION_KEY = 'tiihtNczf5v6AKRyjwEUhQ==';
const OPENID = 'oGZUI0egBJY1zhBYw2KhdUfwVJJE';
const UNIONID = 'ocMvos6NjeKLIBqg5Mr9QjxrP1FA';
const IV = 'r7BXXKkLb8qrSNn05n0qiA==';
const ENCRYPTED =
  'CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+' +
  '3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6' +
  '/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs' +
  '8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns' +
  '/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG' +
  '20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==';
const MADE_AT = 1477314187;

const official: DecryptUserDataInput = {
  appId: APP_ID,
  sessionKeys: [new WechatSecret(SESSION_KEY)],
  encryptedData: ENCRYPTED,
  iv: IV,
  now: MADE_AT * 1000,
};
const OTHER_KEY = new WechatSecret('HyVFkGl5F5OQWJZZaNzBBg==');
const base64 = (length: number) => Buffer.alloc(length, 7).toString('base64');

/** Encrypts as WeChat does. `pad` replaces the PKCS#7 padding. */
function encrypt(content: string | Buffer, pad?: Buffer): Partial<DecryptUserDataInput> {
  const cipher = createCipheriv('aes-128-cbc', Buffer.from(SESSION_KEY, 'base64'), Buffer.from(IV, 'base64'));
  if (pad) cipher.setAutoPadding(false);
  const parts = [cipher.update(content), pad ? cipher.update(pad) : Buffer.alloc(0), cipher.final()];
  return { encryptedData: Buffer.concat(parts).toString('base64') };
}

const watermark = { timestamp: MADE_AT, appid: APP_ID };
const sealed = (content: unknown) => encrypt(JSON.stringify(content));

function failure(change: object): WechatDecryptError {
  try {
    decryptUserData({ ...official, ...change });
  } catch (error) {
    return error as WechatDecryptError;
  }
  throw new Error(`was accepted: ${inspect(change)}`);
}
const looksLike = (error: unknown) => inspect(error, { depth: 10, showHidden: true });

// Thousands of errors are made here, and nobody reads where: a trace is most of what one costs.
const { stackTraceLimit } = Error;
beforeEach(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

describe('decryptUserData', () => {
  it("opens WeChat's own vector", () => {
    expect(decryptUserData(official)).toStrictEqual({
      openId: OPENID,
      nickName: 'Band',
      gender: 1,
      language: 'zh_CN',
      city: 'Guangzhou',
      province: 'Guangdong',
      country: 'CN',
      avatarUrl:
        'http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0',
      unionId: UNIONID,
      watermark,
    });
  });

  it('opens data of any length of padding, and text beyond ASCII', () => {
    for (let more = 0; more < 32; more++) {
      const content = { nickName: `熊🐼${'x'.repeat(more)}`, watermark };
      expect(decryptUserData({ ...official, ...sealed(content) })).toStrictEqual(content);
    }
  });

  it.each([
    ['percent-encoded', encodeURIComponent],
    [
      'percent-encoded in small letters',
      (text: string) => encodeURIComponent(text).replace(/%../g, (one) => one.toLowerCase()),
    ],
    ['with a line end behind', (text: string) => `${text}\r\n`],
    ['with a percent-encoded line end behind', (text: string) => `${text}%0A`],
    [
      'percent-encoded, with spaces for plus signs',
      (text: string) => text.replaceAll('+', ' ').replaceAll('=', '%3D'),
    ],
  ])('takes the same bytes written otherwise: %s', (_name, write) => {
    const iv = write(IV);
    expect(decryptUserData({ ...official, encryptedData: write(ENCRYPTED), iv }).openId).toBe(OPENID);
  });

  it.each([
    ['a percent sign that encodes nothing', `${IV.slice(0, -2)}%`],
    ['encoded twice', encodeURIComponent(encodeURIComponent(IV))],
    ['a blank behind', `${IV} `],
  ])('refuses an IV with %s', (_name, iv) => {
    expect(failure({ iv })).toBeInstanceOf(WechatDecryptError);
  });

  it.each([
    ['nickName', 'a\u0014b', 'a b'],
    ['city', 'a\nb', 'a b'],
    ['country', '\u0000', ' '],
  ])('reads a raw control character in %s', (field, raw, read) => {
    const content = `{"openId":"${OPENID}","${field}":"${raw}","watermark":${JSON.stringify(watermark)}}`;
    const user = decryptUserData({ ...official, ...encrypt(content), openid: OPENID });
    expect(user).toEqual({ openId: OPENID, [field]: read, watermark });
    // All checks stay.
    expect(failure({ ...encrypt(content), openid: UNIONID })).toBeInstanceOf(WechatDecryptError);
    expect(failure({ ...encrypt(content), appId: 'wx0000000000000000' })).toBeInstanceOf(WechatDecryptError);
    const unpadded = Buffer.alloc(16 - (Buffer.byteLength(content) % 16), 0);
    expect(failure(encrypt(content, unpadded))).toBeInstanceOf(WechatDecryptError);
  });

  it('hands on well-formed text', () => {
    const half = '"x\\ud83d"';
    const content = `{"nickName":${half},"city":${half},"watermark":${JSON.stringify(watermark)}}`;
    const whole = 'x\uFFFD';
    expect(decryptUserData({ ...official, ...encrypt(content) })).toEqual({
      nickName: whole,
      city: whole,
      watermark,
    });
  });

  it.each([
    [{ unionId: null }, {}],
    [{ openId: null, unionId: null, nickName: 'Band' }, { nickName: 'Band' }],
    [
      { openId: OPENID, unionId: '', city: '' },
      { openId: OPENID, city: '' },
    ],
    [{ openId: '', phoneNumber: null }, {}],
  ])('takes null and empty ids in %j as absent', (content, expected) => {
    const user = decryptUserData({
      ...official,
      ...sealed({ ...content, watermark }),
      openid: OPENID,
      unionid: UNIONID,
    });
    expect(user).toStrictEqual({ ...expected, watermark });
  });

  it('takes spaces for the plus signs that were lost on the way', () => {
    const encryptedData = ENCRYPTED.replaceAll('+', ' ');
    expect(encryptedData).not.toBe(ENCRYPTED);
    expect(decryptUserData({ ...official, encryptedData }).openId).toBe(OPENID);
  });

  it('opens with the previous session key when the newest does not fit', () => {
    const sessionKeys = [OTHER_KEY, new WechatSecret('not a key'), new WechatSecret(SESSION_KEY)];
    expect(decryptUserData({ ...official, sessionKeys }).openId).toBe(OPENID);
  });

  it('tries the next key whatever happens with one', () => {
    const sessionKeys = [null, new WechatSecret(SESSION_KEY)] as WechatSecret[];
    expect(decryptUserData({ ...official, sessionKeys }).openId).toBe(OPENID);
  });

  it('accepts 8 KiB of ciphertext and no more', () => {
    const frame = JSON.stringify({ note: '', watermark }).length;
    const fits = 8192 - 1 - frame;
    expect(
      decryptUserData({ ...official, ...sealed({ note: 'x'.repeat(fits), watermark }) }).note,
    ).toHaveLength(fits);
    expect(failure(sealed({ note: 'x'.repeat(fits + 1), watermark }))).toBeInstanceOf(WechatDecryptError);
  });

  describe('freshness', () => {
    const at = (seconds: number) => ({ now: (MADE_AT + seconds) * 1000, maxAge: 300 });

    it('is not looked at unless maxAge is given', () => {
      expect(decryptUserData({ ...official, now: 0 }).openId).toBe(OPENID);
      expect(decryptUserData({ ...official, now: Date.UTC(2100, 0) }).openId).toBe(OPENID);
    });

    it.each([[-60], [0], [300]])('accepts data read %d s after it was made', (seconds) => {
      expect(decryptUserData({ ...official, ...at(seconds) }).openId).toBe(OPENID);
    });

    it.each([[-61], [301], [86_400], [NaN]])('refuses data read %d s after it was made', (seconds) => {
      expect(failure(at(seconds))).toBeInstanceOf(WechatDecryptError);
    });
  });

  describe('whose data it is', () => {
    it('accepts the person it was asked for', () => {
      expect(decryptUserData({ ...official, openid: OPENID, unionid: UNIONID }).unionId).toBe(UNIONID);
    });

    it('accepts data that names nobody, as phone numbers', () => {
      const content = { phoneNumber: '13580006666', watermark };
      const user = decryptUserData({ ...official, ...sealed(content), openid: OPENID, unionid: UNIONID });
      expect(user.phoneNumber).toBe('13580006666');
    });

    it('never yields another openId, whichever byte of the IV is changed', () => {
      const outcomes = new Set<string>();
      for (let at = 0; at < 16; at++) {
        for (let flip = 1; flip < 256; flip++) {
          const iv = Buffer.from(IV, 'base64');
          iv[at]! ^= flip;
          try {
            const user = decryptUserData({ ...official, iv: iv.toString('base64'), openid: OPENID });
            outcomes.add(`openId ${user.openId}`);
          } catch (error) {
            outcomes.add(looksLike(error));
          }
        }
      }
      expect([...outcomes].filter((outcome) => outcome.startsWith('openId'))).toEqual(['openId undefined']);
      expect(outcomes.size).toBe(2);
    });
  });

  describe('what it gives back', () => {
    it('cannot pollute a prototype, even when it is merged', () => {
      const hostile =
        `{"__proto__":{"admin":1},"constructor":{"prototype":{"admin":1}},"deep":[{"__proto__":{"admin":1}}],` +
        `"watermark":{"timestamp":${MADE_AT},"appid":"${APP_ID}","__proto__":{"admin":1}}}`;
      const user = decryptUserData({ ...official, ...encrypt(hostile) });
      expect(user).toStrictEqual({ deep: [{}], watermark });
      expect(Object.getPrototypeOf(user)).toBe(Object.prototype);
      expect(Object.assign({}, user)).not.toHaveProperty('admin');
    });

    it('carries nothing but app and time in the watermark', () => {
      const user = decryptUserData({ ...official, ...sealed({ watermark: { ...watermark, more: 1 } }) });
      expect(user.watermark).toStrictEqual(watermark);
    });
  });

  describe('fails with one identical error', () => {
    const reference = failure({ encryptedData: '' });
    const refusals: [string, object][] = [
      ...[0, 1, 15, 17, 383, 8208].map((n): [string, object] => [
        `${n} bytes of data`,
        { encryptedData: base64(n) },
      ]),
      ...[0, 1, 15, 17, 32].map((n): [string, object] => [`an IV of ${n} bytes`, { iv: base64(n) }]),
      ...[0, 1, 15, 17, 24, 32].map((n): [string, object] => [
        `a key of ${n} bytes`,
        { sessionKeys: [new WechatSecret(base64(n))] },
      ]),
      ['no key at all', { sessionKeys: [] }],
      ['another key', { sessionKeys: [OTHER_KEY] }],
      ['another IV', { iv: base64(16) }],
      ['bad characters', { encryptedData: `${ENCRYPTED.slice(0, -4)}i*w=` }],
      ['a line break', { encryptedData: `${ENCRYPTED.slice(0, 76)}\n${ENCRYPTED.slice(76)}` }],
      ['the URL-safe alphabet', { encryptedData: ENCRYPTED.replaceAll('+', '-').replaceAll('/', '_') }],
      ['missing padding characters', { iv: IV.replaceAll('=', '') }],
      ['stray bits after the last byte', { iv: IV.replace('A==', 'B==') }],
      ['a megabyte', { encryptedData: 'A'.repeat(1 << 20) }],
      ['another app', { appId: 'wx0000000000000000' }],
      ['data of another app', sealed({ watermark: { ...watermark, appid: 'wx0000000000000000' } })],
      ['another person', { openid: 'oAnother' }],
      ['another unionid', { unionid: 'oAnother' }],
      ['an openId that is no text', { ...sealed({ openId: 7, watermark }) }],
      ['an old timestamp', { now: (MADE_AT + 600) * 1000, maxAge: 300 }],
      ['no watermark', sealed({ openId: OPENID })],
      ['a watermark that is null', sealed({ watermark: null })],
      ['a watermark that is text', sealed({ watermark: APP_ID })],
      ['a watermark that is a list', sealed({ watermark: [watermark] })],
      ['no timestamp', sealed({ watermark: { appid: APP_ID } })],
      ['a timestamp that is text', sealed({ watermark: { appid: APP_ID, timestamp: `${MADE_AT}` } })],
      ['an infinite timestamp', encrypt(`{"watermark":{"appid":"${APP_ID}","timestamp":1e999}}`)],
      ['null', encrypt('null')],
      ['a list', sealed([{ watermark }])],
      ['a number', encrypt('42')],
      ['text', sealed(APP_ID)],
      ['nothing', encrypt('')],
      ['no JSON', encrypt(`{watermark:${SESSION_KEY}`)],
      ['a byte order mark', encrypt(`\ufeff${JSON.stringify({ watermark })}`)],
      [
        'bytes that are not UTF-8',
        encrypt(Buffer.from(JSON.stringify({ nickName: '\u00ff', watermark }), 'latin1')),
      ],
      ['nesting beyond reason', encrypt(`${'['.repeat(4000)}${']'.repeat(4000)}`)],
      ...[undefined, null, 7, {}, [], ['x'], Buffer.from(IV, 'base64')].flatMap(
        (value): [string, object][] => [
          [`encryptedData ${inspect(value)}`, { encryptedData: value }],
          [`iv ${inspect(value)}`, { iv: value }],
          [`appId ${inspect(value)}`, { appId: value }],
          [`sessionKeys ${inspect(value)}`, { sessionKeys: value }],
        ],
      ),
      ['an openid that is no text', { ...sealed({ watermark }), openid: null }],
      ['a unionid that is no text', { ...sealed({ watermark }), unionid: {} }],
      ['no app on either side', { ...sealed({ watermark: { timestamp: MADE_AT } }), appId: undefined }],
      ['a key that is no text', { sessionKeys: [new WechatSecret(7 as unknown as string)] }],
    ];

    it.each(refusals)('%s', (_name, change) => {
      const error = failure(change);
      expect(error).toBeInstanceOf(WechatDecryptError);
      expect(error.message).toBe(reference.message);
      expect(Object.getOwnPropertyDescriptors({ ...error })).toEqual(
        Object.getOwnPropertyDescriptors({ ...reference }),
      );
      expect(Reflect.ownKeys(error)).toEqual(Reflect.ownKeys(reference));
      expect(error.cause).toBeUndefined();
    });

    it.each([[undefined], [null], [7]])('the argument %p', (input) => {
      expect(() => decryptUserData(input as never)).toThrow(WechatDecryptError);
    });

    it('wrong padding around right content, of every kind', () => {
      const content = Buffer.from(JSON.stringify({ note: '', watermark }));
      const space = 16 - (content.length % 16);
      const good = Buffer.alloc(space, space);
      const padded = (pad: Buffer) => failure(encrypt(content, pad));
      expect(decryptUserData({ ...official, ...encrypt(content, good) }).note).toBe('');

      // JSON allows white space behind it, so here only the padding is wrong: two blocks of spaces
      // claim 32 bytes, tabs and line ends 9, 10 and 13.
      const wrong = [9, 10, 13, 0, 255].map((byte) => Buffer.alloc(space, byte));
      const oneByteOff = Buffer.from(good);
      oneByteOff[0]! ^= 1;
      const tooLong = Buffer.alloc(space + 32, 32);
      const kinds = new Set([...wrong, oneByteOff, tooLong].map((pad) => looksLike(padded(pad))));
      expect(space).toBeLessThan(9);
      expect(kinds.size).toBe(1);
    });

    it('4,096 tampered inputs', () => {
      const original = Buffer.from(ENCRYPTED, 'base64');
      let seed = 20161024;
      const random = (below: number) => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return Math.floor((seed / 2 ** 32) * below);
      };
      const kinds = new Set<string>();
      for (let i = 0; i < 4096; i++) {
        const bytes = Buffer.from(original);
        // The first half rewrites the padding through the last block but one, as a padding oracle
        // attack does; the second hits anywhere.
        const at = i < 2048 ? bytes.length - 32 + random(16) : random(bytes.length);
        bytes[at]! ^= 1 + random(255);
        kinds.add(looksLike(failure({ encryptedData: bytes.toString('base64') })));
      }
      expect(kinds.size).toBe(1);
    });

    it('4,096 wrong keys, some of which pad correctly', () => {
      const kinds = new Set<string>();
      const key = Buffer.alloc(16);
      for (let i = 0; i < 4096; i++) {
        key.writeUInt32BE(i);
        kinds.add(looksLike(failure({ sessionKeys: [new WechatSecret(key.toString('base64'))] })));
      }
      expect(kinds.size).toBe(1);
    });

    it('in which neither key nor data can be found', () => {
      Error.stackTraceLimit = stackTraceLimit;
      for (const change of [{ appId: 'wx0' }, { iv: base64(16) }, encrypt(`{"key":"${SESSION_KEY}"`)]) {
        const error = failure(change);
        const everything = looksLike(error) + JSON.stringify(error) + error.stack + String(error);
        expect(everything).not.toMatch(new RegExp(`${SESSION_KEY}|${OPENID}|Guangzhou`));
      }
    });
  });
});
