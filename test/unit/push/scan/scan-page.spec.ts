// The page of a scan as HTML: what stands in it, what is hidden, and what its policy lets in.
import { createHash } from 'node:crypto';
import { renderScanPage, type ScanView } from '../../../../lib/push/scan/page/scan-page.js';
import { SCAN_WORDS } from '../../../../lib/push/scan/page/scan-words.js';
import type { ScanStatus } from '../../../../lib/push/scan/scenes/scan-record.js';

const STATUSES: readonly ScanStatus[] = ['waiting', 'scanned', 'agreed', 'expired', 'void', 'finished'];
const HOSTILE = `<script>alert(1)</script>"'&`;
const state = 'd'.repeat(32);
const at = (end: string) => `/wechat/scan${end}?state=${state}`;
const paths = {
  page: at(''),
  again: `${at('')}&new=1`,
  finish: at('/finish'),
  events: at('/events'),
  status: at('/status'),
};

const render = (changes: Partial<ScanView> = {}) =>
  renderScanPage({
    lang: 'en',
    status: 'waiting',
    byDigits: true,
    url: 'http://weixin.qq.com/q/02abc',
    host: 'shop.example.com:8443',
    paths,
    token: 'T'.repeat(22),
    targets: "'self' https://shop.example.com:8443",
    ...changes,
  });

/** Of each section: whether it is hidden, and what stands in it. */
const sectionsOf = (html: string) =>
  Object.fromEntries(
    [...html.matchAll(/<section data-on="(\w+)"[^>]*?( hidden)?>(.*?)<\/section>/gs)].map(
      ([, on, hidden, content]) => [on!, { hidden: hidden !== undefined, content: content! }],
    ),
  );
const sourceOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const reloads = (html: string) =>
  /<noscript><meta http-equiv="refresh" content="\d+;url=([^"]+)"><\/noscript>/.exec(html)?.[1];

describe.each(['zh', 'en'] as const)('%s', (lang) => {
  it.each(STATUSES)('%s: of six sections this one is shown, and names the page', (status) => {
    const { html } = render({ lang, status });
    const sections = sectionsOf(html);
    expect(Object.keys(sections).sort()).toEqual([...STATUSES].sort());
    expect(STATUSES.filter((one) => !sections[one]!.hidden)).toEqual([status]);
    const title = /<title>(.*?)<\/title>/.exec(html)![1]!;
    expect(sections[status]!.content).toContain(`<h1>${title}</h1>`);
    expect(html).toContain(`<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">`);
    expect(html).toContain(`data-status="${status}"`);
  });

  it('no words of one language are missing', () => {
    for (const [name, words] of Object.entries(SCAN_WORDS[lang]))
      expect([name, typeof words === 'function' ? words(1 as never) : words]).not.toEqual([name, '']);
    expect(Object.keys(SCAN_WORDS[lang])).toEqual(Object.keys(SCAN_WORDS.zh));
  });
});

describe('what others have written', () => {
  it('host and brand are text, in tags and in attributes', () => {
    for (const status of STATUSES) {
      const brand = { name: HOSTILE, color: '#07c160', logoUrl: 'https://cdn.example/l.png?a="b"' };
      const { html } = render({ status, host: HOSTILE, brand: brand as never });
      expect(html.match(/<script/g)).toHaveLength(1);
      expect(html).not.toContain('alert(1)</script>');
      expect(html).not.toContain(`"'&`);
      expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
    }
  });

  it('so are paths and the token', () => {
    const bent = Object.fromEntries(Object.keys(paths).map((name) => [name, `/x?"><b>&${name}`]));
    const { html } = render({ status: 'scanned', paths: bent as never, token: '"><b>' });
    expect(html).not.toContain('<b>');
  });

  it('what the code holds is drawn, and stands nowhere as text', () => {
    const { html } = render();
    expect(html).toMatch(/<svg class="code" viewBox="0 0 (\d+) \1" role="img" aria-label="[^"]+"><path d="M/);
    expect(html).not.toContain('weixin.qq.com');
    const without = render({ url: undefined }).html;
    expect(without).not.toContain('<svg class="code"');
  });
});

