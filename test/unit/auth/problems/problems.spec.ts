// What people and programs are told: complete, in two languages, and never with somebody else's
// markup in it.
import { HttpException } from '@nestjs/common';
import { renderProblemPage } from '../../../../lib/auth/problems/problem-page.js';
import { makeProblem, problemException, PROBLEMS } from '../../../../lib/auth/problems/problems.js';
import type { WechatProblemCode } from '../../../../lib/model/problem.js';

const CODES = Object.keys(PROBLEMS) as WechatProblemCode[];

describe('A problem', () => {
  it.each<[WechatProblemCode, number]>([
    ['WECHAT_LOGIN_REQUIRED', 401],
    ['WECHAT_SCOPE_REQUIRED', 403],
    ['OPEN_IN_WECHAT', 403],
    ['OPEN_IN_BROWSER', 403],
    ['SNAPSHOT_USER', 403],
    ['LOGIN_REFUSED', 403],
    ['LOGIN_FAILED', 502],
    ['COOKIES_REQUIRED', 400],
    ['BAD_LOGIN_REQUEST', 400],
  ])('%s is a %d, with words of its own in both languages', (code, status) => {
    const { title, text } = PROBLEMS[code];
    for (const lang of ['zh', 'en'] as const) {
      const problem = makeProblem(code, lang, 'REF');
      expect(problem).toEqual({ statusCode: status, code, message: text[lang], ref: 'REF' });
      expect(problemException(problem)).toBeInstanceOf(HttpException);
      expect(problemException(problem).getStatus()).toBe(status);
    }
    expect(`${title.zh}${text.zh}`).toMatch(/[\u4e00-\u9fff]/);
    expect(title.en + text.en).not.toBe(title.zh + text.zh);
  });

  it('has words that no other has', () => {
    expect(new Set(CODES.map((code) => PROBLEMS[code].title.zh)).size).toBe(CODES.length);
    expect(new Set(CODES.map((code) => PROBLEMS[code].title.en)).size).toBe(CODES.length);
  });

  it('is a body of the contract as an exception, without what is for pages only', () => {
    const problem = makeProblem('WECHAT_LOGIN_REQUIRED', 'en', 'REF', {
      loginUrl: 'https://shop.example.com/wechat/login',
      app: 'official',
      scope: 'snsapi_base',
      pageUrl: 'https://shop.example.com/orders',
      retryUrl: 'https://shop.example.com/',
    });
    expect(problemException(problem).getResponse()).toEqual({
      statusCode: 401,
      code: 'WECHAT_LOGIN_REQUIRED',
      message: 'Sign in with WeChat first.',
      loginUrl: 'https://shop.example.com/wechat/login',
      app: 'official',
      scope: 'snsapi_base',
      ref: 'REF',
    });
  });

  it('does not say that a person refused who was refused', () => {
    const byHandler = makeProblem('LOGIN_REFUSED', 'en', 'REF', { reason: 'BANNED' });
    expect(byHandler.message).toBe('This account cannot sign in here.');
    expect(renderProblemPage(byHandler, 'en').html).toContain('<title>Sign-in was refused</title>');
    expect(renderProblemPage({ ...byHandler, message: '账号已停用' }, 'zh').html).toContain(
      '<h1>未能登录</h1>',
    );
    const byPerson = makeProblem('LOGIN_REFUSED', 'en', 'REF');
    expect(byPerson.message).toContain('You did not give permission');
    expect(renderProblemPage(byPerson, 'en').html).toContain('<title>Permission was not given</title>');
  });

  it('takes the words of a login handler instead of its own', () => {
    expect(makeProblem('LOGIN_REFUSED', 'zh', 'REF', { message: 'no', reason: 'BANNED' })).toMatchObject({
      message: 'no',
      reason: 'BANNED',
    });
  });
});
