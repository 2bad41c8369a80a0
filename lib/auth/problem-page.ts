// The page a person sees when a login cannot go on. Static HTML without scripts or outside resources.
import { createHash } from 'node:crypto';
import { PROBLEMS, type WechatProblem } from './problems.js';

const STYLE =
  'body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;background:#f7f7f7;color:#191919;' +
  'font:17px/1.6 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif}' +
  'main{max-width:24rem;padding:2rem 1.5rem;text-align:center}h1{font-size:1.35rem;margin:0 0 .75rem}p{margin:0 0 1.25rem;color:#555}' +
  'a{display:inline-block;padding:.6rem 1.6rem;border-radius:.5rem;background:#07c160;color:#fff;text-decoration:none}' +
  'small{display:block;margin-top:1.5rem;color:#8a8a8a;font-size:.75rem}';

export const PROBLEM_PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function renderProblemPage(problem: WechatProblem, lang: 'zh' | 'en'): string {
  const title = escape(PROBLEMS[problem.code].title[lang]);
  const retry = problem.retryUrl
    ? `<a href="${escape(problem.retryUrl)}">${lang === 'zh' ? '重试' : 'Try again'}</a>`
    : '';
  return (
    `<!doctype html><html lang="${lang === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${STYLE}</style></head>` +
    `<body><main><h1>${title}</h1><p>${escape(problem.message)}</p>${retry}` +
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
