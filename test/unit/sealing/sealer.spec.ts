// Sealed values: what was sealed opens in its own place for its own purpose, and everything else
// that can be tried gets one and the same answer.
import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Sealer, type SealPurpose } from '../../../lib/sealing/sealer.js';
import { WechatSecret } from '../../../lib/sealing/secret.js';
import { expectFreeOf } from '../../support/canary.js';

const NEW = 'new-session-secret-canary-0123456789';
const OLD = 'old-session-secret-canary-0123456789';
const PURPOSES: SealPurpose[] = ['flow', 'session', 'store'];
const PLACE = 'wechat:wx1:token:oABCDEF';
const TEXT = '{"openid":"oABCDEF","nickname":"小明🐼"}';

const sealerOf = (...secrets: string[]) => new Sealer(secrets.map((secret) => new WechatSecret(secret)));
const sealer = sealerOf(NEW);
const bytesOf = (sealed: string) => Buffer.from(sealed.slice(3), 'base64url');
const textOf = (bytes: Buffer) => `v1.${bytes.toString('base64url')}`;

describe('A sealed value', () => {
  const sealed = sealer.seal('store', PLACE, TEXT);

  it('is v1. and base64url of 12 bytes, as many as the text has, and 16', () => {
    expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]+$/);
    expect(bytesOf(sealed)).toHaveLength(12 + Buffer.byteLength(TEXT) + 16);
    expect(Sealer.recognizes(sealed)).toBe(true);
  });

  it('opens to what was sealed', () => {
    for (const text of [TEXT, '', 'x', '\u0000', '🐼'.repeat(1_000), 'v1.x']) {
      expect(sealer.open('store', PLACE, sealer.seal('store', PLACE, text))).toBe(text);
    }
  });

  it('opens up to 256 KiB, and is not looked at beyond', () => {
    // Four characters stand for three bytes, of which 28 are not text.
    const longest = ((256 * 1024 - 3) / 4) * 3 - 28;
    const open = (length: number) => {
      const text = 'x'.repeat(length);
      return sealer.open('store', PLACE, sealer.seal('store', PLACE, text)) === text;
    };
    expect([open(Math.floor(longest)), open(Math.ceil(longest) + 1)]).toEqual([true, false]);
  });

  it('shows nothing of its content, and is never the same twice', () => {
    const many = Array.from({ length: 200 }, () => sealer.seal('store', PLACE, TEXT));
    expect(new Set(many).size).toBe(200);
    expect(new Set(many.map((one) => bytesOf(one).subarray(0, 12).toString('hex'))).size).toBe(200);
    expect(bytesOf(sealed).toString('latin1')).not.toContain('oABCDEF');
  });

  it('opens in another process with the same secret', () => {
    expect(sealerOf(NEW).open('store', PLACE, sealed)).toBe(TEXT);
  });

  it('does not open with another secret', () => {
    expect(sealerOf(OLD).open('store', PLACE, sealed)).toBeUndefined();
  });

  it('opens with any of the secrets, and is sealed with the first', () => {
    const old = sealerOf(OLD).seal('session', PLACE, TEXT);
    const both = sealerOf(NEW, OLD);
    expect(both.open('session', PLACE, old)).toBe(TEXT);
    expect(both.open('session', PLACE, sealerOf(NEW).seal('session', PLACE, TEXT))).toBe(TEXT);
    const fresh = both.seal('session', PLACE, TEXT);
    expect(sealerOf(NEW).open('session', PLACE, fresh)).toBe(TEXT);
    expect(sealerOf(OLD).open('session', PLACE, fresh)).toBeUndefined();
  });

  const pairs = PURPOSES.flatMap((from) => PURPOSES.map((to) => [from, to] as const)).filter(
    ([from, to]) => from !== to,
  );

  it.each(pairs)('made for %s does not open for %s', (from, to) => {
    expect(sealer.open(to, PLACE, sealer.seal(from, PLACE, TEXT))).toBeUndefined();
  });

  it.each(PURPOSES)('made for %s has a key of its own: knowing the others does not help', (purpose) => {
    // The additional data of the right purpose, under the key of each other one.
    const aad = Buffer.from(`${purpose}\n${PLACE}`);
    for (const other of PURPOSES.filter((one) => one !== purpose)) {
      const key = Buffer.from(hkdfSync('sha256', NEW, '', `nestjs-wechat-oauth v1 ${other}`, 32));
      expect(sealer.open(purpose, PLACE, forge(key, aad))).toBeUndefined();
    }
    const right = Buffer.from(hkdfSync('sha256', NEW, '', `nestjs-wechat-oauth v1 ${purpose}`, 32));
    expect(sealer.open(purpose, PLACE, forge(right, aad))).toBe(TEXT);
    // And the right key with the additional data of another purpose, or with none.
    for (const data of [...PURPOSES.filter((one) => one !== purpose).map((one) => `${one}\n${PLACE}`), '']) {
      expect(sealer.open(purpose, PLACE, forge(right, Buffer.from(data)))).toBeUndefined();
    }
  });

  it('is not made with a key that is the secret itself', () => {
    const key = Buffer.from('x'.repeat(32));
    const plain = sealerOf('x'.repeat(32));
    expect(plain.open('store', PLACE, forge(key, Buffer.from(`store\n${PLACE}`)))).toBeUndefined();
  });

  it.each([[''], ['wechat:wx1:token:oABCDEG'], [`${PLACE} `], [PLACE.toUpperCase()], [`store\n${PLACE}`]])(
    'does not open in the place %j',
    (place) => {
      expect(sealer.open('store', place, sealed)).toBeUndefined();
    },
  );

  it('does not open when any byte of it is changed, by any bit', () => {
    const bytes = bytesOf(sealed);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        expect(sealer.open('store', PLACE, textOf(changed))).toBeUndefined();
      }
    }
  });

  it('does not open when it is cut, anywhere', () => {
    const bytes = bytesOf(sealed);
    for (let length = 0; length < bytes.length; length++) {
      expect(sealer.open('store', PLACE, textOf(bytes.subarray(0, length)))).toBeUndefined();
      expect(sealer.open('store', PLACE, textOf(bytes.subarray(bytes.length - length)))).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(sealer.open('store', PLACE, sealed.slice(0, length))).toBeUndefined();
    }
  });

  it('does not open when something is added', () => {
    const bytes = bytesOf(sealed);
    expect(sealer.open('store', PLACE, textOf(Buffer.concat([bytes, Buffer.of(0)])))).toBeUndefined();
    expect(sealer.open('store', PLACE, textOf(Buffer.concat([Buffer.of(0), bytes])))).toBeUndefined();
  });

  it('opens in one spelling only', () => {
    // 30 bytes are a multiple of 3 and have no loose bits; these have.
    const loose = sealer.seal('store', PLACE, 'ab');
    expect(sealer.open('store', PLACE, loose)).toBe('ab');
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twins = [...last].map((letter) => loose.slice(0, -1) + letter);
    const open = [loose, ...twins].filter((text) => sealer.open('store', PLACE, text) !== undefined);
    expect(new Set(open)).toEqual(new Set([loose]));
    const body = sealed.slice(3);
    for (const spelling of [
      `v1.${Buffer.from(body, 'base64url').toString('base64')}=`,
      `v1.${body}=`,
      `v1.${body}==`,
      `v1. ${body}`,
      `v1.${body} `,
      `v1.${body}\n`,
      `v1.${body.slice(0, 4)}\n${body.slice(4)}`,
      `v1.${body.slice(0, 4)}!${body.slice(4)}`,
      ` v1.${body}`,
      `V1.${body}`,
      `v2.${body}`,
      `v1${body}`,
      `v1:${body}`,
      body,
    ]) {
      expect(sealer.open('store', PLACE, spelling)).toBeUndefined();
    }
  });

  it('opens with a full tag only', () => {
    const key = Buffer.from(hkdfSync('sha256', NEW, '', 'nestjs-wechat-oauth v1 store', 32));
    for (const authTagLength of [4, 8, 12, 15]) {
      const short = forge(key, Buffer.from(`store\n${PLACE}`), authTagLength);
      expect(sealer.open('store', PLACE, short)).toBeUndefined();
    }
  });

  it.each([
    [undefined],
    [null],
    [7],
    [{}],
    [[]],
    [[sealed]],
    [Buffer.from(sealed)],
    [''],
    ['v1.'],
    ['v1.='],
    ['v1.AAAA'],
    ['eyJhbGciOiJub25lIn0.e30.'],
    [Symbol('v1.')],
    [{ startsWith: () => true, length: 9 }],
  ])('is nothing like %p', (value) => {
    expect(sealer.open('store', PLACE, value)).toBeUndefined();
  });

  it('may be long, but not as long as a flood', () => {
    const long = sealer.seal('store', PLACE, 'x'.repeat(190_000));
    expect(sealer.open('store', PLACE, long)).toHaveLength(190_000);
    const flood = sealer.seal('store', PLACE, 'x'.repeat(200_000));
    expect(sealer.open('store', PLACE, flood)).toBeUndefined();
  });

  it('never makes open throw, whatever is tried', () => {
    for (let i = 0; i < 2_000; i++) {
      const noise = randomBytes(i % 97);
      expect(sealer.open('store', PLACE, textOf(noise))).toBeUndefined();
      expect(sealer.open('store', PLACE, `v1.${noise.toString('latin1')}`)).toBeUndefined();
    }
  });
});

