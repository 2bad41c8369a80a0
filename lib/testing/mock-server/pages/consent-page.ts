// What a person sees inside WeChat when an official account asks for nickname and avatar, and the
// pages around it.
import type { MockApp } from '../mock-apps.js';
import type { MockAnswer } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import { html } from './html.js';
import { page } from './layout.js';
import { appLine, buttons, type FormTarget, developerHint, people, userCard } from './parts.js';

/** 网页授权: only `snsapi_userinfo` meets the snapshot page. */
const NO_SNAPSHOT = '静默登录（snsapi_base）不出快照页，会得到普通身份；请求 snsapi_userinfo 时才是快照访客';

const SWITCH = html`<button class="link" name="answer" value="switch" data-testid="switch-user">
  换一个测试用户
</button>`;

/**
 * "Whose phone is this?" WeChat never asks: a phone knows its owner. The answer is kept in a
 * cookie.
 * @param silent whether `snsapi_base` is asked for
 */
export function choosePhonePage(users: readonly MockUser[], form: FormTarget, silent: boolean): MockAnswer {
  return page({
    title: '选择测试用户',
    testId: 'choose-user-page',
    content: html`<h1>这是谁的手机？</h1>
      <p class="lead">之后的访问都以此人的微信身份进行</p>
      ${people({ users, form, prefix: 'user', lang: 'cn', noSnapshot: silent ? NO_SNAPSHOT : undefined })}`,
  });
}

/** The page that asks. */
export function consentPage(
  app: MockApp,
  user: MockUser,
  form: FormTarget,
  fields?: Record<string, string>,
): MockAnswer {
  return page({
    title: '微信授权',
    testId: 'consent-page',
    content: html`${appLine(app)}
      <h1 class="ask">申请获取你的昵称、头像</h1>
      ${userCard(user)}
      ${buttons({
        form,
        user: user.id,
        fields,
        yes: { value: 'allow', label: '允许' },
        no: { value: 'refuse', label: '拒绝' },
        links: SWITCH,
      })}`,
  });
}

/**
 * Inside WeChat the snapshot page is the application's own page with a bar below; here the two ways
 * on are asked for.
 */
export function snapshotPage(app: MockApp, user: MockUser, form: FormTarget): MockAnswer {
  return page({
    title: '快照页模式',
    testId: 'snapshot-page',
    content: html`${appLine(app)}
      <h1 class="ask">当前为快照页模式</h1>
      <p class="lead">将以虚拟账号浏览，而不是“${user.nickname}”本人</p>
      ${developerHint('微信里没有这一页：快照页就是应用自己的网页，底部有“使用完整服务”按钮。点“浏览快照”会以虚拟账号返回应用（is_snapshotuser=1）。')}
      ${buttons({
        form,
        user: user.id,
        yes: { value: 'snapshot', label: '浏览快照' },
        no: { value: 'full', label: '使用完整服务' },
        links: SWITCH,
      })}`,
  });
}

/** After 拒绝. WeChat sends the browser nowhere. */
export function refusedPage(form: FormTarget, user: string): MockAnswer {
  return page({
    title: '已拒绝授权',
    testId: 'refused-page',
    framed: true,
    content: html`<svg class="icon" viewBox="0 0 72 72" aria-hidden="true">
        <circle cx="36" cy="36" r="36" fill="#b2b2b2" />
        <path d="M24 24l24 24M48 24L24 48" stroke="#fff" stroke-width="5" stroke-linecap="round" />
      </svg>
      <h1>你已拒绝授权</h1>
      <p class="lead">微信不会跳转回应用，可以关闭此页面</p>
      ${developerHint('应用收不到任何回调。要演练“带 state、不带 code 跳回”的情形，请打开 unsure.refusalRedirects。')}
      <form class="buttons" method="post" action="${form.action}">
        <input type="hidden" name="user" value="${user}" />
        <button class="link" name="answer" value="again" data-testid="ask-again">重新选择</button>
      </form>`,
  });
}
