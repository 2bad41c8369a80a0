// The page that is shared; public/share.js makes it ready by the JS-SDK.
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import { SCENE } from './art.js';
import { type Html, html } from './html.js';
import { layout } from './layout.js';
import { step } from './step.js';

export interface ShareView {
  user: WechatIdentity | undefined;
  mocked: boolean;
  /** The script that gives `wx`: WeChat's, or that of the mock. */
  wx: string;
}

export function sharePage({ user, mocked, wx }: ShareView): Html {
  return layout({
    title: '分享一盏好茶',
    user,
    mocked,
    library: wx,
    script: '/share.js',
    content: html`<section class="hero mini">
      <div>
        <h1>把好茶，<br />分享给朋友</h1>
        <p class="lead">
          给这一页一张分享卡片。<small>Gives this page a card of its own in a chat, by the JS-SDK.</small>
        </p>
        <p class="note"><code id="share-address" data-testid="share-address"></code></p>
        <div class="actions">
          <button class="button wechat" id="share" data-testid="share">
            <span>准备分享<small>configureJsSdk(wx, …)</small></span>
          </button>
          <button class="button quiet" id="route" data-testid="route">
            换一款茶<small>history.pushState(…)</small>
          </button>
        </div>
        <noscript>
          <p class="note">JS-SDK 演示需要 JavaScript。<small>This demonstration needs JavaScript.</small></p>
        </noscript>
      </div>
      ${SCENE}
      <ol class="steps">
        ${step('js-sign', 'GET /js-sdk?url=…', '服务器为这个地址签名', 'The server signs this address')}
        ${step('js-config', 'wx.config(…)', '微信校验签名', 'WeChat checks the signature')}
        ${step('js-share', 'wx.updateAppMessageShareData(…)', '设置分享卡片', 'The card is set')}
      </ol>
    </section>`,
  });
}
