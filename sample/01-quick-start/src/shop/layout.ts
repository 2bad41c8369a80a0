// The frame around every page, and the pieces that several of them show.
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import { LEAF } from './art.js';
import { type Html, html } from './html.js';

export interface Frame {
  title: string;
  user: WechatIdentity | undefined;
  /** Without a mock there is nothing to switch, and nothing to disclaim. */
  mocked: boolean;
  content: Html;
  /** A strip above everything. */
  strip?: Html;
  script?: string;
  /** A script that has to be there before it. */
  library?: string;
}

export function layout({ title, user, mocked, content, strip, script, library }: Frame): Html {
  return html`<html lang="zh-CN">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="theme-color" content="#f5f1e8" />
      <title>${title} · 一叶茶铺</title>
      <link rel="icon" href="/leaf.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/style.css" />
      ${library && html`<script src="${library}"></script>`}
      ${script && html`<script type="module" src="${script}"></script>`}
    </head>
    <body>
      ${strip}
      <header class="top">
        <a class="brand" href="/"
          >${LEAF}<span>一叶茶铺<small>Yiye Teahouse</small></span></a
        >
        ${
          user
            ? html`<a class="who" href="/account" data-testid="who"
                >${avatar(user)}<span>${nameOf(user)}</span></a
              >`
            : html`<span class="who nobody" data-testid="who">未登录<small>signed out</small></span>`
        }
      </header>
      <main>${content}</main>
      <footer>
        <p>
          ${mocked ? '登录由模拟的微信服务器完成，不连接真实微信。' : '示例应用，登录由微信完成。'}
          <small>
            ${
              mocked
                ? 'Signing in goes through a mock of WeChat; the real one is not involved.'
                : 'A sample application; WeChat does the signing in.'
            }
          </small>
        </p>
        <p><code>nestjs-wechat-oauth</code> · sample 01</p>
      </footer>
    </body>
  </html>`;
}

/** WeChat gives the picture with the name, or neither; nobody has to fill in either. */
export function avatar(user: WechatIdentity): Html {
  return user.avatarUrl
    ? html`<img class="avatar" src="${user.avatarUrl}" alt="" width="48" height="48" data-testid="avatar" />`
    : html`<span class="avatar blank" aria-hidden="true">客</span>`;
}

export function nameOf(user: WechatIdentity): string {
  return user.nickname || '茶客';
}

/** A form, because signing out changes something: links get prefetched. */
export function signOut(): Html {
  return html`<form method="post" action="/wechat/logout">
    <button class="button quiet" data-testid="sign-out">退出登录<small>Sign out</small></button>
  </form>`;
}
