// What somebody reads who scanned a code: first the warning.
import { beijingTime, textOver, textWithDigits, textWithLink } from '../../../../lib/push/scan/phone-text.js';

const at = Date.UTC(2026, 0, 31, 16, 5);
const host = 'shop.example.com:8443';
const seat = { browser: 'Chrome', system: 'Windows', place: '203.0.*.*' };
const login = { seat, at, host };
const link = 'https://shop.example.com:8443/wechat/scan/confirm/v1.ticket';

it('begins with the warning, in words of ours: host in full, then who, when and where', () => {
  for (const text of [textWithDigits(login, '012345'), textWithLink(login, link)]) {
    const [first, second] = text.split('\n');
    expect(first).toBe('⚠️ 有人想用你的微信登录 shop.example.com:8443');
    expect(second).toBe('Chrome · Windows，02-01 00:05（北京时间），203.0.*.*');
    expect(text).toContain('不要理会');
    expect(text).toContain('Do nothing');
  }
});

it('what to do when it is oneself comes after what to do when it is not', () => {
  for (const text of [textWithDigits(login, '012345'), textWithLink(login, link)]) {
    expect(text.indexOf('如果不是你')).toBeLessThan(text.indexOf('是你本人：'));
    expect(text.indexOf('如果不是你')).toBeGreaterThan(0);
  }
});

it('the digits stand alone in a line, and name the one place to type them', () => {
  const text = textWithDigits(login, '012345');
  expect(text.match(/^012345$/gm)).toHaveLength(1);
  expect(text.match(/\d{6}/g)).toEqual(['012345']);
  expect(text).toContain(`请只在你自己打开的 ${host} 页面输入`);
  expect(text).not.toMatch(/https?:|<a/);
});

it('the link is to look at, and not to confirm', () => {
  const text = textWithLink(login, link);
  expect(text.match(/<a href="[^"]*">[^<]*<\/a>/g)).toEqual([
    `<a href="${link}">查看登录请求 / Look at the request</a>`,
  ]);
  expect(text).not.toMatch(/\d{6}|确认|confirm the/i);
});

it('nothing is said of what is not known', () => {
  const text = textWithDigits({ seat: { browser: '', system: '', place: '' }, at, host }, '012345');
  expect(text.split('\n')[1]).toBe('02-01 00:05（北京时间）');
  const half = textWithDigits({ seat: { ...seat, browser: '', place: '' }, at, host }, '012345');
  expect(half.split('\n')[1]).toBe('Windows，02-01 00:05（北京时间）');
});

it('fits into a reply with the longest of everything', () => {
  const long = {
    seat: { browser: '360 浏览器', system: 'ChromeOS', place: '😀'.repeat(40) },
    at,
    host: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}:65535`,
  };
  const address = `https://${long.host}/${'p'.repeat(40)}/confirm/${'t'.repeat(99)}`;
  for (const text of [
    textWithDigits(long, '012345'),
    textWithLink(long, address),
    textOver('two', long.host),
    textOver('over', long.host),
  ])
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_047);
});

it.each([
  ['two', '两个微信扫过', 'Two people'],
  ['over', '已失效', 'This code is over'],
] as const)('%s: nobody is signed in, and where to begin again', (why, chinese, english) => {
  const text = textOver(why, host);
  for (const words of [chinese, english, '没有人登录', 'nobody is signed in', host])
    expect(text).toContain(words);
  expect(text).not.toMatch(/<a|https?:/);
});

it.each([
  [Date.UTC(2025, 11, 31, 16, 0), '01-01 00:00（北京时间）'],
  [Date.UTC(2026, 6, 1, 3, 59, 59, 999), '07-01 11:59（北京时间）'],
])('the time of day is Beijing’s', (time, text) => expect(beijingTime(time)).toBe(text));
