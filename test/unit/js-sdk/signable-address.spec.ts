// Which addresses are signed, and which are not, whatever they look like.
import fc from 'fast-check';
import { WechatInputError } from '../../../lib/index.js';
import { signableAddress } from '../../../lib/js-sdk/signable-address.js';
import { thrownBy } from '../../support/failure.js';

const config = {
  returnTo: {
    origins: new Set(['https://shop.example.com', 'https://app.example.com:8443', 'http://[::1]:3000']),
    default: '/',
  },
};
const sign = (value: unknown) => signableAddress(config, value);
const signOrUndefined = (value: unknown): string | undefined => {
  try {
    return sign(value);
  } catch (error) {
    if (error instanceof WechatInputError) return undefined;
    throw error;
  }
};
const expectRefusal = (value: unknown) => thrownBy(WechatInputError, () => sign(value));

describe('An address that is signed', () => {
  it.each([
    'https://shop.example.com',
    'https://shop.example.com/',
    'https://shop.example.com?params=value',
    'https://shop.example.com/a/b.html?x=1&y=%E8%8C%B6&z=a%2Fb%23c%3A%252F',
    'https://shop.example.com/a?next=https://evil.example/@b',
    'https://shop.example.com/@friend/a:b//c',
    'https://shop.example.com/商品?名=龙井',
    'https://app.example.com:8443/',
    // What a browser would write shorter is judged by what it means.
    'HTTPS://Shop.Example.com:443/A',
    'http://shop.example.com/without-tls',
    'http://[::1]:3000/dev',
    // Never decoded inside: this is another page than "a/b".
    'https://shop.example.com/a%2Fb',
    'https://shop.example.com/%zz',
  ])('is signed as it is: %s', (address) => {
    expect(sign(address)).toBe(address);
    expect(sign(encodeURIComponent(address))).toBe(address);
  });

  it.each([
    ['https://shop.example.com/a#/orders?x=1', 'https://shop.example.com/a'],
    ['https://shop.example.com#', 'https://shop.example.com'],
    ['https://shop.example.com/#a#b', 'https://shop.example.com/'],
    [encodeURIComponent('https://shop.example.com/?q=%23#/茶'), 'https://shop.example.com/?q=%23'],
    ['HTTPS%3a%2f%2fshop.example.com%2f', 'HTTPS://shop.example.com/'],
    // What a router keeps behind the # is not signed, so it is not judged either.
    ['https://shop.example.com/#/a b\\c', 'https://shop.example.com/'],
  ])('is the text up to the #: %s', (address, signed) => {
    expect(sign(address)).toBe(signed);
  });
});

