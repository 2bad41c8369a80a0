// Signatures of a mini program's session, checked with the vectors that WeChat publishes.
import { createHash } from 'node:crypto';
import { signUserState, verifyUserDataSignature } from '../../../lib/mini-program/signature.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';

describe('verifyUserDataSignature', () => {
  const official = {
    sessionKeys: [new WechatSecret('HyVFkGl5F5OQWJZZaNzBBg==')],
    rawData:
      '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN",' +
      '"avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}',
    signature: '75e81ceda165f4ffa64f4068af58c64b8f54b88c',
  };
  const other = new WechatSecret('tiihtNczf5v6AKRyjwEUhQ==');

  it("accepts WeChat's own vector", () => {
    expect(verifyUserDataSignature(official)).toBe(true);
  });

  it('tries every key', () => {
    expect(verifyUserDataSignature({ ...official, sessionKeys: [other, ...official.sessionKeys] })).toBe(
      true,
    );
    expect(verifyUserDataSignature({ ...official, sessionKeys: [...official.sessionKeys, other] })).toBe(
      true,
    );
  });

  it('stays true when the same key is listed twice', () => {
    const sessionKeys = [...official.sessionKeys, ...official.sessionKeys];
    expect(verifyUserDataSignature({ ...official, sessionKeys })).toBe(true);
  });

  it('signs text beyond ASCII as UTF-8', () => {
    const rawData = '{"nickName":"熊猫🐼"}';
    const signature = createHash('sha1')
      .update(Buffer.from(`${rawData}HyVFkGl5F5OQWJZZaNzBBg==`))
      .digest('hex');
    expect(verifyUserDataSignature({ ...official, rawData, signature })).toBe(true);
  });

  it.each([
    ['another key', { sessionKeys: [other] }],
    ['no key', { sessionKeys: [] }],
    ['data written again', { rawData: JSON.stringify(JSON.parse(official.rawData), null, 1) }],
    ['one changed digit', { signature: official.signature.replace('7', '8') }],
    ['upper case', { signature: official.signature.toUpperCase() }],
    ['a shorter signature', { signature: official.signature.slice(0, -1) }],
    ['an empty signature', { signature: '' }],
    ['a huge signature', { signature: 'a'.repeat(1 << 20) }],
  ])('refuses %s', (_name, change) => {
    expect(verifyUserDataSignature({ ...official, ...change })).toBe(false);
  });

  it.each([[undefined], [null], [7], [{}], [['x']], [Buffer.from('x')]])(
    'is false, not an error, for %p',
    (value) => {
      expect(verifyUserDataSignature({ ...official, rawData: value as string })).toBe(false);
      expect(verifyUserDataSignature({ ...official, signature: value as string })).toBe(false);
    },
  );

  it('does not turn what is no text into text', () => {
    const signature = createHash('sha1').update('7HyVFkGl5F5OQWJZZaNzBBg==').digest('hex');
    expect(verifyUserDataSignature({ ...official, rawData: '7', signature })).toBe(true);
    expect(verifyUserDataSignature({ ...official, rawData: 7 as unknown as string, signature })).toBe(false);
  });

  it('does not accept a plain hash where the stored key is empty', () => {
    const signature = createHash('sha1').update(official.rawData).digest('hex');
    const sessionKeys = [new WechatSecret('')];
    expect(verifyUserDataSignature({ ...official, signature, sessionKeys })).toBe(false);
  });
});

describe('signUserState', () => {
  const key = new WechatSecret('o0q0otL8aEzpcZL/FT9WsQ==');

  it.each([
    ['{"foo":"bar"}', '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b'],
    ['', '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128'],
  ])('signs %p with the text of the key', (body, signature) => {
    expect(signUserState(key, body)).toBe(signature);
  });
});
