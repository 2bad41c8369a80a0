// The home page: the shop, the way in that fits the device, and what stands behind each of them.
import type { WechatIdentity } from 'nestjs-wechat-oauth';
import { BUBBLES, SCENE } from './art.js';
import type { Device } from './device.js';
import { type Html, html } from './html.js';
import { avatar, layout, nameOf, signOut } from './layout.js';
import { step } from './step.js';

interface Person {
  readonly id: string;
  readonly nickname: string;
}

export interface HomeView {
  device: Device;
  user: WechatIdentity | undefined;
  /** Whose phone a mini program may run on. Undefined: the real WeChat, so no demonstration. */
  people: readonly Person[] | undefined;
}

const DEVICES: readonly { device: Device; name: string; english: string }[] = [
  { device: 'wechat', name: '微信里', english: 'in WeChat' },
  { device: 'desktop', name: '电脑上', english: 'desktop' },
  { device: 'mini', name: '小程序', english: 'mini program' },
];

const TEAS = [
  { name: '明前龙井', english: 'Longjing', note: '豆香清鲜', price: 68, member: 58, colour: 'jade' },
  { name: '凤凰单丛', english: 'Phoenix oolong', note: '蜜兰幽长', price: 58, member: 49, colour: 'amber' },
  { name: '陈年普洱', english: 'Aged pu-erh', note: '醇厚温润', price: 88, member: 76, colour: 'russet' },
] as const;

export function homePage({ device, user, people }: HomeView): Html {
  const mini = people !== undefined && device === 'mini';
  return layout({
    title: '一盏好茶，先识故人',
    user,
    mocked: people !== undefined,
    strip: people && deviceSwitch(device),
    script: mini ? '/mini-program.js' : undefined,
    content: html`<section class="hero ${mini && 'mini'}">
        <div>
          <h1>一盏好茶，<br />先识故人</h1>
          <p class="lead">
            微信轻轻一点，茶铺便认得你。<small>Sign in with WeChat, and the shop knows you.</small>
          </p>
          ${mini ? html`<p class="note">这里扮演小程序：没有 Cookie，只有令牌。<small>This plays a mini program: no cookies, only a token.</small></p>` : user ? guest(user) : signIn(device)}
        </div>
        ${mini ? phone(people) : SCENE} ${mini && steps()}
      </section>
      <section>
        <h2>今日茶单<small>Teas of the day</small></h2>
        <ul class="teas">
          ${TEAS.map((tea) => teaCard(tea, user !== undefined))}
        </ul>
        <p class="note" data-testid="price-note">
          ${
            mini
              ? html`小程序里的登录只在手机上，这个网页仍显示原价。<small
                    >The mini program signs in on its phone; this page keeps the ordinary prices.</small
                  >`
              : user
                ? html`已为你显示会员价。<small
                      >Member prices, because the guard knows you (<code>mode: 'optional'</code>).</small
                    >`
                : html`登录后显示会员价。<small>Member prices show once you are signed in.</small>`
          }
        </p>
      </section>
      <section>
        <h2>分享给朋友<small>Share it</small></h2>
        <p class="note">
          <a href="/share" data-testid="to-share">给网页一张分享卡片</a
          ><small>A page that uses the JS-SDK, with its signature from this server.</small>
        </p>
      </section>
      <section>
        <h2>登录背后<small>What stands behind it</small></h2>
        <div class="rules">
          ${rule(
            '先静默',
            'Silent first',
            '微信里打开会员卡，不打扰客人，只取 openid。',
            '@UseGuards(WechatAuthGuard)',
          )}
          ${rule(
            '再相识',
            'Then by name',
            '要看昵称头像时才问一声，拒绝了也还是会员。',
            "@WechatAuth({ scope: 'snsapi_userinfo' })",
          )}
          ${rule(
            '同一道门',
            'One guard for all',
            '公众号、扫码、小程序，都是同一个守卫。',
            '@WechatUser() user: WechatIdentity',
          )}
        </div>
      </section>`,
  });
}

