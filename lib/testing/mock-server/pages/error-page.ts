// WeChat's error pages. They are shown to the person and never reach the application's server.
import type { MockAnswer } from '../http/mock-http.js';
import { html } from './html.js';
import { page } from './layout.js';
import { developerHint } from './parts.js';

/** The list of codes in 网页授权. 10007, 10008 and 10014 are not in it. */
const TEXTS: Record<number, string> = {
  10003: 'redirect_uri 域名与后台配置不一致',
  10004: '此公众号被封禁',
  10005: '此公众号没有这些 scope 的权限',
  10006: '必须关注此测试号',
  10009: '操作太频繁了，请稍后重试',
  10010: 'scope 不能为空',
  10011: 'redirect_uri 不能为空',
  10012: 'appid 不能为空',
  10013: 'state 不能为空',
  10015: '公众号未授权第三方平台，请检查授权状态',
  10016: '不支持微信开放平台的 Appid，请使用公众号 Appid',
};

/**
 * Thrown while a link is judged. `hint` tells the developer what exactly is wrong and what to do.
 */
export class PageFailure extends Error {
  constructor(
    readonly title: string,
    readonly hint?: string,
    readonly errcode?: number,
  ) {
    super(title);
  }

  static of(errcode: number, hint?: string): PageFailure {
    return new PageFailure(TEXTS[errcode] ?? '系统错误', hint, errcode);
  }
}

/** The page that says what is wrong with a link. */
export function errorPage(failure: PageFailure): MockAnswer {
  const { title, errcode } = failure;
  return page({
    title,
    errcode,
    testId: 'error-page',
    content: html`<svg class="icon" viewBox="0 0 72 72" aria-hidden="true">
        <circle cx="36" cy="36" r="36" fill="#10aeff" />
        <path d="M36 32v22" stroke="#fff" stroke-width="6" stroke-linecap="round" />
        <circle cx="36" cy="20" r="4" fill="#fff" />
      </svg>
      <h1>${title}</h1>
      ${errcode !== undefined && html`<p class="code">错误码：<span data-testid="errcode">${errcode}</span></p>`}
      ${developerHint(failure.hint)}`,
  });
}

/** The page of one code, for injected faults. */
export function errorPageFor(errcode: number, title?: string): MockAnswer {
  return errorPage(
    title === undefined ? PageFailure.of(errcode) : new PageFailure(title, undefined, errcode),
  );
}
