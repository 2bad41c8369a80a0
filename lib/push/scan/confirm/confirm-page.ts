// The page on the phone that asks whether it is they who sign in: "no" first, and as large as
// "yes".
import { escape } from '../../../auth/problems/escape.js';
import { pageStyle } from '../../../auth/problems/page-style.js';
import { hashOf } from '../../../auth/problems/policy.js';
import { brandHeader, imageSource, type PageBrand } from '../../../auth/problems/problem-page.js';
import { beijingTime } from '../phone-text.js';
import type { Seat } from '../scenes/scan-record.js';

/** What the phone shows. */
export type ConfirmState =
  | 'asks'
  /** They have said yes, and the computer goes on by itself. */
  | 'agreed'
  /** Somebody is signed in. */
  | 'finished'
  | 'refused'
  | 'disowned'
  | 'over'
  /** Another person, or somebody who is made up, looks at it. */
  | 'foreign';

/** What it is about. */
export interface ConfirmView {
  readonly state: ConfirmState;
  readonly lang: 'zh' | 'en';
  readonly host: string;
  readonly seat?: Seat | undefined;
  /** When the code was asked for, or the login was finished, in ms since 1970. */
  readonly at?: number | undefined;
  /** Of the form: where it goes to, and its token. */
  readonly form?: { readonly action: string; readonly token: string } | undefined;
  /** Whether "that was not me" ends the session. */
  readonly canEnd: boolean;
  readonly brand?: PageBrand | undefined;
}

interface Words {
  readonly title: string;
  readonly text: string;
}

const WORDS: Readonly<Record<'zh' | 'en', Record<ConfirmState, (host: string, canEnd: boolean) => Words>>> = {
  zh: {
    asks: (host) => ({
      title: '是你正在登录吗？',
      text: `有人想用你的微信登录 ${host}。如果不是你本人正坐在这台电脑前，请点“不是我”。`,
    }),
    agreed: () => ({ title: '已同意', text: '请回到电脑，页面会自动登录。' }),
    finished: (host) => ({
      title: '已登录',
      text: `这台电脑已用你的微信登录 ${host}。如果不是你，请点下面的按钮。`,
    }),
    refused: () => ({ title: '已拒绝', text: '没有人登录。这个二维码已经作废。' }),
    disowned: (host, canEnd) => ({
      title: canEnd ? '已退出该登录' : '已记录',
      text: canEnd ? '那台电脑上的登录已经失效。' : `请尽快联系 ${host} 的客服，并查看你的账号有没有异常。`,
    }),
    over: (host) => ({
      title: '请求已失效',
      text: `没有人因此登录。需要登录时，请在你自己打开的 ${host} 页面刷新二维码。`,
    }),
    foreign: () => ({
      title: '这不是发给你的请求',
      text: '登录请求只能由扫码的本人处理。请不要转发这个链接，也不要替别人点。',
    }),
  },
  en: {
    asks: (host) => ({
      title: 'Is it you who signs in?',
      text: `Somebody wants to sign in as you at ${host}. If you are not sitting at that computer, press "Not me".`,
    }),
    agreed: () => ({ title: 'Allowed', text: 'Go back to your computer. It signs in by itself.' }),
    finished: (host) => ({
      title: 'Signed in',
      text: `That computer is signed in as you at ${host}. If it was not you, press the button below.`,
    }),
    refused: () => ({ title: 'Refused', text: 'Nobody is signed in. The code is void.' }),
    disowned: (host, canEnd) => ({
      title: canEnd ? 'That sign-in has ended' : 'Noted',
      text: canEnd
        ? 'The computer is not signed in any more.'
        : `Contact ${host} soon, and look whether anything is wrong with your account.`,
    }),
    over: (host) => ({
      title: 'This request is over',
      text: `Nobody is signed in by it. To sign in, ask for a new code on the page of ${host} that you opened yourself.`,
    }),
    foreign: () => ({
      title: 'This request is not for you',
      text: 'Only the person who scanned the code can answer it. Do not pass such a link on, and do not answer for others.',
    }),
  },
};

const BUTTONS = {
  zh: { no: '不是我', yes: '是我，登录', disown: '不是我' },
  en: { no: 'Not me', yes: 'It is me, sign in', disown: 'That was not me' },
};

/** How often the phone looks whether the computer is signed in, in seconds. */
const RELOAD_S = 4;

const STYLE =
  'dl{margin:20px 0 0;text-align:left;display:grid;grid-template-columns:auto 1fr;gap:4px 16px}dt{color:var(--soft)}dd{margin:0}' +
  'form{display:grid;gap:12px;margin-top:28px}form button{margin:0;width:100%;min-height:48px}' +
  'button:focus-visible{outline-color:var(--text)}' +
  'button.no{padding:8px 24px;background:none;color:inherit;border:2px solid currentColor}';

/** @returns `policy`: for the header `Content-Security-Policy`; there is no script at all */
export function renderConfirmPage(view: ConfirmView): { html: string; policy: string } {
  const { state, lang, host, brand, canEnd } = view;
  const { title, text } = WORDS[lang][state](host, canEnd);
  const style = pageStyle(brand?.color) + STYLE;
  const reload = state === 'agreed' ? `<meta http-equiv="refresh" content="${RELOAD_S}">` : '';
  const html =
    `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${title}${brand ? ` · ${escape(brand.name)}` : ''}</title><style>${style}</style>${reload}</head>` +
    `<body>${brand ? brandHeader(brand) : ''}<main><h1>${title}</h1><p>${escape(text)}</p>` +
    `${factsOf(view)}${formOf(view)}</main></body></html>`;
  const image = brand?.logoUrl ? `img-src ${imageSource(brand.logoUrl)}; ` : '';
  const policy =
    `default-src 'none'; style-src ${hashOf(style)}; ${image}base-uri 'none'; form-action 'self'; ` +
    "frame-ancestors 'none'";
  return { html, policy };
}

function factsOf({ state, lang, seat, at }: ConfirmView): string {
  if ((state !== 'asks' && state !== 'finished') || !seat || at === undefined) return '';
  const names = lang === 'zh' ? ['设备', '时间', '位置'] : ['Device', 'Time', 'Place'];
  const device = [seat.browser, seat.system].filter(Boolean).join(' · ');
  const rows = [device, beijingTime(at), seat.place].map((value, index) =>
    value === '' ? '' : `<dt>${names[index]}</dt><dd>${escape(value)}</dd>`,
  );
  return `<dl>${rows.join('')}</dl>`;
}

function formOf({ state, lang, form }: ConfirmView): string {
  if (!form || (state !== 'asks' && state !== 'finished')) return '';
  const words = BUTTONS[lang];
  const button = (answer: 'no' | 'yes' | 'disown', kind = '') =>
    `<button${kind} name="answer" value="${answer}">${words[answer]}</button>`;
  const buttons =
    state === 'asks' ? button('no', ' class="no"') + button('yes') : button('disown', ' class="no"');
  return (
    `<form method="post" action="${escape(form.action)}">` +
    `<input type="hidden" name="token" value="${escape(form.token)}">${buttons}</form>`
  );
}
