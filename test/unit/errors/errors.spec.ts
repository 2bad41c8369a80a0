// The words of an error, where they depend on what happened.
import { WechatApiError, WechatNetworkError } from '../../../lib/errors/errors.js';

it('A network error counts the attempts only where there were several', () => {
  const words = (attempts?: number) =>
    new WechatNetworkError('/sns/userinfo', 'reset', false, attempts).message;
  expect(words()).toContain('(reset)');
  expect(words(1)).toContain('(reset)');
  expect(words(2)).toContain('(reset, 2 attempts)');
});

describe('A refusal of an address that is not on the white list', () => {
  const hintOf = (errcode: number, errmsg: string) =>
    new WechatApiError({ errcode, errmsg, endpoint: '/cgi-bin/stable_token' });

  it.each([
    ['invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist', '203.0.113.9'],
    ['invalid ip 2001:db8::7, not in whitelist', '2001:db8::7'],
    ['ip not in white list: 203.0.113.9', '203.0.113.9'],
  ])('names the address of "%s"', (errmsg, seen) => {
    const { hint, message } = hintOf(40164, errmsg);
    expect(message.endsWith(`WeChat saw ${seen}.`)).toBe(true);
    expect(hint.zh.endsWith(`微信看到的 IP 是 ${seen}。`)).toBe(true);
  });

  it('names none where there is none', () => {
    for (const errmsg of ['', 'not in whitelist', 'invalid ip 999.1.1.1 and 1.2.3'])
      expect(hintOf(40164, errmsg).message).not.toContain('WeChat saw');
    expect(hintOf(40013, 'invalid appid 203.0.113.9').message).not.toContain('WeChat saw');
  });
});

describe('A refusal of a call with the app’s own token', () => {
  const refusal = (errcode: number) =>
    new WechatApiError({ errcode, errmsg: 'no', endpoint: '/wxa/x', of: 'app' });

  it.each([
    [40001, 'upstream'],
    [40014, 'upstream'],
    [42001, 'upstream'],
    [41001, 'upstream'],
    [40003, 'input'],
    [48001, 'config'],
    [40029, 'code'],
    [45011, 'quota'],
    [40226, 'blocked'],
  ] as const)('%d is of kind %s, so that nobody is told to sign in again for the app', (errcode, kind) => {
    expect(refusal(errcode).kind).toBe(kind);
    expect(refusal(errcode).hint.zh).toMatch(/。$/);
  });

  it('means the app secret where the token comes from', () => {
    const details = { errcode: 40001, errmsg: 'no', of: 'app' } as const;
    expect(new WechatApiError({ ...details, endpoint: '/cgi-bin/stable_token' }).kind).toBe('config');
  });
});
