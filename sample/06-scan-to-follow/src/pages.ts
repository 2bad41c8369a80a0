// The two pages of the shop.
import type { WechatIdentity } from 'nestjs-wechat-oauth';

export function homePage(user?: WechatIdentity): string {
  return page(
    user
      ? `<p>你已登录 · You are signed in.</p>
    <p><a href="/orders">我的订单 · My orders</a></p>
    <form method="post" action="/wechat/logout"><button>退出 · Sign out</button></form>`
      : `<p>订单要登录后才能看。电脑上用微信扫码。<br>Orders are for people who are signed in. On a computer: scan with WeChat.</p>
    <p><a id="sign-in" href="/orders">我的订单 · My orders</a></p>`,
  );
}

export function ordersPage({ openid, unionid }: WechatIdentity): string {
  return page(
    `<p>订单 · Orders</p>
    <ul><li>龙井 50 g</li><li>白毫银针 25 g</li></ul>
    <p>openid <code id="openid">${escape(openid)}</code><br>
    unionid <code id="unionid">${escape(unionid ?? '—')}</code></p>
    <p><a href="/">首页 · Home</a></p>
    <form method="post" action="/wechat/logout"><button>退出 · Sign out</button></form>`,
  );
}

function page(content: string): string {
  return `<!doctype html>
<html lang="zh-CN">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>一叶茶铺 · Yiye Teahouse</title>
  <style>body { font: 16px/1.7 system-ui; max-width: 40em; margin: 3em auto; padding: 0 1em }</style>
  <body>
    <h1>一叶茶铺</h1>
    ${content}
  </body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
