// How much of a header is ours, to the byte: one more, and a proxy may refuse the whole answer.
import {
  cookieLength,
  COOKIES_BUDGET,
  fitsAnswer,
  MAX_REMOVED,
  withinAnswer,
} from '../../../../lib/auth/http/header-budget.js';
import { cookieName } from '../../../../lib/auth/http/cookies.js';
import { makeLogin } from '../../../support/login-parts.js';

/** The fields as they are sent; the `#` may be put behind the address on the way. */
const sent = (lines: readonly string[], location = '') =>
  [...lines.map((line) => `Set-Cookie: ${line}\r\n`), `Location: ${location}#\r\n`].join('').length;

const text = (length: number) => 'x'.repeat(length);

describe('An answer', () => {
  it.each<[what: string, of: (length: number) => [lines: string[], location?: string]]>([
    ['an address alone', (length) => [[], text(length)]],
    ['one cookie alone', (length) => [[text(length)]]],
    ['one cookie and an address', (length) => [[text(length)], text(300)]],
    ['three cookies and a growing address', (length) => [[text(200), text(300), text(1)], text(length)]],
    ['three cookies of which the last grows', (length) => [[text(200), text(300), text(length)], text(40)]],
  ])('of %s has room below 4,000 bytes', (_what, of) => {
    const room = 3_999 - sent(...of(0));
    expect(sent(...of(room))).toBe(3_999);
    expect(fitsAnswer(...of(room))).toBe(true);
    expect(fitsAnswer(...of(room + 1))).toBe(false);
  });

  it('without anything has room', () => {
    expect(fitsAnswer([])).toBe(true);
  });

  it('keeps all lines that it has room for', () => {
    const lines = [text(1_000), text(1_000), text(1_000)];
    expect(withinAnswer(lines)).toEqual(lines);
    expect(withinAnswer([])).toEqual([]);
  });

  it('drops lines from the last on, and no more than it must', () => {
    const lines = ['a', 'b', 'c', 'd'].map((letter) => letter + text(999));
    expect(withinAnswer(lines)).toEqual(lines.slice(0, 3));
    expect(withinAnswer(lines, text(1_000))).toEqual(lines.slice(0, 2));
    expect(withinAnswer(lines, text(2_000))).toEqual(lines.slice(0, 1));
    expect(lines).toHaveLength(4);
  });

  it('whose address alone is too long keeps no line', () => {
    expect(withinAnswer(['a'], text(4_000))).toEqual([]);
  });
});

describe('A request', () => {
  it.each([
    ['a', ''],
    ['', 'b'],
    ['__Host-name', 'value'],
  ])('carries the cookie %j=%j in so many bytes', (name, value) => {
    expect(cookieLength({ name, value })).toBe(`${name}=${value}; `.length);
  });

  it('may carry 6,000 bytes of our cookies, and one more costs another app its session', () => {
    const { pendingLogins: flows, official, website } = makeLogin();
    const name = cookieName(website, 'wechat_session');
    const room = 6_000 - `${name}=; `.length;
    expect(COOKIES_BUDGET).toBe(6_000);
    expect(flows.makeRoom(official, [{ name, value: text(room) }], [])).toEqual([]);
    expect(flows.makeRoom(official, [{ name, value: text(room + 1) }], [])).toEqual([
      expect.stringMatching(new RegExp(`^${name}=; Max-Age=0`)),
    ]);
  });

  it('that shows more leftovers than that gets rid of ten of them', () => {
    const { pendingLogins: flows, official } = makeLogin();
    const leftovers = Array.from({ length: 12 }, (_, index) => ({
      name: `${cookieName(official, 'wechat_flow')}_${String(index).padStart(8, '0')}`,
      value: 'v1.x',
    }));
    expect(MAX_REMOVED).toBe(10);
    expect(flows.clear(official, leftovers)).toHaveLength(10);
    expect(flows.clear(official, leftovers.slice(0, 9))).toHaveLength(9);
  });
});
