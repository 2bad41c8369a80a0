// The sign-in page: a password form as any shop has it, and WeChat's QR code beside it.
import { html, type Html } from './html.js';
import { layout } from './layout.js';

export interface SignInView {
  /** Whether the login ends in the frame of the code or in the whole window. */
  mode: 'frame' | 'window';
  /** WeChat's script, or that of the mock. */
  script: string;
  mocked: boolean;
}

export function signInPage({ mode, script, mocked }: SignInView): Html {
  const inFrame = mode === 'frame';
  return layout({
    title: '登录',
    user: undefined,
    mocked,
    script: '/sign-in.js',
    content: html`<section class="sign-in">
        <form class="password" method="get" action="/sign-in">
          <h1>登录<small>Sign in</small></h1>
          <label>账号<input name="name" autocomplete="username" disabled /></label>
          <label>密码<input type="password" autocomplete="current-password" disabled /></label>
          <p class="note">这里放你自己的密码登录。<small>Your own sign-in by password goes here.</small></p>
        </form>
        <div class="scan">
          <div id="wechat-code" data-mode="${mode}" data-testid="wechat-code"></div>
          <p class="note" id="scan-note" data-testid="scan-note">
            ${
              inFrame
                ? html`扫码后页面不跳转。<small>The page stays while you scan.</small>`
                : html`扫码后整个页面跳转。<small>The window leaves when you have scanned.</small>`
            }
          </p>
          <a
            class="button quiet"
            data-testid="other-mode"
            href="/sign-in?mode=${inFrame ? 'window' : 'frame'}"
            >${inFrame ? '改用整页跳转' : '改在页面内完成'}<small
              >${inFrame ? 'Use the window' : 'Stay in the page'}</small
            ></a
          >
        </div>
      </section>
      <script src="${script}"></script>`,
  });
}