describe('Sealer', () => {
  it('says whether it has anything to seal with', () => {
    expect(sealerOf().configured).toBe(false);
    expect(sealer.configured).toBe(true);
  });

  it('opens nothing without a secret', () => {
    expect(sealerOf().open('store', PLACE, sealer.seal('store', PLACE, TEXT))).toBeUndefined();
  });

  it('recognizes what claims to be ours, and no token of anybody else', () => {
    expect(['v1.', 'v1.x', 'v2.x', 'eyJhbGciOiJIUzI1NiJ9.e30.x', '', 'xv1.'].map(Sealer.recognizes)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('makes a code of a text for each secret, the current one first', () => {
    const [fresh, old] = sealerOf(NEW, OLD).macs('text');
    expect(fresh).toEqual(sealerOf(NEW).macs('text')[0]);
    expect(old).toEqual(sealerOf(OLD).macs('text')[0]);
    expect(fresh).toHaveLength(32);
    expect(fresh).not.toEqual(old);
    expect(fresh).not.toEqual(sealerOf(NEW).macs('Text')[0]);
    expect(sealerOf().macs('text')).toEqual([]);
  });

  it('shows neither secrets nor keys', () => {
    const used = sealerOf(NEW);
    used.seal('store', PLACE, TEXT);
    const key = Buffer.from(hkdfSync('sha256', NEW, '', 'nestjs-wechat-oauth v1 store', 32));
    expectFreeOf(used, [NEW, key.toString('hex'), 'Buffer', [...key.subarray(0, 4)].join(',')]);
  });
});

/** Seals TEXT by hand. */
function forge(key: Buffer, aad: Buffer, authTagLength = 16): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength });
  cipher.setAAD(aad);
  return textOf(Buffer.concat([iv, cipher.update(TEXT), cipher.final(), cipher.getAuthTag()]));
}
