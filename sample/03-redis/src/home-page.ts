// The one page.
import type { WechatIdentity } from 'nestjs-wechat-oauth';

export function homePage(answeredBy: number, user?: WechatIdentity): string {
  const who = user
    ? `<p>你好 · Hello, <code id="who">${escape(user.nickname ?? user.openid)}</code>.
      登录由进程 <b>${user.claims?.finishedBy}</b> 完成 · Process ${user.claims?.finishedBy} finished your login.</p>
    <p><a href="/profile">我的资料，由任一进程读取 · Your profile, fetched by either process</a></p>
    <form method="post" action="/wechat/logout"><button>退出 · Sign out</button></form>
    <form method="post" action="/sign-out-everywhere"><button>在所有设备上退出 · Sign out everywhere</button></form>`
    : `<p><a id="sign-in" href="/wechat/login?returnTo=/">微信登录 · Sign in</a></p>`;
  return `<!doctype html>
<html lang="zh-CN">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>两个进程 · Two processes</title>
  <style>body { font: 16px/1.7 system-ui; max-width: 40em; margin: 3em auto; padding: 0 1em } b { font-size: 1.5em }</style>
  <body>
    <p>进程 <b>${answeredBy}</b> 应答了这一页 · Process ${answeredBy} answered. <a href="/">再来一次 · Again</a></p>
    ${who}
  </body>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
