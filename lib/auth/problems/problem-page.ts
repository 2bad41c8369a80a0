// The page a person sees when a login cannot go on. Static HTML without scripts or outside
// resources.
import { createHash } from 'node:crypto';
import { titleOf } from './problems.js';
import type { WechatProblem } from '../../model/problem.js';

/** Looks at home in WeChat, whose dark mode it follows. */
const STYLE =
  ':root{color-scheme:light dark;--page:#ededed;--card:#fff;--text:#191919;--soft:#6b6b6b}' +
  '@media(prefers-color-scheme:dark){:root{--page:#111;--card:#1e1e1e;--text:#d5d5d5;--soft:#9a9a9a}}' +
  '*{box-sizing:border-box}body{margin:0;min-height:100vh;padding:14vh 20px 40px;background:var(--page);color:var(--text);' +
  'font:16px/1.6 -apple-system,BlinkMacSystemFont,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}' +
  'main{max-width:400px;margin:0 auto;padding:44px 28px 28px;border-radius:16px;background:var(--card);text-align:center;overflow-wrap:anywhere}' +
  'svg{display:block;width:56px;height:56px;margin:0 auto 20px}h1{margin:0;font-size:22px;line-height:1.4;font-weight:600}' +
  'p{margin:10px 0 0;color:var(--soft);text-wrap:balance}' +
  'a{display:inline-block;min-width:184px;margin-top:32px;padding:10px 24px;border-radius:8px;background:#07c160;color:#fff;font-weight:500;text-decoration:none}' +
  'a.home{margin-top:12px;background:none;color:var(--soft)}a:not(.home):hover{background:#06ad56}a:focus-visible{outline:3px solid #07c16066;outline-offset:2px}' +
  'small{display:block;margin-top:36px;color:var(--soft);font:12px/1.5 ui-monospace,Menlo,Consolas,monospace}';

const ICON =
  '<svg viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="28" fill="#fa9d3b"/>' +
  '<path d="M28 15v17" stroke="#fff" stroke-width="5" stroke-linecap="round"/><circle cx="28" cy="41" r="3.2" fill="#fff"/></svg>';

export const PROBLEM_PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The module's own page, without a script. */
export function renderProblemPage(problem: WechatProblem, lang: 'zh' | 'en'): string {
  const title = escape(titleOf(problem, lang));
  const { retryUrl, homeUrl } = problem;
  const retry = retryUrl ? `<a href="${escape(retryUrl)}">${lang === 'zh' ? '重试' : 'Try again'}</a>` : '';
  const elsewhere = homeUrl && homeUrl !== retryUrl;
  const home = elsewhere
    ? `<a class="home" href="${escape(homeUrl)}">${lang === 'zh' ? '返回首页' : 'Home'}</a>`
    : '';
  return (
    `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${STYLE}</style></head>` +
    `<body><main>${ICON}<h1>${title}</h1><p>${escape(problem.message)}</p>${retry}${home}` +
    `<small>${problem.code} · ${escape(problem.ref)}</small></main></body></html>`
  );
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