/** Choosing a device goes by way of a logout: another device has another browser. */
function deviceSwitch(current: Device): Html {
  return html`<nav class="devices" aria-label="设备">
    <p>这台设备 <small>this device</small></p>
    ${DEVICES.map(
      ({ device, name, english }) =>
        html`<form method="post" action="/wechat/logout?returnTo=/demo/device/${device}">
          <button data-testid="device-${device}" aria-pressed="${device === current ? 'true' : 'false'}">
            ${name}<small>${english}</small>
          </button>
        </form>`,
    )}
  </nav>`;
}

function signIn(device: Device): Html {
  const desktop = device === 'desktop';
  return html`<p class="actions">
      <a class="button wechat" href="/account" data-testid="sign-in">
        ${BUBBLES}<span
          >${desktop ? '微信扫码登录' : '微信登录'}<small
            >${desktop ? 'Sign in by QR code' : 'Sign in with WeChat'}</small
          ></span
        >
      </a>
      ${desktop && html`<a class="button quiet" href="/sign-in" data-testid="sign-in-page">在本站页面扫码<small>The code in a page of the shop</small></a>`}
    </p>
    <p class="note">
      ${
        desktop
          ? html`扫码并确认后回到这里。<small>Scan, confirm on the phone, and come back here.</small>`
          : html`静默登录：不弹授权页，只取 openid。<small>Silent: no question asked, openid only.</small>`
      }
    </p>`;
}

function guest(user: WechatIdentity): Html {
  return html`<div class="guest" data-testid="guest">
    <p class="welcome">
      ${avatar(user)}<span><b>${nameOf(user)}，欢迎回来</b><small>Welcome back</small></span>
    </p>
    <div class="actions">
      <a class="button" href="/account" data-testid="account">我的会员卡<small>My card</small></a>
      ${signOut()}
    </div>
  </div>`;
}

function teaCard(tea: (typeof TEAS)[number], isMember: boolean): Html {
  const { name, english, note, price, member, colour } = tea;
  return html`<li class="tea ${colour}">
    <i aria-hidden="true"></i>
    <div><b>${name}</b><small>${english}</small><span>${note}</span></div>
    <p class="price">${isMember ? html`<s>¥${price}</s> ¥${member}` : html`¥${price}`}</p>
  </li>`;
}

function rule(name: string, english: string, text: string, code: string): Html {
  return html`<div class="rule">
    <h3>${name}<small>${english}</small></h3>
    <p>${text}</p>
    <code>${code}</code>
  </div>`;
}

/** This page plays the phone and the mini program on it; mini-program.js makes the calls. */
function phone(people: readonly Person[]): Html {
  return html`<div class="phone">
    <div class="bar"><span>一叶茶铺</span><i aria-hidden="true">••• ◎</i></div>
    <div class="screen">
      <div class="avatar blank" aria-hidden="true">客</div>
      <p class="mini-name" data-testid="mini-name">还没有登录<small>not signed in</small></p>
      <label>
        <span>手机的主人<small>whose phone</small></span>
        <select id="mini-user" data-testid="mini-user">
          ${people.map(({ id, nickname }) => html`<option value="${id}">${nickname}</option>`)}
        </select>
      </label>
      <button class="button wechat" id="mini-login" data-testid="mini-login">
        <span>登录<small>wx.login()</small></span>
      </button>
      <button class="button quiet" id="mini-phone" data-testid="mini-phone" hidden>
        <span>绑定手机号<small>the phone button</small></span>
      </button>
      <button class="button quiet" id="mini-stale" data-testid="mini-stale" hidden>
        <span>在微信里另外登录一次<small>makes the session key stale</small></span>
      </button>
      <noscript>
        <p class="note">小程序演示需要 JavaScript。<small>This demonstration needs JavaScript.</small></p>
      </noscript>
    </div>
  </div>`;
}

function steps(): Html {
  return html`<ol class="steps" id="mini-steps">
    ${step('mini-code', 'wx.login()', '手机给出一次性 code', 'The phone hands out a code')}
    ${step('mini-token', 'POST /wechat/session', 'code 换成会话令牌', 'The code becomes a bearer token')}
    ${step('mini-points', 'GET /account/points', '带令牌访问受保护的接口', 'A guarded route, with the token')}
    ${step('mini-bound', 'POST /account/phone', '按钮给的 code 换成手机号', 'The code of the button becomes a number')}
  </ol>`;
}
