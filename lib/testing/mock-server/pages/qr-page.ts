// What a person sees in a desktop browser (a QR code), and then on the phone that scanned it.
import type { MockApp } from '../mock-apps.js';
import type { MockAnswer } from '../http/mock-http.js';
import type { MockUser } from '../mock-server.types.js';
import { fakeQrCode } from './fake-qr.js';
import { html } from './html.js';
import { page, type PageLanguage } from './layout.js';
import { appLine, buttons, type FormTarget, people, userCard } from './parts.js';

const TEXTS = {
  cn: {
    title: '微信登录',
    scan: '请使用微信扫描二维码登录',
    pick: '用这部手机扫码',
    note: '二维码只是示意图：点一个测试用户，就是用此人的手机扫码',
    noSnapshot: '扫码登录没有快照页，会得到普通身份',
    ask: '申请使用你的微信账号登录',
    allow: '允许',
    refuse: '拒绝',
  },
  en: {
    title: 'WeChat Login',
    scan: 'Scan with WeChat to log in',
    pick: 'Scan with this phone',
    note: 'The QR code is a picture only. Choosing a test user stands for scanning it with their phone.',
    noSnapshot: 'A login by QR code knows no snapshot page: the identity is an ordinary one',
    ask: 'asks to log you in with your WeChat account',
    allow: 'Allow',
    refuse: 'Reject',
  },
} as const;

/** What the page in the frame of wxLogin.js says to the one around it. */
const READY = `parent.postMessage('{"type":"status","status":"wxReady"}', '*');`;

/**
 * The frame of wxLogin.js is 300 × 400 and does not scroll, but what is in it may: somebody has to
 * reach the buttons.
 */
const IN_FRAME =
  'body{height:100vh;min-height:0}main{min-height:0;overflow:auto;padding:14px 16px}h1{font-size:18px}.lead,.split{margin-top:6px}.split{gap:14px}.split>section:first-child{width:120px}.frame{padding:8px}.scan{margin-top:4px;font-size:12px}h2+.note{display:none}';

/** The page with the code to scan. @param inFrame as wxLogin.js shows it */
export function qrPage(
  app: MockApp,
  users: readonly MockUser[],
  form: FormTarget,
  lang: PageLanguage,
  inFrame: boolean,
): MockAnswer {
  const texts = TEXTS[lang];
  return page({
    title: texts.title,
    testId: 'qr-page',
    wide: true,
    framed: true,
    ...(inFrame ? { script: READY, style: IN_FRAME } : {}),
    lang,
    content: html`<h1>${texts.title}</h1>
      <p class="lead" data-testid="app-name">${app.name}</p>
      <div class="split">
        <section>
          <div class="frame" data-testid="qr-code">${fakeQrCode(app.appId)}</div>
          <p class="scan">${texts.scan}</p>
        </section>
        <section>
          <h2>${texts.pick}</h2>
          <p class="note">${texts.note}</p>
          ${people({ users, form, prefix: 'scan-as', lang, noSnapshot: texts.noSnapshot })}
        </section>
      </div>`,
  });
}

/** The phone after scanning. In the same browser window here, as there is no phone. */
export function phoneConfirmPage(
  app: MockApp,
  user: MockUser,
  form: FormTarget,
  lang: PageLanguage,
  inFrame: boolean,
): MockAnswer {
  const texts = TEXTS[lang];
  return page({
    title: texts.title,
    testId: 'confirm-page',
    framed: true,
    ...(inFrame ? { style: IN_FRAME } : {}),
    lang,
    content: html`${appLine(app)}
      <h1 class="ask">${texts.ask}</h1>
      ${userCard(user)}
      ${buttons({
        form,
        user: user.id,
        yes: { value: 'allow', label: texts.allow },
        no: { value: 'refuse', label: texts.refuse },
      })}`,
  });
}
