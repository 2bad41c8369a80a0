// The page behind the guard: who is there, what the guard knew, and what it did.
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import type { MockCall } from 'nestjs-wechat-oauth/testing';
import { BUBBLES } from './art.js';
import { type Html, html } from './html.js';
import { avatar, layout, nameOf, signOut } from './layout.js';

export interface AccountView {
  user: WechatIdentity;
  /** The scope this page asks for. */
  needs: 'snsapi_userinfo' | undefined;
  /** What WeChat was asked on the way here. Undefined: not known, it was the real one. */
  calls: readonly MockCall[] | undefined;
}

const DOORS: Readonly<Record<string, string>> = {
  official: '公众号网页授权 · official account',
  website: '网站扫码 · website QR code',
  mini: '小程序 · mini program',
};

const CALLS: Readonly<Record<string, { who: string; text: string }>> = {
  '/connect/oauth2/authorize': { who: '浏览器', text: '到微信授权 · the browser visits WeChat' },
  '/connect/qrconnect': { who: '浏览器', text: '到微信扫码 · the browser shows the QR code' },
  '/sns/oauth2/access_token': {
    who: '服务器',
    text: 'code 换 openid 和令牌 · the code becomes openid and token',
  },
  '/sns/userinfo': { who: '服务器', text: '取昵称和头像 · name and picture' },
};

export function accountPage({ user, needs, calls }: AccountView): Html {
  const hasProfile = user.nickname !== undefined;
  return layout({
    title: '会员卡',
    user,
    mocked: calls !== undefined,
    content: html`<section class="card" data-testid="card">
        <div class="card-face">
          ${avatar(user)}
          <div>
            <h1 data-testid="name">${nameOf(user)}</h1>
            <p>
              ${hasProfile ? '老朋友，今天喝点什么？' : '还不知道怎么称呼你'}<small>
                ${hasProfile ? 'What will it be today?' : 'Known, but not yet by name'}
              </small>
            </p>
          </div>
          <p class="points"><b>88</b>茶叶<small>leaves</small></p>
          <p class="openid" data-testid="openid">${user.openid}</p>
        </div>
        <div class="actions">
          ${
            hasProfile
              ? html`<a class="button" href="/" data-testid="home">去点茶<small>Order tea</small></a>`
              : html`<a class="button wechat" href="/account/profile" data-testid="show-profile"
                  >${BUBBLES}<span>显示我的昵称和头像<small>Show my profile</small></span></a
                >`
          }
          ${signOut()}
        </div>
      </section>
      <div class="facts">
        <section>
          <h2>守卫拿到的身份<small>What the guard knew</small></h2>
          <table data-testid="identity">
            ${row('app', user.app, DOORS[user.app])} ${row('appId', user.appId)} ${row('openid', user.openid)}
            ${row('unionid', user.unionid, user.unionid === undefined ? '静默授权不给 unionid · not given to a silent login' : undefined)}
            ${row('scope', user.scope.join(', ') || '—')} ${row('nickname', user.nickname)}
            ${row('isSnapshotUser', String(user.isSnapshotUser))}
          </table>
        </section>
        <section>
          <h2>守卫的决定<small>What the guard did</small></h2>
          ${decision(user, needs, calls)}
        </section>
      </div>`,
  });
}

function row(name: string, value: string | undefined, note?: string): Html {
  return html`<tr>
    <th scope="row"><code>${name}</code></th>
    <td>${value ?? '—'}${note && html`<small>${note}</small>`}</td>
  </tr>`;
}

function decision(user: WechatIdentity, needs: AccountView['needs'], calls: AccountView['calls']): Html {
  const asked = needs ?? '登录即可 · any login';
  const signedInNow = calls?.some(
    ({ path, answered }) => path === '/sns/oauth2/access_token' && answered.errcode === undefined,
  );
  const upgraded = needs !== undefined && user.app === 'official';
  return html`<ol class="trace" data-testid="decision">
    <li><b>本页要求</b><code>${asked}</code></li>
    ${
      signedInNow
        ? html`<li>
              <b>会话</b>${upgraded ? '没有，或者授权不够，于是跳转微信' : '还没有，于是跳转微信'}
              <small>${upgraded ? 'None, or too little granted: ask WeChat' : 'None yet: ask WeChat'}</small>
            </li>
            ${lastOfEach(calls!).map(
              ({ path, query }) =>
                html`<li class="call">
                  <b>${CALLS[path]?.who ?? '服务器'}</b
                  ><code>${path}${path.startsWith('/connect') && ` ${query['scope'] ?? ''}`}</code>
                  <small>${CALLS[path]?.text}</small>
                </li>`,
            )}`
        : html`<li>
            <b>会话</b>有效，授权也够${calls && '，未请求微信'}
            <small>The session is valid and sufficient${calls && '; WeChat was not asked'}</small>
          </li>`
    }
    <li class="pass"><b>放行</b><small>let in as ${nameOf(user)}</small></li>
  </ol>`;
}

/** WeChat's page is opened again after every question it asks; once is enough here. */
function lastOfEach(calls: readonly MockCall[]): MockCall[] {
  return calls.filter(({ path }, index) => !calls.slice(index + 1).some((later) => later.path === path));
}
