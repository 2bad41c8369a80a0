// The files by which WeChat sees that a domain is ours, as they are written in the options.
import { resolveConfig } from '../../../lib/config/resolve-config.js';
import { WechatConfigError } from '../../../lib/errors/errors.js';
import type { WechatOAuthModuleOptions } from '../../../lib/wechat-oauth.options.js';
import { thrownBy } from '../../support/failure.js';

const ONE = { appId: 'wx0001', secret: 's' };
const MP = 'MP_verify_A1b2C3d4E5f6G7h8.txt';
const WW = 'WW_verify_0123456789abcdef.txt';
const app = (number: number, more: object) => ({
  type: 'mini-program',
  appId: `wx000${number}`,
  secret: 's',
  ...more,
});
const resolve = (options: object) => resolveConfig(options as WechatOAuthModuleOptions, false);
const filesOf = (verificationFiles: unknown) => resolve({ ...ONE, verificationFiles }).verificationFiles;
const publicUrl = 'https://shop.example.com';

describe('Verification files', () => {
  it.each<[unknown, [string, string][] | undefined]>([
    [undefined, undefined],
    [[], undefined],
    [{}, undefined],
    [[MP], [[MP, 'A1b2C3d4E5f6G7h8']]],
    [
      [MP, WW, MP],
      [
        [MP, 'A1b2C3d4E5f6G7h8'],
        [WW, '0123456789abcdef'],
      ],
    ],
    [{ [MP]: 'A1b2C3d4E5f6G7h8' }, [[MP, 'A1b2C3d4E5f6G7h8']]],
    [{ '6ynZPDvfTF.txt': 'a b~' }, [['6ynZPDvfTF.txt', 'a b~']]],
    [Object.assign(Object.create(null), { 'a.txt': 'x' }), [['a.txt', 'x']]],
    [{ [`${'a'.repeat(64)}.txt`]: 'x'.repeat(1_024) }, [[`${'a'.repeat(64)}.txt`, 'x'.repeat(1_024)]]],
  ])('%j are read', (given, read) => {
    expect(filesOf(given)).toEqual(read && new Map(read));
  });

  it.each<[what: string, given: unknown, problem: RegExp]>([
    ['null', null, /neither a list/],
    ['a text', MP, /neither a list/],
    ['true', true, /neither a list/],
    ['a function', () => 'x', /neither a list/],
    ['a pattern', /MP_verify_(\w{16})\.txt/, /neither a list/],
    ['a Map', new Map([[MP, 'x']]), /neither a list/],
    ['a Set', new Set([MP]), /neither a list/],
    ['a list of patterns', [/MP_verify/], /a name that is not one/],
    ['a list of lists', [[MP]], /a name that is not one/],
    ['a hole in a list', [undefined], /a name that is not one/],
    ['a wildcard', ['MP_verify_*.txt'], /a name that is not one/],
    ['a wildcard with a content', { '*.txt': 'x' }, /a name that is not one/],
    ['a parameter', { ':name.txt': 'x' }, /a name that is not one/],
    ['a group', { '(.*).txt': 'x' }, /a name that is not one/],
    ['an empty name', { '': 'x' }, /a name that is not one/],
    ['nothing but an ending', { '.txt': 'x' }, /a name that is not one/],
    ['a name of 65', { [`${'a'.repeat(65)}.txt`]: 'x' }, /a name that is not one/],
    ['another ending', { 'a.html': 'x' }, /a name that is not one/],
    ['an ending in capitals', { 'a.TXT': 'x' }, /a name that is not one/],
    ['two dots', { 'a.b.txt': 'x' }, /a name that is not one/],
    ['a path', [`/${MP}`], /a name that is not one/],
    ['a folder', { 'mp/a.txt': 'x' }, /a name that is not one/],
    ['a step up', { '../a.txt': 'x' }, /a name that is not one/],
    ['a backslash', { 'a\\b.txt': 'x' }, /a name that is not one/],
    ['a line end behind', [`${MP}\n`], /a name that is not one/],
    ['a query', { 'a.txt?x': 'x' }, /a name that is not one/],
    ['an encoded letter', { 'a%41.txt': 'x' }, /a name that is not one/],
    ['letters of others', { 'é.txt': 'x' }, /a name that is not one/],
    ['a name without its content', ['6ynZPDvfTF.txt'], /whose content is not in its name/],
    [
      'a name of WeChat that is cut off',
      ['MP_verify_A1b2C3d4E5f6G7h.txt'],
      /whose content is not in its name/,
    ],
    [
      'a name of WeChat in other letters',
      ['mp_verify_A1b2C3d4E5f6G7h8.txt'],
      /whose content is not in its name/,
    ],
    ['no content', { 'a.txt': undefined }, /whose content is not in its name/],
    ['an empty content', { 'a.txt': '' }, /printable ASCII/],
    ['a content that is none', { 'a.txt': 7 }, /printable ASCII/],
    ['a content of bytes', { 'a.txt': Buffer.from('x') }, /printable ASCII/],
    ['a line end', { 'a.txt': 'x\n' }, /printable ASCII/],
    ['a byte order mark', { 'a.txt': '\ufeffx' }, /printable ASCII/],
    ['Chinese', { 'a.txt': '茶' }, /printable ASCII/],
    ['a control character', { 'a.txt': 'x\u0000' }, /printable ASCII/],
    ['a content of 1,025', { 'a.txt': 'x'.repeat(1_025) }, /printable ASCII/],
    ['another content than the name says', { [MP]: 'A1b2C3d4E5f6G7h9' }, /not the one in its name/],
    [
      'too many',
      Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`a${n}.txt`, 'x'])),
      /more than 100/,
    ],
  ])('%s is refused, for the module and for an app', (_what, verificationFiles, problem) => {
    expect(thrownBy(WechatConfigError, () => filesOf(verificationFiles))).toMatchObject({
      option: 'verificationFiles',
      message: expect.stringMatching(problem),
    });
    const apps = { a: app(1, { publicUrl, verificationFiles }) };
    expect(thrownBy(WechatConfigError, () => resolve({ apps }))).toMatchObject({
      option: 'apps.a.verificationFiles',
      message: expect.stringMatching(problem),
    });
  });

  it('of an app need its host, its own or that of the module', () => {
    const apps = { a: app(1, { verificationFiles: [MP] }) };
    expect(thrownBy(WechatConfigError, () => resolve({ apps }))).toMatchObject({
      option: 'apps.a.verificationFiles',
      message: expect.stringMatching(/no host to be answered at/),
    });
    expect(resolve({ apps, publicUrl }).apps.get('a')!.verificationFiles).toEqual(
      new Map([[MP, 'A1b2C3d4E5f6G7h8']]),
    );
    expect(resolve({ apps, publicUrl }).verificationFiles).toBeUndefined();
  });

  it('of one name say one thing at one host', () => {
    const [one, other] = [{ 'a.txt': '1' }, { 'a.txt': '2' }];
    const club = 'https://club.example.com';
    const twoApps = (first: object, second: object) =>
      resolve({ publicUrl, apps: { a: app(1, first), b: app(2, second) } });
    expect(() => twoApps({ verificationFiles: one }, { verificationFiles: one })).not.toThrow();
    expect(() =>
      twoApps({ verificationFiles: one }, { verificationFiles: other, publicUrl: club }),
    ).not.toThrow();
    expect(
      thrownBy(WechatConfigError, () => twoApps({ verificationFiles: one }, { verificationFiles: other })),
    ).toMatchObject({ option: 'apps.b.verificationFiles', message: expect.stringMatching(/than "a" at/) });
    expect(
      thrownBy(WechatConfigError, () =>
        resolve({ publicUrl, verificationFiles: one, apps: { a: app(1, { verificationFiles: other }) } }),
      ),
    ).toMatchObject({ option: 'apps.a.verificationFiles', message: expect.stringMatching(/the module at/) });
  });
});