describe('without a script', () => {
  it.each<[ScanStatus, boolean, boolean]>([
    ['waiting', true, true],
    ['waiting', false, true],
    ['scanned', false, true],
    // Somebody types.
    ['scanned', true, false],
    ['agreed', true, false],
    ['agreed', false, false],
    ['expired', true, false],
    ['void', true, false],
    ['finished', true, false],
  ])('%s, by digits: %s, reloads: %s', (status, byDigits, expected) => {
    const { html } = render({ status, byDigits });
    expect(reloads(html)).toBe(expected ? paths.page : undefined);
    expect(html.match(/http-equiv="refresh"/g) ?? []).toHaveLength(expected ? 1 : 0);
  });

  it('a form takes the digits, one ends a login by the button, and links begin again', () => {
    const sections = sectionsOf(render({ status: 'scanned' }).html);
    const form = `<form method="post" action="${paths.finish}">`;
    expect(sections['scanned']!.content).toContain(form);
    expect(sections['scanned']!.content).toContain(
      '<input id="digits" name="digits" inputmode="numeric" autocomplete="one-time-code"',
    );
    expect(sections['agreed']!.content).toContain(`method="post" action="${paths.finish}"`);
    for (const name of ['scanned', 'agreed'])
      expect(sections[name]!.content).toContain(
        `<input type="hidden" name="token" value="${'T'.repeat(22)}">`,
      );
    for (const name of ['expired', 'void'])
      expect(sections[name]!.content).toContain(`href="${paths.again.replace('&', '&amp;')}"`);
  });

  it('who presses a button on the phone is shown no field', () => {
    expect(render({ status: 'scanned', byDigits: false }).html).not.toContain('name="digits"');
  });
});

describe('digits that were wrong', () => {
  it.each([
    [2, '2 tries'],
    [1, 'One try'],
  ])('%s left: told in words, and bound to the field', (left, words) => {
    const { html } = render({ status: 'scanned', failed: { left } });
    expect(html).toMatch(new RegExp(`<p class="bad" id="bad" role="alert">[^<]*${words} left`));
    expect(html).toContain('aria-invalid="true" aria-describedby="bad"');
  });

  it('none that were wrong leave no trace, and too early ones are told at the code', () => {
    expect(render({ status: 'scanned' }).html).not.toMatch(/class="bad"|aria-invalid/);
    const early = sectionsOf(render({ failed: 'early' }).html)['waiting']!.content;
    expect(early).toMatch(/^<h1>[^<]+<\/h1><p class="bad" role="alert">/);
  });

  it('the field has the focus where it is shown, and not where it is hidden', () => {
    expect(render({ status: 'scanned' }).html).toContain(' autofocus');
    expect(render({ status: 'waiting' }).html).not.toContain(' autofocus');
  });
});

describe('the policy', () => {
  it.each([
    undefined,
    { name: 'Shop', color: '#ff0000' },
    { name: 'Shop', logoUrl: 'https://c.example/a;b.png?x' },
  ])('lets in what stands in the page of %j, and nothing else', (brand) => {
    const { html, policy } = render({ brand: brand as never });
    const all = (tag: string) =>
      [...html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, text]) => sourceOf(text!));
    const image = brand && 'logoUrl' in brand ? 'img-src https://c.example/a%3Bb.png; ' : '';
    expect(policy).toBe(
      `default-src 'none'; script-src ${all('script').join(' ')}; style-src ${all('style').join(' ')}; ` +
        `${image}connect-src 'self'; base-uri 'none'; ` +
        "form-action 'self' https://shop.example.com:8443; frame-ancestors 'none'",
    );
    expect([all('script').length, all('style').length]).toEqual([1, 1]);
    expect(html).not.toMatch(/ style="| on\w+="/);
  });
});
