// Names, attributes and the reading of cookies.
import fc from 'fast-check';
import {
  cookieName,
  flowCookieName,
  flowCookies,
  onlyCookie,
  readCookies,
  writeCookie,
} from '../../../../lib/auth/http/cookies.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';

function app(publicUrl: string, appId = 'wx00000000official', name = 'official'): AppConfig {
  const apps = { [name]: { type: 'official-account' as const, appId, secret: 's' } };
  return resolveConfig({ apps, publicUrl, dev: { allowHttp: true } }, false).apps.get(name)!;
}

const SHOP = app('https://shop.example.com');

describe('A cookie', () => {
  it('is written with exactly these attributes', () => {
    expect(writeCookie(SHOP, 'n', 'v', 60)).toBe('n=v; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax');
    expect(writeCookie(SHOP, 'n', '', 0)).toBe('n=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax');
  });

  it('lives a started second to its end', () => {
    expect(writeCookie(SHOP, 'n', 'v', 0.001)).toContain('Max-Age=1;');
    expect(writeCookie(SHOP, 'n', 'v', 59.5)).toContain('Max-Age=60;');
  });

  it('bears the name that only its own host can set, wherever there is https', () => {
    expect(cookieName(SHOP, 'wechat_session')).toMatch(/^__Host-wechat_session_[0-9a-f]{8}$/);
    for (const url of ['http://localhost:3000', 'http://127.0.0.1', 'http://shop.test']) {
      const local = app(url);
      expect(cookieName(local, 'wechat_session')).toMatch(/^wechat_session_[0-9a-f]{8}$/);
      expect(writeCookie(local, 'n', 'v', 60)).toBe('n=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax');
    }
  });

  it('has another name at another address, port, path, app id and app name', () => {
    const names = [
      SHOP,
      app('https://club.example.com'),
      app('https://shop.example.com/app'),
      app('https://shop.example.com', 'wx00000000000club0'),
      app('https://shop.example.com', 'wx00000000official', 'other'),
      app('http://localhost:3000'),
      app('http://localhost:3001'),
      app('http://localhost'),
    ].flatMap((one) => [
      cookieName(one, 'wechat_session'),
      cookieName(one, 'wechat_flow'),
      flowCookieName(one, 'a'),
      flowCookieName(one, 'b'),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('A Cookie header', () => {
  it.each<[string | undefined, [string, string][]]>([
    [undefined, []],
    ['', []],
    ['a=1', [['a', '1']]],
    [
      'a=1; b=2;c=3',
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    ],
    [
      'a=1; a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    ['a=', [['a', '']]],
    ['=a', []],
    [' \t =a', []],
    ['a', []],
    [';;;', []],
    [' a = 1 ', [['a ', ' 1 ']]],
    ['\t \ta=1\t', [['a', '1\t']]],
    ['\u00a0a=1', [['\u00a0a', '1']]],
    ['\u3000a=1', [['\u3000a', '1']]],
    ['\ufeffa=1', [['\ufeffa', '1']]],
    [
      '\va=1;\fb=2',
      [
        ['\va', '1'],
        ['\fb', '2'],
      ],
    ],
    [
      'x=1;\u2028a=1',
      [
        ['x', '1'],
        ['\u2028a', '1'],
      ],
    ],
    [
      '$Version=1; a="x;b=2"',
      [
        ['$Version', '1'],
        ['a', '"x'],
        ['b', '2"'],
      ],
    ],
    ['a="1"', [['a', '"1"']]],
    ['a=%41', [['a', '%41']]],
    [
      '__proto__=1; constructor=2',
      [
        ['__proto__', '1'],
        ['constructor', '2'],
      ],
    ],
    ['a=1, b=2', [['a', '1, b=2']]],
    ['\t\u00e9=\u00ff', [['\u00e9', '\u00ff']]],
  ])('%j is read as it stands', (header, expected) => {
    expect(readCookies(header).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it('of several fields is joined with a semicolon, never with a comma', () => {
    expect(readCookies(['a=1', 'b=2; c=3'])).toEqual(readCookies('a=1; b=2; c=3'));
    expect(onlyCookie(readCookies(['a=1', 'a=2']), 'a')).toBeUndefined();
  });

  it.each([
    '\u00a0',
    '\u0085',
    '\u1680',
    '\u2000',
    '\u2029',
    '\u202f',
    '\u205f',
    '\u3000',
    '\ufeff',
    '\v',
    '\f',
    '\r',
    '\n',
    '\u0000',
  ])('has another name with %j in front of it or behind, and is no second one', (blank) => {
    const name = cookieName(SHOP, 'wechat_session');
    for (const other of [blank + name, name + blank, ` ${blank}${name}`]) {
      expect(onlyCookie(readCookies(`${other}=theirs`), name)).toBeUndefined();
      expect(onlyCookie(readCookies(`${other}=theirs; ${name}=ours`), name)).toBe('ours');
    }
  });

  it.each([
    (name: string) => name.toUpperCase(),
    (name: string) => name.replace('__Host-', '__host-'),
    (name: string) => name.replace('__Host-', '__Secure-'),
    (name: string) => name.replace('__Host-', ''),
    (name: string) => `%5F%5F${name.slice(2)}`,
    (name: string) => `"${name}"`,
  ])('of another spelling neither counts nor makes a duplicate: %s', (spell) => {
    const name = cookieName(SHOP, 'wechat_session');
    expect(onlyCookie(readCookies(`${spell(name)}=theirs`), name)).toBeUndefined();
    expect(onlyCookie(readCookies(`${spell(name)}=theirs; ${name}=ours`), name)).toBe('ours');
  });

  it('gives a value only where there is one cookie of the name', () => {
    const cookies = readCookies('a=1; b=2; b=2; c=; __proto__=x');
    expect(['a', 'b', 'c', 'd', '__proto__', 'toString'].map((name) => onlyCookie(cookies, name))).toEqual([
      '1',
      undefined,
      '',
      undefined,
      'x',
      undefined,
    ]);
  });

  it('gives as flows what has exactly the name of one', () => {
    const name = flowCookieName(SHOP, 'a');
    const other = flowCookieName(app('https://club.example.com'), 'a');
    const header = [name, `${name}0`, name.slice(0, -1), `x${name}`, name.toUpperCase(), other].map(
      (one) => `${one}=v`,
    );
    expect(flowCookies(SHOP, readCookies(header.join('; ')))).toEqual([{ name, value: 'v' }]);
  });

  it('of a megabyte is read in no time', () => {
    const started = process.hrtime.bigint();
    for (const part of ['a=b; ', ';', '=', ' ', 'a']) readCookies(part.repeat(1_048_576 / part.length));
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(5_000);
  });
});

it('Cookies are read as RFC 6265 cuts them, whatever else the header holds', () => {
  const piece = fc.constantFrom(';', '=', ' ', '\t', 'a', '\u00a0', '"', ',', '; ', 'a=1', '__Host-x', '%20');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      const header = pieces.join('');
      const expected = header
        .split(';')
        .map((part) => part.replace(/^[ \t]+/, ''))
        .filter((pair) => pair.indexOf('=') > 0)
        .map((pair) => ({
          name: pair.slice(0, pair.indexOf('=')),
          value: pair.slice(pair.indexOf('=') + 1),
        }));
      expect(readCookies(header)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
