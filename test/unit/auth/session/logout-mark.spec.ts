// The mark that a logout leaves in the browser, and the silence after it.
import { type ReceivedCookie, readCookies } from '../../../../lib/auth/http/cookies.js';
import { logoutMark, newLogoutMark, writeLogoutMark } from '../../../../lib/auth/session/logout-mark.js';
import {
  forgetAttempts,
  rememberAttempt,
  staySilent,
  wasTried,
} from '../../../../lib/auth/login/silent-attempts.js';
import { resolveConfig } from '../../../../lib/config/resolve-config.js';
import type { AppConfig } from '../../../../lib/config/wechat-config.js';

const appsAt = (...addresses: string[]): AppConfig[] => [
  ...resolveConfig(
    {
      apps: Object.fromEntries(
        addresses.map((publicUrl, index) => [
          `app${index}`,
          { type: 'official-account' as const, appId: `wx0000000000000${index}`, secret: 's', publicUrl },
        ]),
      ),
      dev: { allowHttp: true },
    },
    false,
  ).apps.values(),
];
const received = (...lines: string[]): ReceivedCookie[] =>
  lines.flatMap((line) => readCookies(line.split(';', 1)[0]));
const random = { randomBytes: (size: number) => Buffer.alloc(size, 0xfb) };

describe('The mark of a logout', () => {
  const [https, http, other] = appsAt(
    'https://shop.example.com',
    'http://localhost:3000',
    'https://club.example.com/b',
  ) as [AppConfig, AppConfig, AppConfig];
  const mark = newLogoutMark(random);

  it('is eight bytes of chance', () => {
    expect(mark).toBe('-_v7-_v7-_s');
  });

  it('is written once for each way in which browsers keep our cookies, and read back by every app', () => {
    const lines = writeLogoutMark([https, http, other], mark);
    expect(lines).toEqual([
      `__Host-wechat_out=${mark}; Max-Age=34560000; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `wechat_out=${mark}; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax`,
    ]);
    for (const app of [https, http, other]) expect(logoutMark(app, received(...lines))).toBe(mark);
    expect(writeLogoutMark([https, other], mark)).toEqual([lines[0]]);
  });

  it('in clear and in https are two', () => {
    const [secure, clear] = writeLogoutMark([https, http], mark) as [string, string];
    expect([logoutMark(https, received(clear)), logoutMark(http, received(secure))]).toEqual(['', '']);
  });

  const name = '__Host-wechat_out';
  it.each<[string, ReceivedCookie[]]>([
    ['no cookie', []],
    [
      'two of them',
      [
        { name, value: mark },
        { name, value: mark },
      ],
    ],
    [
      'two of which one is none',
      [
        { name, value: mark },
        { name, value: '' },
      ],
    ],
    ['nothing', [{ name, value: '' }]],
    ['ten letters', [{ name, value: mark.slice(1) }]],
    ['twelve letters', [{ name, value: `${mark}A` }]],
    ['quotes', [{ name, value: `"${mark}"` }]],
    ['a blank', [{ name, value: `${mark} ` }]],
    ['another case', [{ name: '__host-wechat_out', value: mark }]],
    ['another blank in front of the name', [{ name: `\u00a0${name}`, value: mark }]],
    ['the name of a session', [{ name: `${name}_12345678`, value: mark }]],
  ])('is none with %s', (_what, cookies) => {
    expect(logoutMark(https, cookies)).toBe('');
  });
});

describe('The silence of an app', () => {
  const [app, other] = appsAt('https://shop.example.com', 'https://shop.example.com') as [
    AppConfig,
    AppConfig,
  ];
  const MARK = 'AAAAAAAAAAA';

  it.each([
    ['an attempt', rememberAttempt(app)],
    ['a logout', staySilent(app, MARK, 60)],
  ])('is kept by %s, for this app alone, and ends with the next login', (_what, line) => {
    const cookies = received(line);
    expect([wasTried(app, cookies), wasTried(other, cookies)]).toEqual([true, false]);
    expect(forgetAttempts(other, cookies)).toEqual([]);
    const [removal, ...more] = forgetAttempts(app, [...cookies, ...cookies]);
    expect([removal, more]).toEqual([
      `${line.split('=', 1)[0]}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax`,
      [],
    ]);
  });

  it('of a logout is not the one that anything from before it could name', () => {
    const names = [rememberAttempt(app), staySilent(app, MARK, 60), staySilent(app, 'BBBBBBBBBBB', 60)];
    expect(new Set(names.map((line) => line.split('=', 1)[0])).size).toBe(3);
  });

  const [name] = rememberAttempt(app).split('=', 1) as [string];
  it.each([
    `${name}_`,
    `${name}x`,
    `${name}_AAAAAAAAAA`,
    `${name}_AAAAAAAAAAAA`,
    `${name}_AAAAA AAAAA`,
    `x${name}`,
  ])('is not kept by %j', (wrong) => {
    const cookies = [{ name: wrong, value: '1' }];
    expect(wasTried(app, cookies)).toBe(false);
    expect(forgetAttempts(app, cookies)).toEqual([]);
  });

  it('costs ten removals at most in one answer', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      name: `${name}_${String(index).padStart(11, '0')}`,
      value: '1',
    }));
    expect(forgetAttempts(app, many)).toHaveLength(10);
  });
});
