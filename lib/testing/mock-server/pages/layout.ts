// The frame around every page: says loudly that this is not WeChat, loads nothing from anywhere, is
// kept by nobody.
import { randomBytes } from 'node:crypto';
import type { MockAnswer } from '../http/mock-http.js';
import { Html, html } from './html.js';
import { STYLE } from './style.js';

/** The languages of the pages. */
export type PageLanguage = 'cn' | 'en';

/** What a page consists of. */
export interface PageOptions {
  title: string;
  /** `data-testid` of the page's main element. */
  testId: string;
  content: Html;
  lang?: PageLanguage;
  /** Room for two columns. */
  wide?: boolean;
  /** May stand in a frame of the application's own page, as wxLogin.js does it. */
  framed?: boolean;
  /** Its forms lead nowhere but to the mock, which looks at where they stand. */
  ownForms?: boolean;
  /** More rules of style. */
  style?: string;
  /** Runs when the page is there. Most pages need none. */
  script?: string;
  errcode?: number;
}

/**
 * The answer is HTTP 200, as WeChat's pages are, errors too. An errcode on the page also stands in
 * `x-wechat-mock-errcode`.
 */
export function page(options: PageOptions): MockAnswer {
  const { title, testId, content, lang = 'cn', wide = false, framed = false, errcode } = options;
  const { ownForms = false, style = '', script } = options;
  const nonce = randomBytes(16).toString('base64');
  const banner =
    lang === 'en'
      ? html`<b>TEST ENVIRONMENT</b> · This is not WeChat but a mock server`
      : html`<b>测试环境</b> · 这不是微信，而是一台模拟服务器`;
  const document = html`<!doctype html>
    <html lang="${lang === 'en' ? 'en' : 'zh-CN'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${lang === 'en' ? 'mock' : '测试环境'}</title>
        <style nonce="${nonce}">
          ${new Html(STYLE + style)}
        </style>
      </head>
      <body class="${wide ? 'wide' : ''}">
        <div class="mock" data-testid="mock-banner">${banner}</div>
        <main data-testid="${testId}">${content}</main>
        ${
          script === undefined
            ? undefined
            : html`<script nonce="${nonce}">
                ${new Html(script)};
              </script>`
        }
      </body>
    </html> `;
  return {
    status: 200,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      // With `no-referrer` a form would not say where it stands (`Origin: null`).
      'Referrer-Policy': ownForms ? 'same-origin' : 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      // form-action is enforced on every redirect that follows, and the last one goes to the
      // application: it cannot be narrower.
      'Content-Security-Policy': `default-src 'none'; style-src 'nonce-${nonce}'; ${script === undefined ? '' : `script-src 'nonce-${nonce}'; `}img-src 'self'; base-uri 'none'; form-action ${ownForms ? "'self'" : 'http: https:'}; frame-ancestors ${framed ? 'http: https:' : "'none'"}`,
      ...(errcode === undefined ? {} : { 'X-Wechat-Mock-Errcode': String(errcode) }),
    },
    body: document.text,
    errcode,
  };
}