describe('An address that is not signed', () => {
  it.each([
    'https://evil.example/',
    'https://shop.example.com.evil.example/',
    'https://evil.example/https://shop.example.com',
    'https://evil.example?https://shop.example.com/',
    'https://evil.example#@shop.example.com/',
    'https://evil-shop.example.com/',
    'https://example.com/',
    'https://www.shop.example.com/',
    'https://shop.example.com./',
    'https://shop.example.com:8443/',
    'https://shop.example.com:80/',
    'http://shop.example.com:443/',
    'https://app.example.com/',
    'https://app.example.com:8443@evil.example/',
    'https://[::1]/',
  ])('is on another host or port: %s', (address) => {
    expectRefusal(address);
    expectRefusal(encodeURIComponent(address));
  });

  it.each([
    ['a user', 'https://me@shop.example.com/'],
    ['a user and a password', 'https://me:secret@shop.example.com/'],
    ['an empty user', 'https://@shop.example.com/'],
    ['an empty user and password', 'https://:@shop.example.com/'],
    ['a backslash', 'https://shop.example.com\\@evil.example/'],
    ['a backslash for a slash', 'https:\\\\shop.example.com/'],
    ['a backslash in the path', 'https://shop.example.com/a\\b'],
    ['no slashes', 'https:shop.example.com/'],
    ['one slash', 'https:/shop.example.com/'],
    ['three slashes', 'https:///shop.example.com/'],
    ['no scheme', '//shop.example.com/'],
    ['a path alone', '/a'],
    ['a host alone', 'shop.example.com/a'],
    ['another scheme', 'ftp://shop.example.com/'],
    ['a script', 'javascript:location="https://shop.example.com/"'],
    ['data', 'data:text/html,https://shop.example.com/'],
    ['an address inside an address', 'blob:https://shop.example.com/1'],
    ['a scheme that begins like ours', 'httpsx://shop.example.com/'],
    ['a blank in front', ' https://shop.example.com/'],
    ['a blank behind', 'https://shop.example.com/ '],
    ['a blank inside', 'https://shop.example.com/a b'],
    ['a line break', 'https://shop.example.com/\n'],
    ['a line break in the scheme', 'ht\ntps://shop.example.com/'],
    ['a tab in the host', 'https://shop.ex\tample.com/'],
    ['a null', 'https://shop.example.com/\0'],
    ['a C1 control', 'https://shop.example.com/\u0085'],
    ['a blank without break', 'https://shop.example.com/\u00a0'],
    ['a Chinese blank', 'https://shop.example.com/\u3000'],
    ['a line separator', 'https://shop.example.com/\u2028'],
    ['a byte order mark', '\ufeffhttps://shop.example.com/'],
    ['a soft hyphen, which parsers drop from a host', 'https://sh\u00adop.example.com/'],
    ['a character that turns the line round', 'https://shop.example.com/\u202ea'],
    ['half a surrogate pair, which hashes as another character', 'https://shop.example.com/\ud83d'],
    ['a host in wide letters', 'https://ｓｈｏｐ.example.com/'],
    ['a host with an encoded dot', 'https://shop%2eexample.com/'],
    ['a Chinese full stop for a dot', 'https://shop。example.com/'],
    ['no host', 'https://'],
    ['a query for a host', 'https://?shop.example.com'],
    ['a broken port', 'https://shop.example.com:99999/'],
    ['two encodings', encodeURIComponent(encodeURIComponent('https://shop.example.com/'))],
    ['half an encoding', 'https%3A%2F%2Fshop.example.com%2F%E8%8C'],
    ['an encoding of half of it', 'https%3A//me%40shop.example.com/'],
    ['an encoded line break', encodeURIComponent('https://shop.example.com/\r\n')],
    ['nothing but a fragment', '#https://shop.example.com/'],
    ['nothing', ''],
    ['more than anybody needs', `https://shop.example.com/${'a'.repeat(8_192)}`],
    [
      'more than anybody needs, encoded',
      encodeURIComponent(`https://shop.example.com/${'a/'.repeat(4_096)}`),
    ],
  ])('has %s', (_, address) => {
    expectRefusal(address);
  });

  it.each([
    undefined,
    null,
    42,
    true,
    ['https://shop.example.com/'],
    { toString: () => 'https://shop.example.com/' },
    new URL('https://shop.example.com/'),
  ])('is no text: %p', (value) => {
    expectRefusal(value);
  });

  it('is said without being repeated', () => {
    const { kind, parameter, message } = expectRefusal('https://evil.example/?token=canary');

    expect({ kind, parameter }).toEqual({ kind: 'input', parameter: 'url' });
    expect(message).toContain('returnTo.origins');
    expect(message).not.toMatch(/evil|canary/);
  });

  it('is every one, where no address of the application is known', () => {
    const none = { returnTo: { origins: new Set<string>(), default: '/' } };

    expect(() => signableAddress(none, 'https://shop.example.com/')).toThrow(WechatInputError);
  });
});

describe('Whatever is passed', () => {
  const piece = fc.constantFrom(
    'https:',
    'http:',
    '//',
    '/',
    '\\',
    '@',
    ':',
    '443',
    '8443',
    '#',
    '?',
    '%2F',
    '%3A',
    '%40',
    '%23',
    'shop.example.com',
    'evil.example',
    'app.example.com',
    '.',
    '\t',
    ' ',
    '\u00ad',
    '。',
    'me',
    '[::1]',
    '茶',
  );

  it('is refused, or signed on a listed host as every parser reads it', () => {
    let signedSome = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.boolean(), (pieces, isEncoded) => {
        const text = (pieces.length % 2 ? 'https://shop.example.com' : '') + pieces.join('');
        const signed = signOrUndefined(isEncoded ? encodeURIComponent(text) : text);
        fc.pre(signed !== undefined);
        signedSome++;
        expect(new URL(signed).host).toMatch(/^(shop\.example\.com|app\.example\.com:8443|\[::1\]:3000)$/);
        // By hand, as a parser that knows nothing of the rules would cut it.
        const byHand = /^https?:\/\/([^/?#]*)/i.exec(signed)![1]!.replace(/:(443)?$/, '');
        expect(byHand.toLowerCase()).toBe(new URL(signed).host);
        expect(signed).not.toMatch(/[#\\\s]/);
        const isWhole = /^https?%3a/i.test(text) && !isEncoded;
        expect((isWhole ? decodeURIComponent(text) : text).split('#')[0]).toBe(signed);
      }),
      { numRuns: 500, maxSkipsPerRun: 200 },
    );
    expect(signedSome).toBeGreaterThan(400);
  });

  it('comes out of encodeURIComponent as it went in', () => {
    const inside = fc.webUrl({ validSchemes: ['https'], withQueryParameters: true });
    fc.assert(
      fc.property(inside, (other) => {
        const address = `https://shop.example.com${new URL(other).pathname}${new URL(other).search}`;
        expect(sign(encodeURIComponent(address))).toBe(address);
        expect(sign(address)).toBe(address);
      }),
    );
  });
});
