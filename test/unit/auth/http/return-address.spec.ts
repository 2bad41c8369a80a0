// Where a login may end: an absolute address on an allowed origin, or nothing.
import fc from 'fast-check';
import {
  allowedReturnAddress,
  defaultReturnAddress,
  ownAddress,
  publicAddress,
} from '../../../../lib/auth/http/return-address.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { WechatOAuthModuleOptions } from '../../../../lib/wechat-oauth.options.js';

function setUp(publicUrl = 'https://shop.example.com', returnTo: WechatOAuthModuleOptions['returnTo'] = {}) {
  const config = resolveConfig({ appId: 'wx00000000official', secret: 's', publicUrl, returnTo }, false);
  const app = config.defaultApp!;
  return {
    allowed: (value: unknown) => allowedReturnAddress(config, app, value),
    own: (path: string) => ownAddress(config, app, path),
    fallback: defaultReturnAddress(config, app),
  };
}

describe('A return address', () => {
  it.each([
    ['/', 'https://shop.example.com/'],
    ['/orders?page=2#top', 'https://shop.example.com/orders?page=2#top'],
    ['orders', 'https://shop.example.com/orders'],
    ['?a=b', 'https://shop.example.com/?a=b'],
    ['#/spa/route?x=1', 'https://shop.example.com/#/spa/route?x=1'],
    ['https://shop.example.com', 'https://shop.example.com/'],
    ['https://shop.example.com:443/x', 'https://shop.example.com/x'],
    ['HTTPS://SHOP.EXAMPLE.COM/X', 'https://shop.example.com/X'],
    ['//shop.example.com/x', 'https://shop.example.com/x'],
    ['/茶', 'https://shop.example.com/%E8%8C%B6'],
    ['/a/../b', 'https://shop.example.com/b'],
    ['/%2f%2fevil.example', 'https://shop.example.com/%2f%2fevil.example'],
    ['/.//evil.example', 'https://shop.example.com//evil.example'],
  ])('%s is %s', (value, expected) => {
    expect(setUp().allowed(value)).toBe(expected);
  });

  it.each([
    undefined,
    null,
    1,
    {},
    [],
    ['/'],
    { toString: () => '/' },
    new URL('https://shop.example.com/'),
    '',
    ' /x',
    '/x y',
    '/x\t',
    '/\u0000',
    '/\u0085',
    '/\\x',
    '//evil.example',
    'https://evil.example',
    'https://shop.example.com@evil.example',
    'https://user@shop.example.com/',
    'https://:pw@shop.example.com/',
    'http://shop.example.com/',
    'https://shop.example.com:8443/',
    'https://shop.example.com./',
    'blob:https://shop.example.com/1',
    'javascript:alert(1)',
    'https://',
    'https://[',
    `/${'x'.repeat(3_000)}`,
  ])('%j is none', (value) => {
    expect(setUp().allowed(value)).toBeUndefined();
  });

  it('is measured as it will be kept and sent', () => {
    const { allowed } = setUp();
    const room = 3_000 - 'https://shop.example.com/'.length;
    expect(allowed(`/${'x'.repeat(room)}`)).toHaveLength(3_000);
    expect(allowed(`/${'x'.repeat(room + 1)}`)).toBeUndefined();
    expect(allowed(`/${'茶'.repeat(Math.floor(room / 9))}`)).toBeDefined();
    expect(allowed(`/${'茶'.repeat(Math.floor(room / 9) + 1)}`)).toBeUndefined();
  });

  it('that was allowed once is allowed again, and is the same', () => {
    const { allowed } = setUp();
    for (const value of [
      '/茶/订单',
      '/a%0d%0ab',
      '/?q=茶&x=[]',
      '/#a b'.replace(' ', ''),
      '/.//x',
      '/%',
      '/\ud83d',
    ]) {
      const once = allowed(value)!;
      expect(allowed(once)).toBe(once);
      expect(once).toMatch(/^https:\/\/shop\.example\.com\/[\x21-\x7e]*$/);
    }
  });

  it('may be on the origins that were configured, exactly', () => {
    const { allowed } = setUp('https://shop.example.com', {
      origins: ['https://app.example.com', 'https://m.example.com:8443'],
    });
    expect(allowed('https://app.example.com/x')).toBe('https://app.example.com/x');
    expect(allowed('https://m.example.com:8443/')).toBe('https://m.example.com:8443/');
    for (const value of [
      'https://m.example.com/',
      'https://app.example.com:8443/',
      'http://app.example.com/',
      'https://x.app.example.com/',
      'https://app.example.com.evil.example/',
    ]) {
      expect([value, allowed(value)]).toEqual([value, undefined]);
    }
  });

  it('falls back to the default, below the path of the public address', () => {
    expect(setUp().fallback).toBe('https://shop.example.com/');
    expect(setUp('https://shop.example.com/app', { default: '/home?x#y' }).fallback).toBe(
      'https://shop.example.com/app/home?x#y',
    );
  });
});

describe('A public address', () => {
  it.each([
    ['https://shop.example.com', '/orders?x=1', 'https://shop.example.com/orders?x=1'],
    ['https://shop.example.com/app', '/orders', 'https://shop.example.com/app/orders'],
    ['https://shop.example.com', '//evil.example/x', 'https://shop.example.com//evil.example/x'],
    ['https://shop.example.com', '/\\evil.example', 'https://shop.example.com//evil.example'],
    ['https://shop.example.com/app', '/../../..//evil.example', 'https://shop.example.com//evil.example'],
    ['https://shop.example.com', '/@evil.example', 'https://shop.example.com/@evil.example'],
    ['http://localhost:3000', '/:80@evil.example', 'http://localhost:3000/:80@evil.example'],
  ])('of %s and %s is %s', (publicUrl, path, expected) => {
    expect(publicAddress(new URL(publicUrl), path)).toBe(expected);
  });

  // Plain ones are put together; a parser must have nothing to say about them.
  it.each(['https://shop.example.com', 'https://shop.example.com/app/', 'http://localhost:3000/a/b'])(
    'below %s is what a parser makes of it, whatever the path',
    (publicUrl) => {
      const url = new URL(publicUrl);
      const piece = fc.constantFrom(
        '/',
        'a',
        'orders',
        '..',
        '.',
        '%2e',
        '?',
        '=',
        '&',
        '\\',
        '@',
        ':',
        '-',
        '_',
        ' ',
        '茶',
        '"',
        '\t',
        '%41',
      );
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
          const path = pieces.join('');
          fc.pre(path === '' || /^[/?]/.test(path));
          const parsed = new URL(`${url.origin}${url.pathname.replace(/\/$/, '')}${path}`).href;
          expect(publicAddress(url, path)).toBe(parsed);
          const { own, allowed } = setUp(publicUrl);
          expect(own(path)).toBe(allowed(parsed));
        }),
        { numRuns: 300 },
      );
    },
  );

  it('that is too long is none, plain or not', () => {
    const { own } = setUp();
    expect(own(`/${'a'.repeat(2_900)}`)).toHaveLength(2_925);
    expect(own(`/${'a'.repeat(3_000)}`)).toBeUndefined();
    expect(own(`/${'é'.repeat(1_000)}`)).toBeUndefined();
  });
});
