// What people and programs are told: complete, in two languages, and never with somebody else's
// markup in it.
import { HttpException } from '@nestjs/common';
import { PROBLEM_PAGE_POLICY, renderProblemPage } from '../../../../lib/auth/problems/problem-page.js';
import { makeProblem, problemException, PROBLEMS } from '../../../../lib/auth/problems/problems.js';
import type { WechatProblemCode } from '../../../../lib/model/problem.js';
import { createHash } from 'node:crypto';

const CODES = Object.keys(PROBLEMS) as WechatProblemCode[];
const HOSTILE = `<script>alert("1")</script>'"><img src=x onerror=alert(1)>&amp;\u0000\u2028</title></style>`;

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
    expect(renderProblemPage(byHandler, 'en')).toContain('<title>Sign-in was refused</title>');
    expect(renderProblemPage({ ...byHandler, message: '账号已停用' }, 'zh')).toContain('<h1>未能登录</h1>');
    const byPerson = makeProblem('LOGIN_REFUSED', 'en', 'REF');
    expect(byPerson.message).toContain('You did not give permission');
    expect(renderProblemPage(byPerson, 'en')).toContain('<title>Permission was not given</title>');
  });

  it('takes the words of a login handler instead of its own', () => {
    expect(makeProblem('LOGIN_REFUSED', 'zh', 'REF', { message: 'no', reason: 'BANNED' })).toMatchObject({
      message: 'no',
      reason: 'BANNED',
    });
  });
});

describe('A problem page', () => {
  it.each(CODES)('for %s is complete in both languages and runs nothing', (code) => {
    for (const lang of ['zh', 'en'] as const) {
      const html = renderProblemPage(makeProblem(code, lang, 'REF1234567'), lang);
      expect(html).toMatch(/^<!doctype html><html lang="(zh-CN|en)">/);
      expect(html).toContain(PROBLEMS[code].title[lang]);
      expect(html).toContain(`${code} · REF1234567`);
      expect(html).not.toMatch(/<script|<link|<iframe|<form|<img|javascript:|\son\w+=|https?:\/\//i);
    }
  });

  it('shows hostile words as words, wherever they stand', () => {
    const html = renderProblemPage(
      {
        statusCode: 403,
        code: 'LOGIN_REFUSED',
        message: HOSTILE,
        ref: HOSTILE,
        retryUrl: `https://shop.example.com/?${HOSTILE}`,
        reason: HOSTILE,
        app: HOSTILE,
      },
      'en',
    );
    const plain = renderProblemPage(
      {
        statusCode: 403,
        code: 'LOGIN_REFUSED',
        message: 'm',
        ref: 'r',
        retryUrl: 'https://shop.example.com/',
      },
      'en',
    );
    const tags = (page: string) => page.match(/<[^>]*>/g)!.map((tag) => tag.replace(/href="[^"]*"/, 'href'));

    expect(tags(html)).toEqual(tags(plain));
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&quot;&gt;');
  });

  it('offers another try only where there is an address for it', () => {
    const problem = makeProblem('LOGIN_FAILED', 'en', 'REF');
    expect(renderProblemPage(problem, 'en')).not.toContain('href');
    expect(renderProblemPage({ ...problem, retryUrl: 'https://shop.example.com/?a=1&b=2' }, 'en')).toContain(
      'href="https://shop.example.com/?a=1&amp;b=2"',
    );
  });

  it('has a policy that allows its own style and nothing else', () => {
    const style = /<style>(.*?)<\/style>/s.exec(
      renderProblemPage(makeProblem('LOGIN_FAILED', 'en', 'REF'), 'en'),
    )![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(PROBLEM_PAGE_POLICY).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });
});
