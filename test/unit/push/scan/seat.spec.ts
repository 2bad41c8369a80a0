// Who sits before the code: words of ours and a part of the address, whatever a browser says.
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { HttpRequest } from '../../../../lib/auth/http/http-request.js';
import { clientOf, seatOf } from '../../../../lib/push/scan/scenes/seat.js';
import { LogCapture } from '../../../support/log-capture.js';
import { makeParts } from '../../../support/parts.js';

let logs: LogCapture;
beforeEach(() => Logger.overrideLogger((logs = new LogCapture())));
afterEach(() => Logger.overrideLogger(false));

const plain = makeParts().config;
const seat = (agent: string | undefined, ip: unknown = '203.0.113.7', config = plain) =>
  seatOf(new HttpRequest({ ip, headers: agent === undefined ? {} : { 'user-agent': agent } }), config);
const place = (ip: unknown, describePlace?: unknown) => {
  const { config } = makeParts(describePlace ? { hooks: { describePlace: describePlace as never } } : {});
  return seat('', ip, config).place;
};

const chrome = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
it.each([
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${chrome}`, 'Chrome', 'Windows'],
  [`Mozilla/5.0 (Windows NT 10.0) ${chrome} Edg/140.0`, 'Edge', 'Windows'],
  [`Mozilla/5.0 (X11; Linux x86_64) ${chrome} OPR/120.0`, 'Opera', 'Linux'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox', 'Linux'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15', 'Safari', 'macOS'],
  [`Mozilla/5.0 (Windows NT 10.0) ${chrome} QQBrowser/11.0`, 'QQ 浏览器', 'Windows'],
  [`Mozilla/5.0 (Windows NT 10.0) ${chrome} QIHU 360SE`, '360 浏览器', 'Windows'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541) ${chrome}`, 'Chrome', 'ChromeOS'],
  ['curl/8.0', '', ''],
  ['', '', ''],
  [undefined, '', ''],
  [`${' '.repeat(600)}Windows Chrome/1`, '', ''],
])('%j', (agent, browser, system) => expect(seat(agent)).toEqual({ browser, system, place: '203.0.*.*' }));

it('a stranger puts no word of his own into the text', () => {
  const browsers = ['', 'Edge', 'Opera', 'Firefox', 'QQ 浏览器', '360 浏览器', 'Chrome', 'Safari'];
  const systems = ['', 'Windows', 'ChromeOS', 'macOS', 'Linux'];
  const pieces = fc.constantFrom('Chrome/', 'Windows', '你好，我是客服', '\n', '<a href="//evil">', 'Edg/');
  const agents = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' }))).map((list) => list.join(' '));
  fc.assert(
    fc.property(agents, (agent) => {
      const { browser, system, place: where } = seat(agent);
      expect([browsers.includes(browser), systems.includes(system), where]).toEqual([
        true,
        true,
        '203.0.*.*',
      ]);
    }),
    { numRuns: 300 },
  );
});

describe('the address', () => {
  it.each([
    ['203.0.113.7', '203.0.*.*'],
    ['::ffff:203.0.113.7', '203.0.*.*'],
    ['::FFFF:203.0.113.7', '203.0.*.*'],
    ['::ffff:cb00:7107', '203.0.*.*'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.*.*'],
    ['::ffff:a00:1', ''],
    ['2001:db8:1:2:3:4:5:6', '2001:db8::*'],
    ['2001:0DB8:0001::0006', '2001:db8::*'],
    ['2001:db8::', '2001:db8::*'],
    ['2400::1', '2400:0::*'],
    ['2001:db8::1%eth0', '2001:db8::*'],
    ['64:ff9b::203.0.113.7', '64:ff9b::*'],
    ['10.1.2.3', ''],
    ['::ffff:10.1.2.3', ''],
    ['192.168.1.1', ''],
    ['::1', ''],
    ['fe80::1%en0', ''],
    ['fc00::1', ''],
    ['', ''],
    ['evil.example', ''],
    ['203.0.113.7:80', ''],
    ['203.0.113.007', ''],
    [undefined, ''],
    [{ toString: (): string => '203.0.113.7' }, ''],
  ])('%p is told as %j', (ip, expected) => expect(place(ip ?? null)).toBe(expected));

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:0001:2::', '2001:db8:1:2'],
    ['::9', '0:0:0:0'],
    ['203.0.113.7', '203.0.113.7'],
  ])('%s counts as the client %s', (address, client) => expect(clientOf(address)).toBe(client));

  it('never tells more than half of an IPv4 address, or a quarter of another', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) =>
        expect(seat('', ip).place).toMatch(/^(?:\d{1,3}\.\d{1,3}\.\*\.\*|[0-9a-f]{1,4}:[0-9a-f]{1,4}::\*)?$/),
      ),
    );
  });
});

describe('hooks.describePlace', () => {
  it.each<[string, () => unknown, string, number]>([
    ['names the place', () => '北京市 联通', '北京市 联通', 0],
    ['says nothing', () => undefined, '203.0.*.*', 0],
    ['says nothing with null', () => null, '203.0.*.*', 0],
    ['says an empty text', () => '', '203.0.*.*', 1],
    ['gives a number', () => 7, '203.0.*.*', 1],
    ['gives a promise', async () => '北京', '203.0.*.*', 1],
    ['gives a promise that fails', async () => Promise.reject(new Error('x')), '203.0.*.*', 1],
    ['gives control characters', () => '北京\n\u0007\u202e\u200b 市', '北京 市', 0],
    ['gives 100 characters', () => '京'.repeat(100), '京'.repeat(40), 0],
    ['gives nothing but blanks', () => ' \n ', '', 0],
    [
      'throws',
      () => {
        throw new TypeError('secret');
      },
      '203.0.*.*',
      1,
    ],
  ])('%s', async (_name, hook, expected, warnings) => {
    expect(place('203.0.113.7', hook)).toBe(expected);
    await new Promise(setImmediate);
    expect(logs.lines.filter(({ text }) => text.includes('describePlace'))).toHaveLength(warnings);
    expect(logs.text).not.toContain('secret');
  });

  it('is asked with the address and the request of the platform', () => {
    const asked: unknown[] = [];
    place('::ffff:203.0.113.7', (facts: { address: string; raw: { ip: string } }) => {
      asked.push(facts.address, facts.raw.ip);
      return 'x';
    });
    expect(asked).toEqual(['203.0.113.7', '::ffff:203.0.113.7']);
  });

  it('is not cut in the middle of a character', () => {
    expect(place('203.0.113.7', () => `${'京'.repeat(39)}😀😀`)).toBe(`${'京'.repeat(39)}😀`);
  });
});
