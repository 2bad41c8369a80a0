// The page that tells a person what went wrong: complete, harmless whatever stands in it, and under
// a policy that lets in nothing else.
import { createHash } from 'node:crypto';
import { pageStyle } from '../../../../lib/auth/problems/page-style.js';
import { type PageBrand, renderProblemPage } from '../../../../lib/auth/problems/problem-page.js';
import { makeProblem, PROBLEMS } from '../../../../lib/auth/problems/problems.js';
import type { WechatProblem, WechatProblemCode } from '../../../../lib/index.js';

const CODES = Object.keys(PROBLEMS) as WechatProblemCode[];
const HOSTILE = `<script>alert("1")</script>'">`;
const SHOP: PageBrand = {
  name: '一盏茶',
  logoUrl: 'https://shop.example.com/logo.png',
  color: '#8c3b2a',
};

const problem = makeProblem('LOGIN_FAILED', 'en', 'REF');
const elsewhere = makeProblem('OPEN_IN_WECHAT', 'en', 'REF', {
  pageUrl: 'https://shop.example.com/?a=1&b=2',
});

const htmlOf = (of: WechatProblem, brand?: PageBrand) => renderProblemPage(of, 'en', brand).html;

const policyOf = (of: WechatProblem, brand?: PageBrand) =>
  Object.fromEntries(
    renderProblemPage(of, 'en', brand)
      .policy.split('; ')
      .map((directive) => [directive.split(' ')[0]!, directive.split(' ').slice(1)]),
  );

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const within = (html: string, tag: string) => new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(html)![1]!;

/** All tags, without what the attributes of people hold. */
const tags = (html: string) =>
  html.match(/<[^>]*>/g)!.map((tag) => tag.replace(/(href|value|src)="[^"]*"/, '$1'));

describe('A problem page', () => {
  it.each(CODES)('for %s is complete in both languages and runs nothing', (code) => {
    for (const lang of ['zh', 'en'] as const) {
      const { html } = renderProblemPage(makeProblem(code, lang, 'REF1234567'), lang);
      expect(html).toMatch(/^<!doctype html><html lang="(zh-CN|en)">/);
      expect(html).toContain(PROBLEMS[code].title[lang]);
      expect(html).toContain(`${code} · REF1234567`);
      expect(html).not.toMatch(/<script|<link|<iframe|<form|<img|javascript:|\son\w+=|https?:\/\//i);
    }
  });

  it('shows hostile words as words, wherever they stand', () => {
    const addresses = { retryUrl: 'https://a.example/', homeUrl: '/', pageUrl: 'https://b.example/' };
    const plain = { statusCode: 403, code: 'LOGIN_REFUSED', message: 'm', ref: 'r', ...addresses } as const;
    const hostile = {
      ...plain,
      message: HOSTILE,
      ref: HOSTILE,
      retryUrl: `https://shop.example.com/?${HOSTILE}`,
      homeUrl: HOSTILE,
      pageUrl: `https://shop.example.com/?${HOSTILE}`,
      reason: HOSTILE,
      app: HOSTILE,
    };
    const html = htmlOf(hostile, {
      name: HOSTILE,
      logoUrl: `https://a.example/?${HOSTILE}`,
      color: '#000000',
    });
    expect(tags(html)).toEqual(tags(htmlOf(plain, { ...SHOP, color: '#000000' })));
    expect(html.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&quot;&gt;')).toHaveLength(9);
  });

  it('offers another try only where there is an address for it', () => {
    expect(htmlOf(problem)).not.toContain('href');
    const again = htmlOf({ ...problem, retryUrl: 'https://shop.example.com/?a=1&b=2' });
    expect(again).toContain('href="https://shop.example.com/?a=1&amp;b=2"');
  });

  it('has a policy that allows its own style and nothing else', () => {
    const { html, policy } = renderProblemPage(problem, 'en');
    expect(policy).toBe(
      `default-src 'none'; style-src ${hashOf(within(html, 'style'))}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });
});

describe('A page to be opened elsewhere', () => {
  it('shows its address, to select where no script runs and with a button where one does', () => {
    const html = htmlOf(elsewhere);
    expect(html).toContain('value="https://shop.example.com/?a=1&amp;b=2"');
    expect(html).toMatch(/<button type="button" hidden [^>]*>Copy the link<\/button>/);
    expect(renderProblemPage(elsewhere, 'zh').html).toMatch(/data-done="已复制">复制链接<\/button>/);
  });

  it('allows this one script by its hash, which is the same for every address', () => {
    const { 'script-src': script, ...rest } = policyOf(elsewhere);
    expect(script).toEqual([hashOf(within(htmlOf(elsewhere), 'script'))]);
    expect(rest).toEqual(policyOf(problem));
    expect(policyOf({ ...elsewhere, pageUrl: 'https://elsewhere.example.com/' })['script-src']).toEqual(
      script,
    );
  });
});

describe('A page with a brand', () => {
  it('says whose it is, in the heading of the browser too', () => {
    const html = htmlOf(problem, SHOP);
    expect(html).toContain('<title>Sign-in failed · 一盏茶</title>');
    expect(html).toContain(
      '<header><img src="https://shop.example.com/logo.png" alt=""><span>一盏茶</span></header>',
    );
    expect(htmlOf(problem, { ...SHOP, logoUrl: undefined })).toContain(
      '<header><span>一盏茶</span></header>',
    );
  });

  it('lets in its logo and no other picture, and its own style by its hash', () => {
    const { 'img-src': images, 'style-src': styles, ...rest } = policyOf(problem, SHOP);
    expect([images, styles]).toEqual([[SHOP.logoUrl], [hashOf(within(htmlOf(problem, SHOP), 'style'))]]);
    const { 'style-src': _, ...plain } = policyOf(problem);
    expect(rest).toEqual(plain);
    expect(policyOf(problem, { ...SHOP, logoUrl: undefined })).not.toHaveProperty('img-src');
  });

  it.each([
    ['https://a.example/l;script-src *.png', 'https://a.example/l%3Bscript-src%20*.png'],
    ['https://a.example/a,b.png?v=1;2,3#x', 'https://a.example/a%2Cb.png'],
    ["https://a.example/'unsafe-inline'", "https://a.example/'unsafe-inline'"],
  ])('whose logo is at %s cannot say more in the policy', (logoUrl, source) => {
    const page = policyOf(problem, { ...SHOP, logoUrl });
    expect(page['img-src']).toEqual([source]);
    expect(Object.keys(page)).toEqual(Object.keys(policyOf(problem, SHOP)));
  });
});

describe('The colour of the buttons', () => {
  it.each([
    ['#07c160', '#fff'],
    ['#8c3b2a', '#fff'],
    ['#000000', '#fff'],
    ['#ffffff', '#000'],
    ['#ffe600', '#000'],
    ['#0a84ff', '#000'],
    ['#757575', '#fff'],
    ['#777777', '#000'],
  ])('%s has text of %s on it', (color, text) => {
    expect(pageStyle(color)).toContain(`background:${color};color:${text};`);
  });

  it('is WeChat’s where none is given', () => expect(pageStyle()).toBe(pageStyle('#07c160')));
});
