// Signature and encryption of pushes, against every published vector and against what was bent.
import fc from 'fast-check';
import { createCipheriv } from 'node:crypto';
import { inspect } from 'node:util';
import { decrypt, encrypt, isSame, pushKey, signatureOf } from '../../../../lib/push/wire/push-crypto.js';
import { WechatSecret } from '../../../../lib/index.js';
import { expectFreeOf } from '../../../support/canary.js';
import { ADDRESS_CHECK, PLATFORM_PUSH, UTF8, VECTORS, WECOM_CHECK } from '../push-vectors.js';

const keyOf = (text: string) => pushKey(new WechatSecret(text));
const sign = (token: string, ...values: string[]) => signatureOf(new WechatSecret(token), ...values);
const KEY = UTF8.key;
const ME = UTF8.receiver;

describe('Vectors', () => {
  it('A: signs an address check and a plain push', () => {
    const { token, timestamp, nonce, signature, plain } = ADDRESS_CHECK;
    expect(sign(token, timestamp, nonce)).toBe(signature);
    expect(sign(token, plain.timestamp, plain.nonce)).toBe(plain.signature);
  });

  it.each(VECTORS.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const { token, key, receiver, timestamp, nonce, signature, encrypted, random, message } = vector;
    expect(sign(token, timestamp, nonce, encrypted)).toBe(signature);
    expect(decrypt(keyOf(key), encrypted, receiver)?.toString()).toBe(message);
    expect(encrypt(keyOf(key), message, receiver, Buffer.from(random))).toBe(encrypted);
  });

  it('D: opens what a third-party platform gets', () => {
    const { token, key, receiver, timestamp, nonce, plainSignature, signature, encrypted } = PLATFORM_PUSH;
    expect(sign(token, timestamp, nonce)).toBe(plainSignature);
    expect(sign(token, timestamp, nonce, encrypted)).toBe(signature);
    const message = decrypt(keyOf(key), encrypted, receiver)!;
    expect(message).toHaveLength(PLATFORM_PUSH.length);
    expect(message.toString()).toContain('o9AgO5Kd5ggOC-bXrbNODIiE3bGY');
  });

  it('F: opens what WeCom encrypts', () => {
    const { token, key, receiver, timestamp, nonce, encrypted, signature, message } = WECOM_CHECK;
    expect(sign(token, timestamp, nonce, encrypted)).toBe(signature);
    expect(decrypt(keyOf(key), encrypted, receiver)?.toString()).toBe(message);
  });

  it('G: counts bytes, not letters', () => {
    expect(encrypt(keyOf(KEY), UTF8.message, ME, Buffer.from(UTF8.random))).toBe(UTF8.encrypted);
    expect(decrypt(keyOf(KEY), UTF8.encrypted, ME)?.toString()).toBe(UTF8.message);
  });
});

describe('What does not open', () => {
  /** Encrypts any bytes at all, whole blocks of them. */
  const raw = (...parts: Buffer[]) => {
    const key = keyOf(KEY).export();
    const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
    return Buffer.concat([cipher.update(Buffer.concat(parts)), cipher.final()]).toString('base64');
  };
  const length = (value: number) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(value);
    return four;
  };
  const open = (encrypted: string) => decrypt(keyOf(KEY), encrypted, ME);
  const random = Buffer.alloc(16, 'r');
  const bent = (message: string, id: string, pad: Buffer, said = message.length) =>
    raw(random, length(said), Buffer.from(message), Buffer.from(id), pad);

  it('is refused: padding of 0, of more than 32, of more than there is', () => {
    // 16 + 4 + 10 + 18 = 48
    const message = 'x'.repeat(10);
    expect(open(bent(message, ME, Buffer.alloc(16, 16)))?.toString()).toBe(message);
    expect(open(bent(message, ME, Buffer.alloc(32, 32)))?.toString()).toBe(message);
    expect(open(bent(message, ME, Buffer.alloc(48, 48)))).toBeUndefined();
    expect(open(bent(message, ME, Buffer.alloc(16, 0)))).toBeUndefined();
    expect(open(raw(Buffer.alloc(16, 17)))).toBeUndefined();
    expect(open(raw(Buffer.alloc(16, 16)))).toBeUndefined();
    expect(open(raw(Buffer.alloc(32, 32)))).toBeUndefined();
  });

  it('is refused: a length beyond the end, or beside the id', () => {
    const message = 'x'.repeat(10);
    for (const said of [0xffffffff, 0x80000000, 29, 28, 11, 9, 0])
      expect(open(bent(message, ME, Buffer.alloc(16, 16), said))).toBeUndefined();
  });

  it("is refused: another's id, one that is longer, shorter or in other letters", () => {
    for (const id of ['wxb11529c136998cb7', `${ME}x`, ME.slice(1), ME.toUpperCase(), '', `${ME}\0`])
      expect(decrypt(keyOf(KEY), encrypt(keyOf(KEY), 'hi', id, random), ME)).toBeUndefined();
    // One character whose byte is the same in another encoding.
    expect(decrypt(keyOf(KEY), encrypt(keyOf(KEY), 'hi', 'é', random), 'é')).toBeUndefined();
  });

  it('is refused: another key, half a block, nothing', () => {
    expect(decrypt(keyOf('A'.repeat(43)), UTF8.encrypted, ME)).toBeUndefined();
    for (const text of ['', 'QUJD', UTF8.encrypted.slice(0, 8), '!!!!']) expect(open(text)).toBeUndefined();
  });
});

it('opens what it has made, of every length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.uint8Array(RANDOM), (message, random) => {
      const encrypted = encrypt(keyOf(KEY), message, ME, Buffer.from(random));
      expect(Buffer.from(encrypted, 'base64').length % 32).toBe(0);
      expect(decrypt(keyOf(KEY), encrypted, ME)?.toString()).toBe(message);
    }),
  );
});

it('never throws, whatever bytes come', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decrypt(keyOf(KEY), Buffer.from(bytes).toString('base64'), ME)).toBeUndefined();
    }),
  );
});

it('sorts by bytes, and compares in length too', () => {
  // UTF-16 sorts these two the other way round.
  expect(sign('zzz', '\u{ff5e}', '\u{1f600}')).toBe(sign('zzz', '\u{1f600}', '\u{ff5e}'));
  expect(isSame('abc', 'abc')).toBe(true);
  for (const other of ['abd', 'ab', 'abcd', 'ABC', '']) expect(isSame('abc', other)).toBe(false);
});

it('does not show its key', () => {
  const key = keyOf(KEY);
  expectFreeOf(key, [KEY, key.export().toString('hex'), key.export().toString('base64')]);
  expect(inspect(key)).not.toContain('Buffer');
});

const RANDOM = { minLength: 16, maxLength: 16 };
