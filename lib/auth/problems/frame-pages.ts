// The two answers that a login in the frame of a QR code is made of, and the script by which a
// framed page speaks to the one around it. Static but for two attributes: scripts are known to the
// policy by their hash.
import { hashOf } from './policy.js';
import { escape } from './escape.js';

/** Whom a framed page tells, and what. */
export interface FrameNews {
  /** The one origin that is told. */
  readonly target: string;
  readonly ok: boolean;
  /** Where the window goes if nobody answers; undefined for a page that a person shall read. */
  readonly location?: string;
}

/**
 * Once: what comes back then comes from our own origin, and is finished. Whoever keeps nothing, or
 * still is not believed, ends in the top window.
 */
const BOUNCE =
  "(function(){var k='wechat-login-frame',s=new URLSearchParams(location.search).get('state'),d=false;" +
  'try{if(sessionStorage.getItem(k)!==s){sessionStorage.setItem(k,s);d=true}}catch(e){}' +
  "if(d)location.replace(location.href.split('#')[0]);else top.location.replace(location.href)})();";

/** How long the page around the frame may take to answer, in ms. */
const ANSWER_MS = 1_000;

/** To one origin, never `*`, without an address in it: the page knows where it wants to go. */
export const TELL =
  '(function(){var d=document.body.dataset,t;' +
  `if(d.next)t=setTimeout(function(){top.location.replace(d.next)},${ANSWER_MS});` +
  "addEventListener('message',function(e){if(e.source===parent&&e.origin===d.target&&e.data&&" +
  "e.data.type==='wechat-login-received')clearTimeout(t)});" +
  "parent.postMessage({type:'wechat-login',ok:d.ok==='true'},d.target)})();";

const STYLE =
  ':root{color-scheme:light dark}body{margin:0;padding:30vh 16px 0;text-align:center;' +
  'font:16px/1.6 -apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}' +
  'a{color:inherit}';

const WORDS = {
  zh: { ok: '登录成功', over: '请重新扫码登录', next: '继续' },
  en: { ok: 'Signed in', over: 'Please scan again', next: 'Go on' },
};

interface FramePage {
  html: string;
  /** For the header `Content-Security-Policy`. */
  policy: string;
}

/** Asks for its own address again, from our own origin. @param ancestors who may hold it */
export function renderBounce(ancestors: string): FramePage {
  return {
    html: `<!doctype html><meta charset="utf-8"><title>…</title><script>${BOUNCE}</script>`,
    policy: policyOf(`script-src ${hashOf(BOUNCE)}`, ancestors),
  };
}

/** Tells the page around it how the login ended. @param ancestors who may hold it */
export function renderHandover(
  news: FrameNews & { readonly location: string },
  lang: 'zh' | 'en',
  ancestors: string,
): FramePage {
  const words = WORDS[lang];
  const title = news.ok ? words.ok : words.over;
  return {
    html:
      `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
      `<title>${title}</title><style>${STYLE}</style></head><body${newsAttributes(news)}>` +
      `<p>${title}</p><p><a target="_top" href="${escape(news.location)}">${words.next}</a></p>` +
      `<script>${TELL}</script></body></html>`,
    policy: policyOf(`script-src ${hashOf(TELL)}; style-src ${hashOf(STYLE)}`, ancestors),
  };
}

/** What `TELL` reads of the body. */
export function newsAttributes({ target, ok, location }: FrameNews): string {
  const next = location === undefined ? '' : ` data-next="${escape(location)}"`;
  return ` data-target="${escape(target)}" data-ok="${ok}"${next}`;
}

function policyOf(own: string, ancestors: string): string {
  return `default-src 'none'; ${own}; base-uri 'none'; form-action 'none'; frame-ancestors ${ancestors}`;
}
